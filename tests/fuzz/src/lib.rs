//! What all fuzz targets share: the time limit.
//!
//! A target is three lines in `fuzz_targets/` and a `[[bin]]` in `Cargo.toml`; what it checks is a function of the crate
//! it belongs to, behind that crate's feature `testing`. `run.sh` builds and runs it with a stable compiler.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// CPU time that one input may take.
pub const LIMIT: Duration = Duration::from_millis(100);

/// Runs a target on one input; panics if it takes longer than [`LIMIT`]. The thread's CPU time counts, so that other
/// work on the machine does not.
pub fn within_limit(target: fn(&[u8]), data: &[u8]) {
    let start = cpu_time();
    target(data);
    let taken = cpu_time().saturating_sub(start);
    assert!(taken <= LIMIT, "{taken:?} for an input of {} octets", data.len());
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
