//! `[store]`: where limits are counted, and the behaviour while the store can't be reached.

use std::path::PathBuf;
use std::time::Duration;

use postseal_filters::duration;
use serde::{Deserialize, Serialize};

pub use super::store_url::{Endpoint, RedisUrl, StoreUrl, StoreUrlError, Topology};

/// The `[store]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Where. If it is not set: a file in the state directory, or memory if there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<StoreUrl>,
    /// What a decision may take, everything included.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// What happens to mail if the store doesn't answer in that time.
    pub on_error: StoreOnError,
    /// What the names of all keys in Redis begin with.
    pub prefix: String,
    /// File with the password for Redis.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// File with the certificates (PEM) of those who may sign the certificates of Redis; the system's if it is not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Connections to one Redis server at most.
    pub connections: usize,
    /// Counters in memory at most, with or without a file; the one that was not used for longest goes first.
    pub max_keys: usize,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: None,
            timeout: Duration::from_millis(50),
            on_error: StoreOnError::Local,
            prefix: "postseal:".to_owned(),
            password_file: None,
            ca_file: None,
            connections: 16,
            max_keys: 1_000_000,
        }
    }
}

/// What happens to mail if the store doesn't answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreOnError {
    /// The same limits are counted in this process alone.
    #[default]
    Local,
    /// Nothing is limited.
    Pass,
    /// The client is told to try again later.
    Tempfail,
}
