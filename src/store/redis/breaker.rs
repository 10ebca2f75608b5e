//! The circuit breaker of one server: whether mail should ask it.
//!
//! The breaker opens with the first call that fails, so a message pays for a dead server once. While it is open no mail
//! asks the server; a background task tries it with a call of the same kind. The breaker closes after enough trials in a
//! row have succeeded. That number doubles each time the breaker opens again soon after it closed, so that an unstable
//! server is left alone for longer.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A breaker that opens again within this time has closed too early.
const RELAPSE_TIME: Duration = Duration::from_secs(10);
const MAX_TRIALS: u32 = 16;

/// Closed (mail asks the server), or open (only trials do).
#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<BreakerState>,
}

#[derive(Debug, Default)]
struct BreakerState {
    open: bool,
    /// Trials in a row that have succeeded since it opened.
    succeeded: u32,
    /// Trials in a row that close it.
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
        let soon = state.closed_at.is_some_and(|closed| now.duration_since(closed) < RELAPSE_TIME);
        state.needed = if soon { (state.needed * 2).min(MAX_TRIALS) } else { 1 };
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

    fn state(&self) -> MutexGuard<'_, BreakerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
