//! The system's time, for filters and the log.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use postseal_filters::Clock;

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn unix_seconds(&self) -> u64 {
        since_epoch().as_secs()
    }

    fn steady_millis(&self) -> u64 {
        static START: LazyLock<(Duration, Instant)> = LazyLock::new(|| (since_epoch(), Instant::now()));
        let (epoch, start) = *START;
        u64::try_from((epoch + start.elapsed()).as_millis()).unwrap_or(u64::MAX)
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}

/// Time since 1970-01-01 00:00 UTC; zero on a machine whose clock stands before that.
pub fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A time in UTC as RFC 3339 writes it, with microseconds: `2026-03-01T08:30:00.000250Z`.
pub fn rfc3339(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    let micros = since_epoch.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Year, month and day of a number of days since 1970-01-01 in the Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that a leap day is the last day of its year, and 400 years are one cycle.
    let days = days + 719_468;
    let (cycle, of_cycle) = (days / 146_097, days % 146_097);
    let of_cycle_years = (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * of_cycle_years + of_cycle_years / 4 - of_cycle_years / 100);
    // Months from March: 31, 30, 31, 30, 31 days repeat, which is 153 days in five months.
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = 400 * cycle + of_cycle_years + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000250Z"),
            (951_782_399, "2000-02-28T23:59:59.000250Z"),
            (951_782_400, "2000-02-29T00:00:00.000250Z"),
            (951_868_800, "2000-03-01T00:00:00.000250Z"),
            (1_709_251_199, "2024-02-29T23:59:59.000250Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000250Z"),
            (1_772_353_800, "2026-03-01T08:30:00.000250Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000250Z"),
        ] {
            assert_eq!(rfc3339(Duration::new(seconds, 250_000)), text);
        }
    }
}
