//! Doubt about a server that has not answered since some server of the store has failed.
//!
//! After one server has failed, every server that has not answered since gets only a fifth of the timeout: if the whole
//! network is gone, a message that asks several servers waits hardly longer than one timeout.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Failures of all servers of a store so far; clones share one count.
#[derive(Clone, Default)]
pub(super) struct FailureCount(Arc<AtomicU64>);

/// The doubt about one server.
pub(super) struct ServerDoubt {
    failures: FailureCount,
    /// How many failures there were when the newest call began that the server has answered.
    answered: AtomicU64,
}

/// What is known when a call begins.
#[derive(Clone, Copy)]
pub(super) struct CallBegin {
    /// Whether the server gets less time.
    pub(super) doubtful: bool,
    failures: u64,
}

impl ServerDoubt {
    pub(super) fn new(failures: &FailureCount) -> Self {
        Self { failures: failures.clone(), answered: AtomicU64::new(0) }
    }

    /// A call begins; give the result to [`answered`](Self::answered) if the server answers.
    pub(super) fn begin(&self) -> CallBegin {
        let failures = self.failures.0.load(Ordering::Relaxed);
        CallBegin { doubtful: self.answered.load(Ordering::Relaxed) < failures, failures }
    }

    /// The server has answered: failures from before the call no longer count against it.
    pub(super) fn answered(&self, begin: CallBegin) {
        self.answered.fetch_max(begin.failures, Ordering::Relaxed);
    }

    /// The server has failed: all servers are in doubt until they answer.
    pub(super) fn failed(&self) {
        self.failures.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
