//! Where limits are counted: implementations of [`Store`] for the service, and the one that is in force.

pub mod embedded;
mod file;
mod metrics;
pub mod redis;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use postseal_filters::Problem;
use postseal_filters::store::{MemoryStore, Store};
use tokio::runtime::Handle;

use crate::clock::SystemClock;
use crate::config::store::{RedisUrl, StoreUrl};
use crate::config::{ConfigError, KeyPath, LoadedConfig};
use crate::metrics::Metrics;
use crate::regular_file::exposed;

use redis::Login;

pub use embedded::Embedded;
pub use metrics::StoreMetrics;

const STATE_FILE: &str = "state.redb";
const USUAL_DIRECTORY: &str = "/var/lib/postseal";
const FEW_KEYS: usize = 10_000;

/// The store in force. It is opened when the first configuration needs it, and stays: counters survive a reload.
#[derive(Default)]
pub struct StoreInForce {
    opened: OnceLock<Arc<dyn Store>>,
}

impl StoreInForce {
    /// A small store in memory, for the time of one command.
    pub fn throwaway() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(Arc::new(SystemClock), FEW_KEYS));
        Self { opened: OnceLock::from(store) }
    }

    /// The store; it is opened at the first call. Blocks, so it needs a thread of the runtime that may block.
    ///
    /// # Errors
    /// If a secret that the store needs can't be used.
    pub fn open(&self, loaded: &mut LoadedConfig, metrics: &Metrics) -> Result<Arc<dyn Store>, ConfigError> {
        if let Some(opened) = self.opened.get() {
            return Ok(Arc::clone(opened));
        }
        let store = open(loaded, metrics)?;
        Ok(Arc::clone(self.opened.get_or_init(|| store)))
    }

    /// Writes what is not on disk yet. Blocks for as long as that takes.
    pub fn close(&self) {
        if let Some(store) = self.opened.get() {
            store.close();
        }
    }

    /// Sets the metrics of how full the store is, if the store knows.
    pub fn observe(&self, metrics: &Metrics) {
        let Some((store, stats)) = self.opened.get().and_then(|store| Some((store.kind(), store.stats()?))) else {
            return;
        };
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        metrics.store.keys.with_label_values(&[store]).set(whole(stats.keys));
        metrics.store.blocked_keys.with_label_values(&[store]).set(whole(stats.blocked));
        let evictions = metrics.store.evictions.with_label_values(&[store]);
        evictions.inc_by(stats.evicted.saturating_sub(evictions.get()));
    }

    /// The store, if it has been opened.
    pub fn opened(&self) -> Option<&Arc<dyn Store>> {
        self.opened.get()
    }
}

fn open(loaded: &mut LoadedConfig, metrics: &Metrics) -> Result<Arc<dyn Store>, ConfigError> {
    let settings = loaded.config.store.clone();
    let clock = Arc::new(SystemClock);
    let url = settings.url.clone().unwrap_or_else(|| match state_directory() {
        Some(directory) => StoreUrl::File(directory.join(STATE_FILE)),
        None => StoreUrl::Memory,
    });
    Ok(match url {
        StoreUrl::Memory => Arc::new(Embedded::memory(clock, settings.max_keys, metrics)),
        StoreUrl::File(path) => {
            let mut notices = Vec::new();
            let store = Embedded::file(&path, clock, settings.max_keys, metrics, &mut notices);
            for notice in notices {
                let problem = loaded.problem(KeyPath::new(["store", "url"]), notice);
                loaded.warnings.push(problem);
            }
            Arc::new(store)
        }
        StoreUrl::Redis(url) => {
            let login = redis_login(loaded, &url)?;
            let metrics = StoreMetrics::new(metrics, redis::KIND);
            let opened = redis::RedisStore::open(&url, &settings, login, metrics, None);
            Arc::new(Handle::current().block_on(opened))
        }
    })
}

/// Password and certificates for the store, if it is Redis.
///
/// # Errors
/// If a file can't be used.
pub fn login(loaded: &mut LoadedConfig) -> Result<Option<Login>, ConfigError> {
    match loaded.config.store.url.clone() {
        Some(StoreUrl::Redis(url)) => redis_login(loaded, &url).map(Some),
        _ => Ok(None),
    }
}

fn redis_login(loaded: &mut LoadedConfig, url: &RedisUrl) -> Result<Login, ConfigError> {
    let base = loaded.resolve(Path::new(""));
    if let Some(path) = loaded.config.store.password_file.as_ref().map(|file| base.join(file)) {
        let warning = fs::metadata(&path).ok().and_then(|metadata| exposed(&path, "password", &metadata));
        let key = vec!["store".to_owned(), "password_file".to_owned()];
        loaded.warn(warning.map(|reason| Problem::warning(key, reason)).into_iter().collect());
    }
    Login::load(url, &loaded.config.store, &base).map_err(|error| {
        let key = vec!["store".to_owned(), error.key.to_owned()];
        loaded.invalid(vec![Problem::error(key, error.reason)])
    })
}

/// The directory for the state: the one that systemd has made, or the usual one if it exists.
fn state_directory() -> Option<PathBuf> {
    let given = std::env::var_os("STATE_DIRECTORY").filter(|list| !list.is_empty());
    let first = given.and_then(|list| std::env::split_paths(&list).next());
    first.or_else(|| Some(PathBuf::from(USUAL_DIRECTORY)).filter(|path| path.is_dir()))
}
