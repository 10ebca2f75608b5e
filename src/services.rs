//! What lives longer than a configuration: the keys in force, the store of counters, and the watcher of limits.

use std::sync::Arc;

use arc_swap::ArcSwap;
use postseal_filters::dkim::KeyTable;

use crate::metrics::Metrics;
use crate::rate_limit::LimitObserver;
use crate::store::StoreInForce;

/// The keys in force: one place for the whole life of the service, so that a connection from before a reload signs with
/// the keys of today.
pub type KeysInForce = Arc<ArcSwap<KeyTable>>;

/// What filters share for the whole life of the service, whatever the configuration becomes.
pub struct Services {
    /// The keys in force.
    pub keys: KeysInForce,
    /// Where limits are counted.
    pub store: StoreInForce,
    /// Counts and reports what limits decide.
    pub limits: Arc<LimitObserver>,
}

impl Services {
    /// No keys, and a store that is opened when it is needed.
    pub fn new(metrics: &Arc<Metrics>) -> Self {
        let limits = LimitObserver::new(Arc::clone(metrics));
        Self { keys: KeysInForce::default(), store: StoreInForce::default(), limits }
    }

    /// For commands that only look at a configuration or try it: what the running service counts is not touched.
    ///
    /// # Errors
    /// If two metrics have the same name.
    pub fn offline() -> prometheus::Result<Self> {
        let services = Self::new(&Metrics::new()?);
        Ok(Self { store: StoreInForce::throwaway(), ..services })
    }
}
