//! The configuration: what can be set, and where a setting comes from.
//!
//! Each section is a module with a plain struct and its documented defaults. Values are parsed once, into types with their
//! unit, so that no code behind this module meets a bad value. The layers, each over the one before: defaults, the TOML
//! file, `POSTSEAL__SECTION__KEY` environment variables, flags.
//!
//! No key file is read here (see `keys`), and no socket opened.

pub mod address;
pub mod admin;
mod check;
mod command_line;
mod document;
mod effective;
mod extract;
mod flags;
mod key_path;
mod layers;
pub mod limits;
pub mod listener;
mod load;
pub mod log;
pub mod origin;
mod problem;
pub mod reload;
mod secret;
mod source;
pub mod store;
mod store_url;
mod suggest;
pub mod webhook;

pub use postseal_filters::byte_size::{self, ByteSize};
use postseal_filters::{dkim, header_checks, rate_limit, sender};
use serde::{Deserialize, Serialize};

pub use address::ListenAddress;
pub use admin::AdminConfig;
pub use command_line::CommandLineSetting;
pub use flags::ConfigFlags;
pub use key_path::KeyPath;
pub use limits::BoundsConfig;
pub use listener::{ListenerConfig, ListenerMta, Mode};
pub use load::{DEFAULT_FILE, LoadedConfig, load, load_from};
pub use log::{Level, LogConfig, LogFormat};
pub use origin::OriginConfig;
pub use problem::{ConfigError, LocatedProblem};
pub use reload::Reload;
pub use source::ValueSource;
pub use store::StoreConfig;
pub use webhook::Webhook;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[[listener]]`: where MTAs connect.
    pub listener: Vec<ListenerConfig>,
    /// `[admin]`: the HTTP port for metrics and health.
    pub admin: AdminConfig,
    /// `[origin]`: which mail on a submission listener is ours.
    pub origin: OriginConfig,
    /// `[limits]`: bounds for each connection and for all of them.
    pub limits: BoundsConfig,
    /// `[reload]`: files whose changes are noticed.
    pub reload: Reload,
    /// `[[rate_limit]]`: how much may be sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rate_limit: Vec<rate_limit::RateLimitSettings>,
    /// `[header_checks]`: checks and repairs; none without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_checks: Option<header_checks::HeaderCheckSettings>,
    /// `[dkim]`: signing; not at all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dkim: Option<dkim::DkimSettings>,
    /// `[store]`: where limits are counted.
    pub store: StoreConfig,
    /// `[sender]`: the addresses that each submitter may use; any submitter may use any address without the section.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<sender::SenderSettings>,
    /// `[webhook]`: where breaches of limits are reported.
    pub webhook: Webhook,
    /// `[log]`: the log on stdout.
    pub log: LogConfig,
}
