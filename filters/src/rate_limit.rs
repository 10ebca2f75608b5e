//! Rate limits: no stolen account becomes a flood.
//!
//! A [`Rule`] counts messages, recipients, octets, or recipients that the MTA refused, for each value of its key. Each
//! step of the dialogue asks the [`Store`] once for all rules that can be decided there: messages and declared sizes
//! at MAIL, recipients at RCPT, the rest of the size at end of message. What is admitted is charged at once and given
//! back unless the message is accepted, whatever ends it: a refusal, an abort, a lost connection, a deadline. So a
//! message that is tried again after a temporary failure is charged once.
//!
//! Only mail that is ours is limited. Counting, the arithmetic of windows and blocks are the [store](crate::store)'s;
//! who is told of a breach is the [`Observer`]'s.

mod date;
mod held;
mod key;
mod overrides;
mod plan;
mod rate;
mod reply;
mod rule;
mod session;
mod settings;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use postseal_protocol::{ActionFlags, Stage};

pub use date::{Date, DateError};
pub use key::{KeyPart, KeyPartError};
pub use plan::{SettingsError, plan, tables};
pub use rate::{Rate, RateError, Rates};
pub use rule::Rule;
pub use settings::{Action, Count, Override, Ramp, Settings};

use crate::filter::{BodyNeed, Filter, FilterSession, Needs, Steps};
use crate::store::{Limit, Store};
use session::Session;

/// Who is told what limits come to.
pub trait Observer: Send + Sync {
    /// A rule has decided.
    fn decided(&self, decided: &Decided<'_>);

    /// A key is over its limit for the first time.
    fn breached(&self, breach: &Breach);
}

/// A decision of a rule, and what it was made of.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// Name of the rule.
    pub rule: &'a str,
    /// Name of the counter, `RULE:VALUE,VALUE`.
    pub counter: &'a str,
    /// The decision.
    pub outcome: Outcome,
    /// Of the limits the one that is nearest to its end.
    pub limit: Limit,
    /// How much of it is used now; nothing is known of a key that is blocked.
    pub used: u64,
    /// If refused, milliseconds until it would not be; `None` if never.
    pub wait: Option<u64>,
}

/// What a rule has decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Within its limits.
    Pass,
    /// Over them.
    Over(Action),
    /// The key is blocked.
    Blocked,
}

/// The first time that a key is over its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Name of the rule.
    pub rule: Arc<str>,
    /// Name of the counter, `RULE:VALUE,VALUE`.
    pub key: String,
    /// What is counted.
    pub count: Count,
    /// The limit as it was written.
    pub limit: String,
    /// How much of it was used.
    pub used: u64,
    /// What happens to what is over it.
    pub action: Action,
    /// How long the key is blocked, if it is.
    pub block: Option<Duration>,
    /// The listener.
    pub listener: Arc<str>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The authenticated user.
    pub user: Option<String>,
    /// The reverse-path.
    pub sender: String,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Over(Action::Tempfail),
        Self::Over(Action::Reject),
        Self::Over(Action::Quarantine),
        Self::Over(Action::Log),
        Self::Blocked,
    ];

    /// The word for metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Over(action) => action.as_str(),
            Self::Blocked => "blocked",
        }
    }
}

/// The filter: rules, and where they count.
pub struct RateLimitFilter {
    shared: Arc<Shared>,
}

/// What all connections of a listener share.
struct Shared {
    rules: Vec<Arc<Rule>>,
    store: Arc<dyn Store>,
    observer: Arc<dyn Observer>,
}

impl RateLimitFilter {
    /// The filter of a listener, with those of the rules that are for it; `None` if none is.
    pub fn for_listener(
        listener: &str,
        rules: &[Arc<Rule>],
        store: Arc<dyn Store>,
        observer: Arc<dyn Observer>,
    ) -> Option<Self> {
        let own: Vec<Arc<Rule>> =
            rules.iter().filter(|rule| rule.is_for_listener(listener)).map(Arc::clone).collect();
        let shared = Arc::new(Shared { rules: own, store, observer });
        (!shared.rules.is_empty()).then_some(Self { shared })
    }
}

impl Filter for RateLimitFilter {
    fn name(&self) -> &'static str {
        "rate_limit"
    }

    fn needs(&self) -> Needs {
        let mut needs = Needs { sees: Steps::MAIL, ..Needs::default() };
        for rule in &self.shared.rules {
            let at_mail = !rule.by_recipient() && rule.count != Count::Recipients;
            let at_rcpt = !at_mail || rule.count == Count::RejectedRecipients;
            needs.sees.set(Steps::RCPT, needs.sees.contains(Steps::RCPT) || at_rcpt);
            if rule.action.refuses() {
                needs.answers.set(Steps::MAIL, needs.answers.contains(Steps::MAIL) || at_mail);
                needs.answers.set(Steps::RCPT, needs.answers.contains(Steps::RCPT) || at_rcpt);
            }
            if rule.count == Count::RejectedRecipients {
                needs.sees |= Steps::REJECTED_RCPT;
            }
            if rule.count == Count::Bytes {
                needs.sees |= Steps::HEADER | Steps::BODY;
                needs.body = BodyNeed::Stream;
            }
            if rule.action == Action::Quarantine {
                needs.edits |= ActionFlags::QUARANTINE;
            }
            for part in &rule.key {
                if let KeyPart::Macro(name) = part {
                    needs.macros.extend([Stage::Connect, Stage::Mail].map(|stage| (stage, name.clone())));
                }
            }
            needs.macros.extend(rule.exempt.iter().flat_map(crate::submitter::Who::macros));
        }
        needs
    }

    fn reasons(&self) -> Vec<Cow<'static, str>> {
        self.shared.rules.iter().map(|rule| rule.reason()).chain([STORE.into()]).collect()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(Session::new(Arc::clone(&self.shared)))
    }
}

/// Reason code of a store that gives no answer.
const STORE: &str = "store";

#[cfg(test)]
mod tests;
