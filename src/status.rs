//! What the status page and `postseal top` show: the last decisions, the mail of the last hour by minute, and how the
//! service stands. Kept in bounded memory, written once for each message, read when somebody looks.

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

/// What is remembered of finished messages, and what the service is.
pub struct Status {
    started: Duration,
    recent: Mutex<Recent>,
    facts: ArcSwap<ConfigFacts>,
}

/// What changes with the configuration.
#[derive(Clone, Debug, Default)]
pub struct ConfigFacts {
    /// The configuration file.
    pub config: PathBuf,
    /// Since when it is in force, as time since 1970.
    pub loaded: Duration,
    /// Show addresses in full.
    pub addresses: bool,
}

#[derive(Default)]
struct Recent {
    /// How many there have been: the number of the next one.
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
    /// Nothing has happened yet.
    pub fn new(facts: ConfigFacts) -> Self {
        Self { started: since_epoch(), recent: Mutex::default(), facts: ArcSwap::from_pointee(facts) }
    }

    /// Another configuration is in force.
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
            while self.minutes.len() > MINUTES {
                self.minutes.pop_front();
            }
        }
        let verdict = MessageEnd::ALL.iter().position(|summary| *summary == record.end);
        if let (Some(minute), Some(verdict)) = (self.minutes.back_mut(), verdict)
            && let Some(count) = minute.verdicts.get_mut(verdict)
        {
            *count = count.saturating_add(1);
        }
        self.decisions.push_back(RecentDecision { number: self.count, at, record });
        self.count += 1;
        while self.decisions.len() > DECISIONS {
            self.decisions.pop_front();
        }
    }
}

/// A record of bounded size: senders decide how long parts of it are.
fn bounded(mut record: Record) -> Record {
    // What was received is part of a larger buffer, which would be kept with it.
    let short = |bytes: &mut bytes::Bytes| *bytes = bytes.slice(..bytes.len().min(LONGEST)).to_vec().into();
    let Record { queue_id, user, mail_from, message_id, edits, report, .. } = &mut record;
    [queue_id, user, message_id].into_iter().flatten().chain([mail_from]).for_each(short);
    edits.truncate(MOST);
    report.reasons.truncate(MOST);
    report.signatures.truncate(MOST);
    report.failures.truncate(MOST);
    report.checks = Vec::new();
    for detail in report.reasons.iter_mut().filter_map(|reason| reason.detail.as_mut()) {
        if let Some(head) = detail.char_indices().nth(LONGEST).and_then(|(end, _)| detail.get(..end)) {
            *detail = head.into();
        }
    }
    record
}

/// Decisions that are remembered.
const DECISIONS: usize = 100;
/// Minutes that are remembered.
const MINUTES: usize = 60;
/// Octets of a value.
const LONGEST: usize = 1000;
/// Elements of a list.
const MOST: usize = 100;

#[cfg(test)]
mod tests;
