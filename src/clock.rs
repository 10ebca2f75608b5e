//! The system's time, for filters and the log.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use postseal_filters::Clock;
pub use postseal_filters::mail::date::rfc3339;

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
