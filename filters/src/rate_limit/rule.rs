//! A limit, ready to be applied: whom it is for, what counts against which counter, and how many there may be.

use std::borrow::Cow;
use std::sync::Arc;

use super::key::{Facts, KeyPart, Prefixes, name};
use super::overrides::Overrides;
use super::rate::Rates;
use super::reply::Template;
use super::settings::{Action, Count};
use crate::connection::Origin;
use crate::submitter::{Names, Submitter, Who};

/// A limit.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(super) name: Arc<str>,
    pub(super) key: Vec<KeyPart>,
    pub(super) prefixes: Prefixes,
    pub(super) count: Count,
    pub(super) limit: Option<Rates>,
    pub(super) overrides: Overrides,
    pub(super) ramps: Vec<Growing>,
    pub(super) action: Action,
    pub(super) reply: Template,
    /// Milliseconds for which the first breach blocks a key; 0 for not at all.
    pub(super) block: u64,
    pub(super) listener: Option<Names>,
    pub(super) origin: Option<Vec<Origin>>,
    pub(super) exempt: Vec<Who>,
}

/// A limit that grows with time, for some recipient domains that are counted as one.
#[derive(Clone, Debug)]
pub(super) struct Growing {
    /// The first of them stands for all in the name of the counter.
    pub(super) domains: Vec<String>,
    pub(super) start: u64,
    /// Seconds, at least 1.
    pub(super) step: u64,
    pub(super) schedule: Vec<Rates>,
}

/// The counter that a message, or a recipient, uses.
pub(super) struct Counter<'r> {
    pub(super) name: String,
    pub(super) rates: &'r Rates,
}

impl Rule {
    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// How many parts its key has.
    pub fn key_parts(&self) -> usize {
        self.key.len()
    }

    /// What happens to what is over it.
    pub fn action(&self) -> Action {
        self.action
    }

    /// True if it is for a listener.
    pub(super) fn is_for_listener(&self, listener: &str) -> bool {
        self.listener.as_ref().is_none_or(|names| names.contain(listener.as_bytes()))
    }

    /// True if it is for a message.
    pub(super) fn is_for(&self, origin: Origin, submitter: &Submitter<'_>) -> bool {
        self.origin.as_ref().is_none_or(|origins| origins.contains(&origin))
            && !self.exempt.iter().any(|who| who.matches(submitter))
    }

    /// True if the counter depends on the recipient.
    pub(super) fn by_recipient(&self) -> bool {
        self.key.contains(&KeyPart::RecipientDomain)
    }

    /// The counter; `None` if a value of the key is missing, or there is no limit.
    pub(super) fn counter(&self, facts: &Facts<'_>, now: u64) -> Option<Counter<'_>> {
        let growing = facts.recipient_domain.and_then(|domain| self.growing(domain));
        let facts = match growing.and_then(|growing| growing.domains.first()) {
            Some(first) => &Facts { recipient_domain: Some(first), ..*facts },
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

    /// The reason code of what is over it.
    pub(super) fn reason(&self) -> Cow<'static, str> {
        self.name.to_string().into()
    }
}

impl Growing {
    /// The step of a time. Before the start it is the first, behind the end there is none.
    fn rates(&self, now: u64) -> Option<&Rates> {
        let step = now.saturating_sub(self.start) / self.step;
        self.schedule.get(usize::try_from(step).ok()?)
    }
}
