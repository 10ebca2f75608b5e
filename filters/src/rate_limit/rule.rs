//! A checked `[[rate_limit]]`: the mail that it is for, the counter that a message uses, and the limits of that
//! counter.

use std::borrow::Cow;
use std::sync::Arc;

use super::form::{Prefixes, counter_name, is_hashed_name, plain};
use super::key::{KeyFacts, KeyPart};
use super::overrides::Overrides;
use super::ramp::Growing;
use super::rate::Rates;
use super::reply::ReplyTemplate;
use super::settings::{BreachAction, Count};
use super::typed::{TypedKey, TypedKeyError, decoded};
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

    /// The name of the counter for values that a person has typed, separated by commas: the same name that a message
    /// with these values has.
    ///
    /// # Errors
    /// If no message can have such values.
    pub fn typed_counter(&self, values: &str) -> Result<String, TypedKeyError> {
        let whole = format!("{}:{values}", self.name);
        if is_hashed_name(&whole) {
            return Ok(whole);
        }
        let key = TypedKey { key: &self.key, prefixes: self.prefixes, ramps: &self.ramps };
        Ok(counter_name(&self.name, &key.values(values)?))
    }

    /// The beginning of names of counters for a beginning of values that a person has typed. A beginning as a list
    /// shows it is taken as it is: it may end within an escape.
    pub fn typed_prefix(&self, values: &str) -> String {
        let listed = values.bytes().all(|octet| octet.is_ascii_graphic() && !octet.is_ascii_uppercase());
        let values: Vec<String> = match listed {
            true => vec![values.to_owned()],
            false => values.split(',').map(|value| plain(&decoded(value))).collect(),
        };
        format!("{}:{}", self.name, values.join(","))
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
        let growing = facts.recipient_domain.and_then(|domain| Growing::find(&self.ramps, domain));
        let facts = match growing.and_then(Growing::name) {
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
        Some(Counter { name: counter_name(&self.name, &values), rates })
    }

    /// The reason code for mail that is over the limit.
    pub(super) fn reason(&self) -> Cow<'static, str> {
        self.name.to_string().into()
    }
}
