//! The metrics of signatures and their keys: a series for each configured key, and one for the rest.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use postseal_filters::Record;
use postseal_filters::dkim::DkimFilter;
use prometheus::Registry;

use super::group::metric_group;

const OTHER: &str = "other";
const ALGORITHMS: [&str; 2] = ["rsa-sha256", "ed25519-sha256"];
/// Domains with series of their own.
const MAX_DOMAINS: usize = 100;
/// 10 us to 0.1 s: Ed25519 takes 20 us, RSA with 2048 bits 240 us.
const SIGN_BUCKETS: [f64; 13] = [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1];

metric_group! {
    /// The metrics of signatures and their keys, as registered.
    SigningFamilies {
        signatures: IntCounterVec = "postseal_dkim_signatures_total" ["domain", "selector", "algorithm"]
            "DKIM signatures made.";
        keys: IntGauge = "postseal_dkim_keys" []
            "Keys in use for signing.";
        key_files_broken: IntGauge = "postseal_dkim_key_files_broken" []
            "Key files and folders that can't be used as they are; a key read before stays in use.";
        key_timestamp: IntGaugeVec = "postseal_dkim_key_timestamp_seconds" ["domain", "selector", "algorithm"]
            "When the file of a signing key in force was last changed, since 1970.";
        sign_duration: HistogramVec = "postseal_dkim_sign_duration_seconds" ["algorithm"]
            "Time to compute a signature." in SIGN_BUCKETS;
        unsigned: IntCounterVec = "postseal_unsigned_total" ["reason"]
            "Messages accepted without a signature of ours.";
    }
}

/// The labels of a signing key, and its age.
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

/// The metrics of signatures and their keys.
pub(crate) struct SigningMetrics {
    families: SigningFamilies,
    /// The keys that have series of their own, by domain.
    known: ArcSwap<HashMap<String, Vec<KeyLabel>>>,
}

impl SigningMetrics {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        let families = SigningFamilies::new(registry)?;
        for algorithm in ALGORITHMS {
            families.sign_duration.with_label_values(&[algorithm]);
            families.signatures.with_label_values(&[OTHER, OTHER, algorithm]);
        }
        Ok(Self { families, known: ArcSwap::default() })
    }

    /// Starts at 0 the reasons for which the signer leaves a message unsigned.
    pub(super) fn expect(&self, filter: &str, codes: &[String]) {
        for code in codes.iter().filter(|code| filter == DkimFilter::NAME && is_unsigned(code)) {
            self.families.unsigned.with_label_values(&[code]);
        }
    }

    /// Gives the signing keys in force series of their own. Series of keys that are gone are removed: a service that
    /// lives long with changing keys would grow.
    pub(crate) fn expect_keys(&self, keys: Vec<KeyLabel>) {
        let SigningFamilies { signatures, key_timestamp, .. } = &self.families;
        self.families.keys.set(i64::try_from(keys.len()).unwrap_or(i64::MAX));
        let mut next: HashMap<String, Vec<KeyLabel>> = HashMap::new();
        for key in keys.into_iter().collect::<BTreeSet<_>>() {
            if next.len() == MAX_DOMAINS && !next.contains_key(&key.domain) {
                break;
            }
            signatures.with_label_values(&key.values());
            key_timestamp.with_label_values(&key.values()).set(key.since);
            next.entry(key.domain.clone()).or_default().push(key);
        }
        let before = self.known.swap(Arc::new(next));
        for key in before.values().flatten().filter(|key| !self.knows(key.values())) {
            // Removing fails only if the series is gone already.
            let _ = key_timestamp.remove_label_values(&key.values());
            let _ = signatures.remove_label_values(&key.values());
        }
    }

    /// Sets the number of key files that can't be used.
    pub(crate) fn set_broken_files(&self, broken: usize) {
        self.families.key_files_broken.set(i64::try_from(broken).unwrap_or(i64::MAX));
    }

    pub(super) fn observe(&self, record: &Record) {
        for note in &record.report.signatures {
            let own = [&*note.domain, &*note.selector, note.algorithm];
            let of_from = ["*", &*note.selector, note.algorithm];
            let labels = [own, of_from].into_iter().find(|labels| self.knows(*labels));
            let labels = labels.unwrap_or([OTHER, OTHER, note.algorithm]);
            self.families.signatures.with_label_values(&labels).inc();
            let times = self.families.sign_duration.with_label_values(&[note.algorithm]);
            times.observe(note.duration.as_secs_f64());
        }
    }

    /// Counts a message that was accepted without a signature, if the signer gave a reason.
    pub(super) fn count_unsigned<'a>(&self, mut reasons: impl Iterator<Item = (&'a str, &'a str)>) {
        if let Some((_, code)) = reasons.find(|(filter, code)| *filter == DkimFilter::NAME && is_unsigned(code)) {
            self.families.unsigned.with_label_values(&[code]).inc();
        }
    }

    fn knows(&self, values: [&str; 3]) -> bool {
        let known = self.known.load();
        known.get(values[0]).is_some_and(|keys| keys.iter().any(|key| key.values() == values))
    }
}

/// True for a code of the signer that is not about messages with a signature.
fn is_unsigned(code: &str) -> bool {
    !DkimFilter::REASONS_OF_SIGNED.contains(&code)
}

impl KeyLabel {
    fn values(&self) -> [&str; 3] {
        [&self.domain, &self.selector, self.algorithm]
    }
}
