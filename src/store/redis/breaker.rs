//! The circuit breaker of one server: whether mail should ask it.
//!
//! It opens with the first call that fails, so a message pays for a dead server once. While it is open nobody asks on
//! behalf of mail; a task in the background tries the server with a call of the same kind. After enough of these have
//! succeeded the breaker closes. How many are enough doubles whenever it opens again soon after, so that a server that
//! wavers is left alone for longer.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Closed, or open with the number of trials that must still succeed.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    open: bool,
    /// Trials in a row that have succeeded since it opened.
    succeeded: u32,
    /// Trials that must.
    needed: u32,
    closed_at: Option<Instant>,
}

impl Breaker {
    /// Whether mail must do without the server.
    pub(super) fn is_open(&self) -> bool {
        self.state().open
    }

    /// A call has failed. True if that opens the breaker.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.succeeded = 0;
        if state.open {
            return false;
        }
        let soon = state.closed_at.is_some_and(|closed| now.duration_since(closed) < SOON);
        state.needed = if soon { (state.needed * 2).min(MOST_TRIALS) } else { 1 };
        state.open = true;
        true
    }

    /// A trial has succeeded. True if that closes the breaker.
    pub(super) fn succeeded(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.succeeded += 1;
        let closes = state.open && state.succeeded >= state.needed;
        if closes {
            state.open = false;
            state.closed_at = Some(now);
        }
        closes
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Opening again within this time means that it closed too early.
const SOON: Duration = Duration::from_secs(10);
const MOST_TRIALS: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_opens_it_and_trials_close_it() {
        let breaker = Breaker::default();
        let now = Instant::now();
        assert!(!breaker.is_open());
        assert!(breaker.failed(now) && breaker.is_open());
        assert!(!breaker.failed(now), "calls that were under way don't open it again");
        assert!(breaker.succeeded(now) && !breaker.is_open());
    }

    #[test]
    fn a_server_that_wavers_has_to_prove_itself_for_longer() {
        let breaker = Breaker::default();
        let mut now = Instant::now();
        for needed in [1, 2, 4, 8, 16, 16] {
            assert!(breaker.failed(now));
            for trial in 1..=needed {
                assert_eq!(breaker.succeeded(now), trial == needed, "{trial} of {needed}");
            }
            now += Duration::from_secs(1);
        }
        now += SOON;
        assert!(breaker.failed(now) && breaker.succeeded(now), "after a good time one is enough again");
    }

    #[test]
    fn trials_must_succeed_in_a_row() {
        let breaker = Breaker::default();
        let now = Instant::now();
        breaker.failed(now);
        breaker.succeeded(now);
        breaker.failed(now);
        assert!(!breaker.succeeded(now));
        breaker.failed(now);
        assert!(!breaker.succeeded(now));
        assert!(breaker.succeeded(now));
    }
}
