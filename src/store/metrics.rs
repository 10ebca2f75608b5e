//! The metrics of a store.

use prometheus::{Histogram, IntCounterVec, IntGauge};

use crate::metrics::Metrics;

/// Kinds of errors: [`StoreError::kind`](postseal_filters::store::StoreError::kind), decisions without the store because
/// its breaker is open, charges that were not given back, changes that were not written to the file.
const KINDS: [&str; 7] = ["timeout", "unavailable", "answer", "refused", "breaker_open", "not_given_back", "write"];

/// The metrics of one store.
#[derive(Clone)]
pub struct StoreMetrics {
    store: &'static str,
    errors: IntCounterVec,
    /// How long calls take.
    pub duration: Histogram,
    /// Servers that are not asked because they fail.
    pub open: IntGauge,
}

impl StoreMetrics {
    /// The metrics of a store of this kind, at 0.
    pub fn new(metrics: &Metrics, store: &'static str) -> Self {
        let new = Self {
            store,
            errors: metrics.store.errors.clone(),
            duration: metrics.store.duration.with_label_values(&[store]),
            open: metrics.store.breakers_open.with_label_values(&[store]),
        };
        for kind in KINDS {
            new.errors.with_label_values(&[store, kind]);
        }
        new
    }

    /// A call has failed.
    pub fn error(&self, kind: &'static str) {
        self.errors.with_label_values(&[self.store, kind]).inc();
    }
}
