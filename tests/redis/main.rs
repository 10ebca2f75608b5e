//! The store in Redis, Redis Cluster and Valkey, on real servers: does it decide as the one in memory does?
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod away;
mod contract;
mod late;
mod operate;
mod random;
mod relay;
mod servers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use postseal::config::store::{StoreConfig, StoreUrl};
use postseal::metrics::Metrics;
use postseal::store::StoreMetrics;
use postseal::store::redis::{KIND, Login, RedisStore, Time};

/// A store and its clock.
pub(crate) struct Opened {
    pub(crate) store: RedisStore,
    pub(crate) metrics: Arc<Metrics>,
    clock: Arc<AtomicU64>,
}

impl Opened {
    /// Sets the time.
    pub(crate) fn set_time(&self, millis: u64) {
        self.clock.store(millis, Ordering::Relaxed);
    }

    /// The value of a metric's line.
    pub(crate) fn metric(&self, line: &str) -> f64 {
        let text = self.metrics.render().unwrap();
        let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_else(|| panic!("no {line} in\n{text}"))
    }
}

/// Settings of a test: nothing may fail because the machine is busy.
pub(crate) fn settings() -> StoreConfig {
    StoreConfig { timeout: Duration::from_secs(10), ..StoreConfig::default() }
}

/// Opens the store with a clock of its own.
pub(crate) async fn open(url: &str, settings: &StoreConfig) -> Opened {
    let clock = Arc::new(AtomicU64::new(1_700_000_000_000));
    let time = Arc::clone(&clock);
    let time: Time = Arc::new(move || time.load(Ordering::Relaxed));
    open_at(url, settings, clock, Some(time)).await
}

/// Opens the store with the time of the servers.
pub(crate) async fn open_for_real(url: &str, settings: &StoreConfig) -> Opened {
    open_at(url, settings, Arc::default(), None).await
}

async fn open_at(url: &str, settings: &StoreConfig, clock: Arc<AtomicU64>, time: Option<Time>) -> Opened {
    let Ok(StoreUrl::Redis(url)) = url.parse() else { panic!("{url}") };
    let metrics = Metrics::new().unwrap();
    let login = Login::load(&url, settings, std::path::Path::new("/")).unwrap();
    let store = RedisStore::open(&url, settings, login, StoreMetrics::new(&metrics, KIND), time).await;
    Opened { store, metrics, clock }
}

/// The URL of a server.
pub(crate) fn url(server: &servers::Server) -> String {
    format!("redis://127.0.0.1:{}", server.port)
}

/// The URL of a cluster.
pub(crate) fn cluster_url(servers: &[servers::Server]) -> String {
    let nodes: Vec<_> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
    format!("redis-cluster://{}", nodes.join(","))
}
