//! Checks how the settings fit together, and makes of them what the filter works by.

use std::collections::HashMap;
use std::time::Duration;

use super::{Canonicalizations, DkimSettings, DomainSettings, KeySettings, UnsignedPolicy};
use crate::dkim::fields::SignedFields;
use crate::dkim::pattern::{Identity, Pattern, SigningDomain};
use crate::dkim::table::{NamedKey, SigningRule};
use crate::problem::{Problem, Problems};
use crate::refuse_on::RefuseOn;

/// Header fields in a list.
const MAX_FIELD_NAMES: usize = 100;

/// Settings that fit together.
#[derive(Clone, Debug)]
pub struct DkimPlan {
    /// How to sign; makes a [`DkimFilter`](crate::dkim::DkimFilter).
    pub signing: Signing,
    /// Which domain signs for which addresses, in the order of the configuration: [`SigningRule`]s without their keys.
    pub rules: Vec<PlannedRule>,
}

/// How to sign.
#[derive(Clone, Debug)]
pub struct Signing {
    pub(in crate::dkim) fields: SignedFields,
    pub(in crate::dkim) canonicalization: Canonicalizations,
    /// Seconds.
    pub(in crate::dkim) expiry: Option<u64>,
    pub(in crate::dkim) shadow: bool,
    pub(in crate::dkim) refuse_on: RefuseOn,
    pub(in crate::dkim) on_missing_key: UnsignedPolicy,
    pub(in crate::dkim) on_from_missing: UnsignedPolicy,
    pub(in crate::dkim) on_from_multiple_fields: UnsignedPolicy,
    pub(in crate::dkim) on_from_multiple_addresses: UnsignedPolicy,
    pub(in crate::dkim) on_too_many_fields: UnsignedPolicy,
    pub(in crate::dkim) sign_unsafe_octets: bool,
}

impl Signing {
    /// Signs fields of these names as well, unless the configuration lists the fields to sign. A name that can't be signed
    /// is passed over.
    pub fn sign_also<'a>(&mut self, names: impl IntoIterator<Item = &'a str>) {
        names.into_iter().filter_map(|name| name.parse().ok()).for_each(|name| self.fields.sign_also(name));
    }
}

/// A [`SigningRule`] whose keys have not been read.
#[derive(Clone, Debug)]
pub struct PlannedRule {
    /// Addresses that it is for.
    pub pattern: Pattern,
    /// Signing domain.
    pub signing_domain: SigningDomain,
    /// Identity.
    pub identity: Option<Identity>,
    /// Key files. Without any, the keys of the signing domain in the key directory are meant.
    pub keys: Vec<KeySettings>,
}

impl DkimSettings {
    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// Everything that does not fit together.
    pub fn plan(&self) -> Result<DkimPlan, Vec<Problem>> {
        let mut errors = Problems::of(&["dkim"]);
        let signing = self.signing(&mut errors);
        if self.domain.is_empty() && self.key_dir.is_none() {
            errors
                .error([""; 0], "has no key to sign with; add a [[dkim.domain]] or key_dir, or leave the section out");
        }
        let mut seen = HashMap::new();
        let mut rules = Vec::new();
        for (index, domain) in self.domain.iter().enumerate() {
            let Some(rule) = self.rule(index, domain, &mut errors) else { continue };
            if let Some(first) = seen.insert((rule.pattern.clone(), rule.signing_domain.clone()), index) {
                let name = if domain.address.is_some() { "address" } else { "domain" };
                errors.error_in("domain", index, name, format!("dkim.domain[{first}] is for {} already", rule.pattern));
            }
            rules.push(rule);
        }
        errors.finish(DkimPlan { signing, rules }).map(|(plan, _)| plan)
    }

    fn signing(&self, errors: &mut Problems) -> Signing {
        let fields = SignedFields::new(self.headers.names(), self.oversign.names());
        if !fields.contains("From") {
            errors.error(["headers"], "lacks From, which every signature has to cover (RFC 6376 section 5.4)");
        }
        for (name, list) in [("headers", &self.headers), ("oversign", &self.oversign)] {
            if list.names().is_some_and(|names| names.len() > MAX_FIELD_NAMES) {
                errors.error([name], format!("has more than {MAX_FIELD_NAMES} names"));
            }
        }
        if self.expiry.is_some_and(|expiry| expiry < Duration::from_secs(60)) {
            errors.error(["expiry"], "is less than a minute; a signature has to outlive the way; or write \"none\"");
        }
        if self.key_refresh < Duration::from_millis(100) {
            errors.error(["key_refresh"], "must be at least 100ms");
        }
        let entries =
            [("key_dir_max_domains", self.key_dir_max_domains), ("key_dir_max_selectors", self.key_dir_max_selectors)];
        for (name, _) in entries.iter().filter(|(_, entries)| *entries == 0) {
            errors.error([name], "must be more than 0, or no key could be found; leave the key out for its default");
        }
        Signing {
            fields,
            canonicalization: self.canonicalization,
            expiry: self.expiry.map(|expiry| expiry.as_secs()),
            shadow: self.shadow,
            refuse_on: self.refuse_on.clone(),
            on_missing_key: self.on_missing_key,
            on_from_missing: self.on_from_missing,
            on_from_multiple_fields: self.on_from_multiple_fields,
            on_from_multiple_addresses: self.on_from_multiple_addresses,
            on_too_many_fields: self.on_too_many_fields,
            sign_unsafe_octets: self.sign_unsafe_octets,
        }
    }

    fn rule(&self, index: usize, domain: &DomainSettings, errors: &mut Problems) -> Option<PlannedRule> {
        let pattern = match (&domain.domain, &domain.address) {
            (Some(pattern), None) | (None, Some(pattern)) => pattern,
            (Some(_), Some(_)) => {
                errors.error_in("domain", index, "address", "is given beside domain; make two entries of it");
                return None;
            }
            (None, None) => {
                errors.error(["domain", &index.to_string()], "has neither domain nor address");
                return None;
            }
        };
        let given = domain.signing_domain.clone();
        let default = || pattern.default_signing_domain().cloned().map(SigningDomain::Named);
        let of_from = || (!domain.keys.is_empty()).then_some(SigningDomain::OfFrom);
        let Some(signing_domain) = given.or_else(default).or_else(of_from) else {
            let reason = "is missing; `*` says for whom to sign, but not as whom";
            errors.error_in("domain", index, "signing_domain", reason);
            return None;
        };
        check_signing_domain(index, domain, pattern, &signing_domain, errors);
        if domain.keys.is_empty() && self.key_dir.is_none() {
            errors.error_in("domain", index, "keys", "is empty, and there is no dkim.key_dir to take keys from");
        }
        check_keys(index, &domain.keys, &signing_domain, errors);
        Some(PlannedRule {
            pattern: pattern.clone(),
            signing_domain,
            identity: domain.identity.clone(),
            keys: domain.keys.clone(),
        })
    }
}

fn check_signing_domain(
    index: usize, domain: &DomainSettings, pattern: &Pattern, signing_domain: &SigningDomain, errors: &mut Problems,
) {
    let of_pattern = pattern.default_signing_domain().map(|name| ("domain", name));
    let names = signing_domain.named().map(|name| ("signing_domain", name)).or(of_pattern);
    if let Some((key, wanted)) = names.and_then(|(key, name)| Some((key, name.after_domain_key()?))) {
        let key = if domain.signing_domain.is_some() { key } else { "domain" };
        errors.error_in("domain", index, key, format!("is the name of a DNS record; write {wanted:?}"));
    }
    match (signing_domain, &domain.identity) {
        (SigningDomain::Named(name), Some(identity)) if !identity.domain().is_within(name) => {
            let reason = format!("must be in the signing domain {name} or below it (RFC 6376 section 3.5)");
            errors.error_in("domain", index, "identity", reason);
        }
        (SigningDomain::OfFrom, Some(_)) => {
            let reason =
                "needs a signing_domain that is always the same; without identity, the domain in From is meant";
            errors.error_in("domain", index, "identity", reason);
        }
        _ => {}
    }
    if *signing_domain == SigningDomain::OfFrom && domain.keys.is_empty() {
        let reason = "is `*`, the domain in From, so keys must be given; key_dir needs no entry for domains that sign as \
                      themselves";
        errors.error_in("domain", index, "signing_domain", reason);
    }
}

fn check_keys(index: usize, keys: &[KeySettings], signing_domain: &SigningDomain, errors: &mut Problems) {
    for (at, key) in keys.iter().enumerate() {
        let place = |name: &str| ["domain", &index.to_string(), "keys", &at.to_string(), name].map(str::to_owned);
        if keys.iter().take(at).any(|other| other.selector == key.selector) {
            errors.error(place("selector"), format!("{} is there twice; each key has its own", key.selector));
        }
        if !key.selector.fits(signing_domain.as_str()) {
            errors.error(place("selector"), "is too long for a DNS name together with the signing domain");
        }
        if key.file.as_os_str().is_empty() {
            errors.error(place("file"), "is empty");
        }
    }
}

impl PlannedRule {
    /// The rule with its keys.
    pub fn with_keys(&self, keys: impl IntoIterator<Item = NamedKey>) -> SigningRule {
        let mut rule = SigningRule::new(self.pattern.clone(), self.signing_domain.clone(), keys);
        rule.identity.clone_from(&self.identity);
        rule
    }
}
