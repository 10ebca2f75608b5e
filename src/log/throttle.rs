//! Thins out warnings that would come a thousand times a second: one passes now and then, with the number of those
//! left out.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

/// Lets one of many through.
#[derive(Debug)]
pub struct Throttle {
    pause: Duration,
    state: Mutex<ThrottleState>,
}

#[derive(Debug, Default)]
struct ThrottleState {
    last: Option<Instant>,
    suppressed: u64,
}

impl Throttle {
    /// One every `pause` at most.
    pub const fn new(pause: Duration) -> Self {
        Self { pause, state: Mutex::new(ThrottleState { last: None, suppressed: 0 }) }
    }

    /// `None` if this event must be left out; otherwise the number of events left out since the last one that passed.
    pub fn pass(&self) -> Option<u64> {
        self.pass_at(Instant::now())
    }

    fn pass_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.last.is_some_and(|last| now.saturating_duration_since(last) < self.pause) {
            state.suppressed += 1;
            return None;
        }
        state.last = Some(now);
        Some(std::mem::take(&mut state.suppressed))
    }
}

#[cfg(test)]
mod tests;
