//! Which key signs for which From address.
//!
//! A [`KeyTable`] is made of [`Rule`]s and asked once for each message. A single address goes before its domain, a
//! domain before the `.domain` above it, a longer one before a shorter one, and `*` comes last. Each look-up is one
//! hash for the address and one for each label of the domain, however many domains there are. The table is never
//! changed: who has new keys makes a new one and swaps it in.

use std::collections::HashMap;
use std::sync::Arc;

use super::keys::PrivateKey;
use super::pattern::{Identity, Pattern};
use crate::address::{self, DomainName, Mailbox, SelectorName};

/// All keys, by the addresses that they sign for.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    addresses: HashMap<Box<str>, Arc<Rule>>,
    domains: HashMap<DomainName, Arc<Rule>>,
    /// By the domain behind the dot.
    subdomains: HashMap<DomainName, Arc<Rule>>,
    any: Option<Arc<Rule>>,
}

/// Who signs for a pattern of From addresses, and how.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Addresses that it is for.
    pub pattern: Pattern,
    /// Signing domain, `d=`.
    pub signing_domain: DomainName,
    /// Identity, `i=`.
    pub identity: Option<Identity>,
    /// Keys, RSA first. None means that there should be some and that none could be read.
    keys: Vec<Key>,
}

/// A private key under its name in DNS.
#[derive(Clone, Debug)]
pub struct Key {
    /// Selector, `s=`.
    pub selector: SelectorName,
    /// The key.
    pub private: Arc<PrivateKey>,
    /// When its file was last changed, in seconds since 1970.
    pub since: i64,
}

impl KeyTable {
    /// A table of these rules. Of several for the same pattern the first counts.
    pub fn new(rules: impl IntoIterator<Item = Rule>) -> Self {
        let mut table = Self::default();
        for rule in rules {
            let rule = Arc::new(rule);
            match &rule.pattern {
                Pattern::Address { local, domain } => {
                    table.addresses.entry(address_key(local, domain.as_str())).or_insert(rule);
                }
                Pattern::Domain(domain) => {
                    table.domains.entry(domain.clone()).or_insert(rule);
                }
                Pattern::Subdomains(domain) => {
                    table.subdomains.entry(domain.clone()).or_insert(rule);
                }
                Pattern::Any => {
                    table.any.get_or_insert(rule);
                }
            }
        }
        table
    }

    /// The rule for a From address.
    pub fn find(&self, mailbox: &Mailbox) -> Option<&Arc<Rule>> {
        let domain = mailbox.domain.as_deref()?;
        self.find_address(&mailbox.local, domain)
            .or_else(|| self.domains.get(domain))
            .or_else(|| self.find_above(domain))
            .or(self.any.as_ref())
    }

    fn find_address(&self, local: &str, domain: &str) -> Option<&Arc<Rule>> {
        if self.addresses.is_empty() {
            return None;
        }
        self.addresses.get(&*address_key(local, domain))
    }

    fn find_above(&self, domain: &str) -> Option<&Arc<Rule>> {
        address::domains_above(domain).find_map(|above| self.subdomains.get(above))
    }

    /// All rules, in no order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        let all = self.addresses.values().chain(self.domains.values()).chain(self.subdomains.values());
        all.chain(&self.any).map(|rule| &**rule)
    }

    /// Makes a signature that nobody sees. The first one of a process takes tens of milliseconds, which the library
    /// needs to collect random numbers.
    pub fn warm_up(&self) {
        if let Some(key) = self.rules().find_map(|rule| rule.keys.first()) {
            let _ = key.private.sign(b"warm up");
        }
    }

    /// True if nothing can be signed.
    pub fn is_empty(&self) -> bool {
        self.rules().all(|rule| rule.keys.is_empty())
    }
}

impl Rule {
    /// A rule without identity.
    pub fn new(pattern: Pattern, signing_domain: DomainName, keys: impl IntoIterator<Item = Key>) -> Self {
        let mut keys: Vec<_> = keys.into_iter().collect();
        keys.sort_by_key(|key| key.private.algorithm());
        Self { pattern, signing_domain, identity: None, keys }
    }

    /// The rule for a domain that signs for itself, as in a key directory.
    pub fn for_domain(domain: DomainName, keys: impl IntoIterator<Item = Key>) -> Self {
        Self::new(Pattern::Domain(domain.clone()), domain, keys)
    }

    /// The keys, RSA first.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }
}

fn address_key(local: &str, domain: &str) -> Box<str> {
    let mut key = local.to_lowercase();
    key.push('@');
    key.push_str(domain);
    key.into()
}

#[cfg(test)]
mod tests;
