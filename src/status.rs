//! The content of the status page and of `postseal top`: the last decisions, the mail of the last hour by minute, and
//! the state of the service. It takes bounded memory, is written once for each message, and is read on request.

mod limits;
mod report;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use postseal_filters::{MessageEnd, Record};

use crate::clock::since_epoch;
use crate::connection::ConnectionObserver;

pub(crate) use limits::Standing;
pub(crate) use report::{DecisionLine, StatusReport};

/// Decisions that are remembered.
const MAX_DECISIONS: usize = 100;
/// Minutes that are remembered.
const MAX_MINUTES: usize = 60;
/// Octets of a value.
const MAX_VALUE_OCTETS: usize = 1000;
/// Elements of a list.
const MAX_LIST_ELEMENTS: usize = 100;

/// The memory of finished messages, and facts about the service.
pub struct Status {
    started: Duration,
    recent: Mutex<Recent>,
    facts: ArcSwap<ConfigFacts>,
}

/// Facts that change with the configuration.
#[derive(Clone, Debug, Default)]
pub struct ConfigFacts {
    /// The configuration file.
    pub config: PathBuf,
    /// When it was put in force, as time since 1970.
    pub loaded: Duration,
    /// Show addresses in full.
    pub addresses: bool,
}

#[derive(Default)]
struct Recent {
    /// The number of messages so far, which is the number of the next one.
    count: u64,
    decisions: VecDeque<RecentDecision>,
    minutes: VecDeque<Minute>,
}

/// A finished message.
#[derive(Clone)]
struct RecentDecision {
    number: u64,
    at: Duration,
    record: Arc<Record>,
}

/// The mail of one minute, by verdict in the order of [`MessageEnd::ALL`].
#[derive(Clone, Copy)]
struct Minute {
    /// Since 1970.
    number: u64,
    verdicts: [u32; MessageEnd::ALL.len()],
}

impl Status {
    /// The status of a service that has just started.
    pub fn new(facts: ConfigFacts) -> Self {
        Self { started: since_epoch(), recent: Mutex::default(), facts: ArcSwap::from_pointee(facts) }
    }

    /// Puts the facts of another configuration in place.
    pub fn set_facts(&self, facts: ConfigFacts) {
        self.facts.store(Arc::new(facts));
    }

    fn decision(&self, number: u64) -> Option<RecentDecision> {
        self.with(|recent| recent.decisions.iter().find(|decision| decision.number == number).cloned())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Recent) -> T) -> T {
        look(&mut self.recent.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ConnectionObserver for Status {
    /// Remembers the message.
    fn message(&self, record: Record) {
        let record = Arc::new(bounded(record));
        self.with(|recent| recent.add(since_epoch(), record));
    }
}

impl Recent {
    fn add(&mut self, at: Duration, record: Arc<Record>) {
        let minute = at.as_secs() / 60;
        if self.minutes.back().is_none_or(|last| last.number < minute) {
            self.minutes.push_back(Minute { number: minute, verdicts: [0; MessageEnd::ALL.len()] });
            while self.minutes.len() > MAX_MINUTES {
                self.minutes.pop_front();
            }
        }
        if let Some(minute) = self.minutes.back_mut() {
            for (count, end) in minute.verdicts.iter_mut().zip(MessageEnd::ALL) {
                *count = count.saturating_add(u32::from(end == record.end));
            }
        }
        self.decisions.push_back(RecentDecision { number: self.count, at, record });
        self.count += 1;
        while self.decisions.len() > MAX_DECISIONS {
            self.decisions.pop_front();
        }
    }
}

/// Cuts a record to a bounded size, because senders decide how long its parts are.
fn bounded(mut record: Record) -> Record {
    // Received octets are part of a larger buffer, which would be kept with them.
    let short = |bytes: &mut bytes::Bytes| *bytes = bytes.slice(..bytes.len().min(MAX_VALUE_OCTETS)).to_vec().into();
    let Record { queue_id, user, mail_from, message_id, edits, report, .. } = &mut record;
    [queue_id, user, message_id].into_iter().flatten().chain([mail_from]).for_each(short);
    edits.truncate(MAX_LIST_ELEMENTS);
    report.more_reasons += report.reasons.len().saturating_sub(MAX_LIST_ELEMENTS);
    report.reasons.truncate(MAX_LIST_ELEMENTS);
    report.signatures.truncate(MAX_LIST_ELEMENTS);
    report.failures.truncate(MAX_LIST_ELEMENTS);
    report.checks = Vec::new();
    for detail in report.reasons.iter_mut().filter_map(|reason| reason.detail.as_mut()) {
        if let Some(head) = detail.char_indices().nth(MAX_VALUE_OCTETS).and_then(|(end, _)| detail.get(..end)) {
            *detail = head.into();
        }
    }
    record
}

#[cfg(test)]
mod tests;
