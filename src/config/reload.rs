//! `[reload]`: files whose changes are noticed without a signal.

use std::time::Duration;

use postseal_filters::duration;
use serde::{Deserialize, Serialize};

/// The `[reload]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Reload {
    /// The configuration file too: for ConfigMaps and machines that are configured by others.
    pub watch_config: bool,
    /// Table files that the configuration names.
    pub watch_tables: bool,
    /// How often to look.
    #[serde(with = "duration")]
    pub period: Duration,
    /// How long a reload may take.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

impl Default for Reload {
    fn default() -> Self {
        Self {
            watch_config: false,
            watch_tables: true,
            period: Duration::from_secs(10),
            timeout: Duration::from_secs(60),
        }
    }
}
