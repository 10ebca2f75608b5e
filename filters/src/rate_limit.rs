//! Rate limits, so that a stolen account can't flood the world with mail.
//!
//! A [`LimitRule`] counts messages, recipients, octets, or recipients that the MTA has refused, for each value of its
//! key. Each step of the dialogue asks the [`Store`] once for all rules that can be decided there: messages and
//! declared sizes at MAIL, recipients at RCPT, the rest of the size at end of message. The store charges a cost when
//! it admits it. The charge is given back unless the message is accepted, however the message ends: by a refusal, an
//! abort, a lost connection or a deadline. So a message that is tried again after a temporary failure is charged
//! once.
//!
//! Only outgoing mail is limited. The [store](crate::store) counts, does the arithmetic of windows, and keeps blocks.
//! The [`LimitWatcher`] decides where decisions and breaches are shown.

mod charges;
mod date;
mod decision;
mod form;
mod key;
mod limited_message;
mod overrides;
mod path;
mod plan;
mod ramp;
mod rate;
mod reply;
mod request;
mod rule;
mod session;
mod settings;
mod size;
mod typed;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use postseal_protocol::{ActionFlags, Stage};

pub use date::{Date, DateError};
pub use key::{KeyPart, KeyPartError};
pub use plan::{plan, tables};
pub use rate::{Rate, RateError, Rates};
pub use rule::LimitRule;
pub use settings::{BreachAction, Count, OverrideRates, Ramp, RateLimitSettings};
pub use typed::TypedKeyError;

use crate::connection::Directions;
use crate::filter::{BodyNeed, Filter, FilterSession, Needs, Steps};
use crate::store::{Limit, Store};
use session::LimitSession;

/// Reason code for a store that gives no answer.
const STORE: &str = "store";
/// Reason code for a recipient that names too many domains.
const RECIPIENT_ROUTE: &str = "recipient_route";
/// The macro with the recipient as the MTA has resolved it.
const RESOLVED_RECIPIENT: &str = "{rcpt_addr}";

/// The receiver of all decisions and breaches, such as metrics and webhooks.
pub trait LimitWatcher: Send + Sync {
    /// A rule has decided.
    fn decided(&self, decided: &DecidedRule<'_>);

    /// A new breach of a limit has begun.
    fn breached(&self, breach: &Breach);
}

/// A decision of a rule, and the facts that it rests on.
#[derive(Clone, Copy, Debug)]
pub struct DecidedRule<'a> {
    /// Name of the rule.
    pub rule: &'a str,
    /// Name of the counter, `RULE:VALUE,VALUE`.
    pub counter: &'a str,
    /// The decision.
    pub outcome: RuleDecision,
    /// The limit of which the largest share is used.
    pub limit: Limit,
    /// Units of that limit that are used now; 0 if the key is blocked.
    pub used: u64,
    /// If refused: milliseconds until the same request would be admitted; `None` if never.
    pub wait: Option<u64>,
}

/// The decision of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleDecision {
    /// The cost is within all limits.
    Pass,
    /// The cost is over a limit.
    Over(BreachAction),
    /// The key is blocked.
    Blocked,
}

/// The begin of a breach: a key is over a limit for the first time, or again after a whole window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Name of the rule.
    pub rule: Arc<str>,
    /// Name of the counter, `RULE:VALUE,VALUE`.
    pub key: String,
    /// The units that are counted.
    pub count: Count,
    /// The limit as it was written.
    pub limit: String,
    /// Units of the limit that were used.
    pub used: u64,
    /// The action of the rule.
    pub action: BreachAction,
    /// The time for which the key is blocked; `None` if the rule does not block.
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

impl RuleDecision {
    /// All decisions, so that metrics can count each of them from zero.
    pub const ALL: [Self; 6] = [
        Self::Pass,
        Self::Over(BreachAction::Tempfail),
        Self::Over(BreachAction::Reject),
        Self::Over(BreachAction::Quarantine),
        Self::Over(BreachAction::Log),
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

/// The filter: the rules of a listener, and the store that counts.
pub struct RateLimitFilter {
    shared: Arc<SharedLimiter>,
}

/// The parts that all connections of a listener share.
struct SharedLimiter {
    rules: Vec<Arc<LimitRule>>,
    store: Arc<dyn Store>,
    watcher: Arc<dyn LimitWatcher>,
}

impl RateLimitFilter {
    /// The filter of a listener, with the rules that are for that listener; `None` if there are none.
    pub fn for_listener(
        listener: &str, rules: &[Arc<LimitRule>], store: Arc<dyn Store>, watcher: Arc<dyn LimitWatcher>,
    ) -> Option<Self> {
        let own: Vec<Arc<LimitRule>> =
            rules.iter().filter(|rule| rule.is_for_listener(listener)).map(Arc::clone).collect();
        let shared = Arc::new(SharedLimiter { rules: own, store, watcher });
        (!shared.rules.is_empty()).then_some(Self { shared })
    }
}

impl Filter for RateLimitFilter {
    fn name(&self) -> &'static str {
        "rate_limit"
    }

    fn needs(&self) -> Needs {
        let mut needs = Needs { directions: Directions::OUTGOING, sees: Steps::MAIL, ..Needs::default() };
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
            if rule.action == BreachAction::Quarantine {
                needs.edits |= ActionFlags::QUARANTINE;
            }
            for part in &rule.key {
                match part {
                    KeyPart::Macro(name) => {
                        needs.macros.extend([Stage::Connect, Stage::Mail].map(|stage| (stage, name.clone())));
                    }
                    KeyPart::RecipientDomain => needs.macros.push((Stage::Rcpt, RESOLVED_RECIPIENT.to_owned())),
                    _ => {}
                }
            }
            needs.macros.extend(rule.exempt.iter().flat_map(crate::submitter::Who::macros));
        }
        needs
    }

    fn reasons(&self) -> Vec<Cow<'static, str>> {
        self.shared.rules.iter().map(|rule| rule.reason()).chain([STORE.into(), RECIPIENT_ROUTE.into()]).collect()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(LimitSession::new(Arc::clone(&self.shared)))
    }
}

#[cfg(test)]
mod tests;
