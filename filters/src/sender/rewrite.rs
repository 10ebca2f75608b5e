//! Rewrite rules, which turn one address into another.
//!
//! Each address is looked up by itself, in the envelope and in the fields alike, so that both change together. The
//! first rule that is for the submitter, the place and the address counts; its result is not looked up again. A rule
//! gives no right: the new address must still be allowed for the submitter.

use super::pattern::AddressPattern;
use super::settings::{AddressField, RewriteSettings};
use super::target::Target;
use crate::mail::address::AddrSpec;
use crate::submitter::{Submitter, Who};

/// The rules, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(Vec<RewriteRule>);

#[derive(Clone, Debug)]
struct RewriteRule {
    who: Who,
    pattern: AddressPattern,
    to: Target,
    places: Vec<AddressField>,
}

impl Rules {
    pub(super) fn new(settings: &[RewriteSettings]) -> Self {
        let rule = |settings: &RewriteSettings| RewriteRule {
            who: settings.who(),
            pattern: settings.pattern.clone(),
            to: settings.to.clone(),
            places: settings.fields.clone(),
        };
        Self(settings.iter().map(rule).collect())
    }

    /// The new address, and the number of the rule. `None` if no rule is for the address, or if the result of the
    /// first such rule would be no address.
    pub(super) fn rewrite(
        &self, submitter: &Submitter<'_>, place: AddressField, address: &AddrSpec,
    ) -> Option<(usize, AddrSpec)> {
        let fits = |rule: &RewriteRule| {
            rule.pattern.matches(address) && rule.places.contains(&place) && rule.who.matches(submitter)
        };
        let (number, rule) = self.0.iter().enumerate().find(|(_, rule)| fits(rule))?;
        let captures = rule.pattern.captures(address)?;
        Some((number, rule.to.expand(address, &captures)?))
    }
}

#[cfg(test)]
mod tests;
