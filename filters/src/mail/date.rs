//! The calendar: seconds since 1970 as dates, and dates as seconds. All of it is in UTC.

pub(crate) mod header;

use std::time::Duration;

use mail_parser::DateTime;

/// The last second of the year 9999, after which dates no longer have four digits for the year.
const MAX_SECONDS: u64 = 253_402_300_799;

/// A date as header fields have it (RFC 5322 section 3.3): `Tue, 14 Nov 2023 22:13:20 +0000`.
pub fn rfc5322(seconds: u64) -> String {
    date_time(seconds).to_rfc822()
}

/// A time as RFC 3339 writes it, with microseconds: `2026-03-01T08:30:00.000250Z`.
pub fn rfc3339(since_epoch: Duration) -> String {
    let DateTime { year, month, day, hour, minute, second, .. } = date_time(since_epoch.as_secs());
    let micros = since_epoch.subsec_micros();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// The year.
pub fn year(seconds: u64) -> u16 {
    date_time(seconds).year
}

/// Seconds at which a day such as `2026-11-30` begins; `None` if there is no such day from 1970 to 9999.
pub fn day(text: &str) -> Option<u64> {
    // The parser of numbers takes a sign.
    if text.contains('+') {
        return None;
    }
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let (year, month, day) = (year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    let date = DateTime { year, month, day, ..DateTime::default() };
    let seconds = u64::try_from(date.to_timestamp()).ok()?;
    // A day that does not exist, such as the 30th of February, is counted as another one.
    (seconds <= MAX_SECONDS && date_time(seconds) == date).then_some(seconds)
}

fn date_time(seconds: u64) -> DateTime {
    DateTime::from_timestamp(seconds.min(MAX_SECONDS).cast_signed())
}

#[cfg(test)]
mod tests;
