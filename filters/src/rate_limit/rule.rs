//! A checked `[[rate_limit]]`: the mail that it is for, the counter that a message uses, and the limits of that
//! counter.

use std::borrow::Cow;
use std::sync::Arc;

use super::key::{KeyFacts, KeyPart, Prefixes, name};
use super::overrides::Overrides;
use super::rate::Rates;
use super::reply::ReplyTemplate;
use super::settings::{BreachAction, Count};
use crate::connection::Origin;
use crate::submitter::{Names, Submitter, Who};

/// A checked `[[rate_limit]]`.
#[derive(Clone, Debug)]
pub struct LimitRule {
    pub(super) name: Arc<str>,
    pub(super) key: Vec<KeyPart>,
    pub(super) prefixes: Prefixes,
    pub(super) count: Count,
    pub(super) limit: Option<Rates>,
    pub(super) overrides: Overrides,
    pub(super) ramps: Vec<Growing>,
    pub(super) action: BreachAction,
    pub(super) reply: ReplyTemplate,
    /// Milliseconds for which the first breach blocks a key; 0 for not at all.
    pub(super) block: u64,
    pub(super) listener: Option<Names>,
    pub(super) origin: Option<Vec<Origin>>,
    pub(super) exempt: Vec<Who>,
}

/// A limit that grows with time, for some recipient domains that are counted as one.
#[derive(Clone, Debug)]
pub(super) struct Growing {
    /// The domains. The name of the counter has the first of them, whichever it is.
    pub(super) domains: Vec<String>,
    pub(super) start: u64,
    pub(super) step: u64,
    pub(super) schedule: Vec<Rates>,
}

/// The counter that a message or a recipient uses.
pub(super) struct Counter<'r> {
    pub(super) name: String,
    pub(super) rates: &'r Rates,
}

impl LimitRule {
    /// The name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The number of parts of the key.
    pub fn key_parts(&self) -> usize {
        self.key.len()
    }

    /// The action for mail that is over the limit.
    pub fn action(&self) -> BreachAction {
        self.action
    }

    /// True if the rule is for this listener.
    pub(super) fn is_for_listener(&self, listener: &str) -> bool {
        self.listener.as_ref().is_none_or(|names| names.contain(listener.as_bytes()))
    }

    /// True if the rule is for mail of this origin from this submitter.
    pub(super) fn is_for(&self, origin: Origin, submitter: &Submitter<'_>) -> bool {
        self.origin.as_ref().is_none_or(|origins| origins.contains(&origin))
            && !self.exempt.iter().any(|who| who.matches(submitter))
    }

    /// True if the counter depends on the recipient.
    pub(super) fn by_recipient(&self) -> bool {
        self.key.contains(&KeyPart::RecipientDomain)
    }

    /// The counter; `None` if a value of the key is missing, or there is no limit.
    pub(super) fn counter(&self, facts: &KeyFacts<'_>, now: u64) -> Option<Counter<'_>> {
        let growing = facts.recipient_domain.and_then(|domain| self.growing(domain));
        let facts = match growing.and_then(|growing| growing.domains.first()) {
            Some(first) => &KeyFacts { recipient_domain: Some(first), ..*facts },
            None => facts,
        };
        let values = self.key.iter().map(|part| part.value(facts, self.prefixes));
        let values: Vec<String> = values.collect::<Option<_>>()?;
        let step = || growing.and_then(|growing| growing.rates(now));
        let rates = match self.overrides.find(&values, facts) {
            Some(found) => found?,
            None => step().or(self.limit.as_ref())?,
        };
        Some(Counter { name: name(&self.name, &values), rates })
    }

    fn growing(&self, domain: &str) -> Option<&Growing> {
        let fits = |own: &String| match own.strip_prefix('.') {
            Some(_) => domain.ends_with(own.as_str()),
            None => own == domain,
        };
        self.ramps.iter().find(|growing| growing.domains.iter().any(fits))
    }

    /// The reason code for mail that is over the limit.
    pub(super) fn reason(&self) -> Cow<'static, str> {
        self.name.to_string().into()
    }
}

impl Growing {
    /// The limits at a time: those of the first step before the start, none behind the last step.
    fn rates(&self, now: u64) -> Option<&Rates> {
        let step = now.saturating_sub(self.start) / self.step;
        self.schedule.get(usize::try_from(step).ok()?)
    }
}
