//! Which key signs for which From address.
//!
//! A [`KeyTable`] is made of [`SigningRule`]s and asked once for each message. An address is preferred to its domain,
//! a domain to the `.domain` above it, a longer `.domain` to a shorter one, and `*` comes last. A look-up takes one
//! hash for the address and one for each label of the domain, however many domains there are. A table never changes:
//! new keys need a new table, which replaces the old one.

use std::collections::HashMap;
use std::sync::Arc;

use super::keys::PrivateKey;
use super::pattern::{Identity, Pattern, SigningDomain};
use crate::mail::address::{self, DomainName, Mailbox, SelectorName};
use crate::mail::letter_case::folded;

/// All keys, by the addresses that they sign for.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    addresses: HashMap<Box<str>, Vec<SigningRule>>,
    domains: HashMap<DomainName, Vec<SigningRule>>,
    /// By the domain behind the dot.
    subdomains: HashMap<DomainName, Vec<SigningRule>>,
    any: Vec<SigningRule>,
}

/// The signing domain, identity and keys for a pattern of From addresses.
#[derive(Clone, Debug)]
pub struct SigningRule {
    /// The From addresses that the rule is for.
    pub pattern: Pattern,
    /// Signing domain, `d=`.
    pub signing_domain: SigningDomain,
    /// Identity, `i=`.
    pub identity: Option<Identity>,
    /// Keys, RSA first. The list is empty if the configuration names keys and none of them could be read.
    keys: Vec<NamedKey>,
}

/// A private key under its name in DNS.
#[derive(Clone, Debug)]
pub struct NamedKey {
    /// Selector, `s=`.
    pub selector: SelectorName,
    /// The key.
    pub private: Arc<PrivateKey>,
    /// When its file was last changed, in seconds since 1970.
    pub since: i64,
}

impl KeyTable {
    /// A table of these rules. Several with the same pattern all sign, each as another domain; if they have the same
    /// signing domain too, the first counts.
    pub fn new(rules: impl IntoIterator<Item = SigningRule>) -> Self {
        let mut table = Self::default();
        for rule in rules {
            let beside = match &rule.pattern {
                Pattern::Address { local, domain } => {
                    table.addresses.entry(address_key(local, domain.as_str())).or_default()
                }
                Pattern::Domain(domain) => table.domains.entry(domain.clone()).or_default(),
                Pattern::Subdomains(domain) => table.subdomains.entry(domain.clone()).or_default(),
                Pattern::Any => &mut table.any,
            };
            if beside.iter().all(|other| other.signing_domain != rule.signing_domain) {
                beside.push(rule);
            }
        }
        table
    }

    /// The rules for a From address: those of the pattern that fits best.
    pub fn find(&self, mailbox: &Mailbox) -> &[SigningRule] {
        let Some(domain) = mailbox.domain.as_deref() else { return &[] };
        self.find_address(&mailbox.local, domain)
            .or_else(|| self.domains.get(domain))
            .or_else(|| self.find_above(domain))
            .unwrap_or(&self.any)
    }

    fn find_address(&self, local: &str, domain: &str) -> Option<&Vec<SigningRule>> {
        if self.addresses.is_empty() {
            return None;
        }
        self.addresses.get(&*address_key(local, domain))
    }

    fn find_above(&self, domain: &str) -> Option<&Vec<SigningRule>> {
        address::domains_above(domain).find_map(|above| self.subdomains.get(above))
    }

    /// All rules, in no particular order.
    pub fn rules(&self) -> impl Iterator<Item = &SigningRule> {
        let all = self.addresses.values().chain(self.domains.values()).chain(self.subdomains.values());
        all.flatten().chain(&self.any)
    }

    /// Makes a signature and drops it. The first signature of a process takes tens of milliseconds, because the
    /// library collects random numbers for it.
    pub fn warm_up(&self) {
        if let Some(key) = self.rules().find_map(|rule| rule.keys.first()) {
            let _ = key.private.sign(b"warm up");
        }
    }

    /// True if no rule has a key.
    pub fn is_empty(&self) -> bool {
        self.rules().all(|rule| rule.keys.is_empty())
    }
}

impl SigningRule {
    /// A rule without identity.
    pub fn new(pattern: Pattern, signing_domain: SigningDomain, keys: impl IntoIterator<Item = NamedKey>) -> Self {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by_key(|key| key.private.algorithm());
        Self { pattern, signing_domain, identity: None, keys }
    }

    /// The rule for a domain that signs its own mail, as in a key directory.
    pub fn for_domain(domain: DomainName, keys: impl IntoIterator<Item = NamedKey>) -> Self {
        Self::new(Pattern::Domain(domain.clone()), domain.into(), keys)
    }

    /// The domain that signs mail from this domain. `None` if no receiver could look up the keys there.
    pub(super) fn signing_domain_for(&self, from: &str) -> Option<DomainName> {
        let domain = self.signing_domain.for_from(from)?;
        self.keys.iter().all(|key| key.selector.fits(domain.as_str())).then_some(domain)
    }

    /// The keys, RSA first.
    pub fn keys(&self) -> &[NamedKey] {
        &self.keys
    }
}

fn address_key(local: &str, domain: &str) -> Box<str> {
    let mut key = folded(local).into_owned();
    key.push('@');
    key.push_str(domain);
    key.into()
}

#[cfg(test)]
mod tests;
