//! The time that filters see. It is a trait so that tests can set the clock.

use std::time::Instant;

/// The source of time.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 00:00 UTC.
    fn unix_seconds(&self) -> u64;

    /// Milliseconds since 1970-01-01 00:00 UTC, by a clock that never goes back and is never set while the process
    /// runs. Counters use this clock, so that a correction of the system's clock does not disturb them.
    fn steady_millis(&self) -> u64;

    /// A clock that never goes back, for measuring.
    fn instant(&self) -> Instant;
}
