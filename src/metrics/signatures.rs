//! `postseal_dkim_signatures_total`: a series for each configured key, and one for the rest.

use std::collections::{BTreeSet, HashMap};

use prometheus::{IntCounter, IntCounterVec, IntGaugeVec};

/// What tells signing keys apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyLabel {
    /// Signing domain.
    pub domain: String,
    /// Selector.
    pub selector: String,
    /// Algorithm as in `a=`.
    pub algorithm: &'static str,
    /// When its file was last changed, in seconds since 1970.
    pub since: i64,
}

/// Counters of the keys that have series of their own.
pub(super) struct SignatureCounters {
    domains: HashMap<String, Vec<(KeyLabel, IntCounter)>>,
    others: [(&'static str, IntCounter); ALGORITHMS.len()],
}

impl SignatureCounters {
    pub(super) fn new(family: &IntCounterVec) -> Self {
        let others =
            ALGORITHMS.map(|algorithm| (algorithm, family.with_label_values(&[OTHER, OTHER, algorithm])));
        Self { domains: HashMap::new(), others }
    }

    /// The same for other keys. Series of keys that are gone are removed; else a service that lives long with changing
    /// keys would grow.
    pub(super) fn next(&self, keys: Vec<KeyLabel>, family: &IntCounterVec, times: &IntGaugeVec) -> Self {
        let keys: BTreeSet<KeyLabel> = keys.into_iter().collect();
        let mut next = Self::new(family);
        for key in keys {
            if next.domains.len() == MOST_DOMAINS && !next.domains.contains_key(&key.domain) {
                break;
            }
            let counter = family.with_label_values(&[&key.domain, &key.selector, key.algorithm]);
            times.with_label_values(&[&key.domain, &key.selector, key.algorithm]).set(key.since);
            next.domains.entry(key.domain.clone()).or_default().push((key, counter));
        }
        for (key, _) in self.domains.values().flatten() {
            if next.find(&key.domain, &key.selector, key.algorithm).is_none() {
                // They can only be gone already.
                let _ = times.remove_label_values(&[&key.domain, &key.selector, key.algorithm]);
                let _ = family.remove_label_values(&[&key.domain, &key.selector, key.algorithm]);
            }
        }
        next
    }

    pub(super) fn count(&self, domain: &str, selector: &str, algorithm: &str) {
        let other = || self.others.iter().find(|(name, _)| *name == algorithm).map(|(_, counter)| counter);
        if let Some(counter) = self.find(domain, selector, algorithm).or_else(other) {
            counter.inc();
        }
    }

    fn find(&self, domain: &str, selector: &str, algorithm: &str) -> Option<&IntCounter> {
        let same =
            |(key, _): &&(KeyLabel, IntCounter)| key.selector == selector && key.algorithm == algorithm;
        self.domains.get(domain)?.iter().find(same).map(|(_, counter)| counter)
    }
}

const OTHER: &str = "other";
const ALGORITHMS: [&str; 2] = ["rsa-sha256", "ed25519-sha256"];
/// Domains with series of their own.
const MOST_DOMAINS: usize = 100;
