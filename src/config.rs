//! The configuration: what can be set, and where a setting comes from.
//!
//! One module a section, each a plain struct with its documented defaults. Values are parsed once, into types that
//! carry their unit, so that nobody behind this module meets a bad one. Layers, each over the one before: defaults,
//! the TOML file, `POSTSEAL__SECTION__KEY` environment variables, flags.
//!
//! No key file is read here (see `keys`), and no socket opened.

pub mod address;
pub mod admin;
mod check;
mod document;
mod effective;
mod extract;
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

pub use address::Address;
pub use admin::Admin;
pub use key_path::KeyPath;
pub use limits::Limits;
pub use listener::{Listener, Mode};
pub use load::{DEFAULT_FILE, Loaded, Override, load, load_from};
pub use log::{Format, Level, Log};
pub use origin::Origin;
pub use problem::{ConfigError, Problem};
pub use reload::Reload;
pub use source::Source;
pub use store::Store;
pub use webhook::Webhook;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[[listener]]`: where MTAs connect.
    pub listener: Vec<Listener>,
    /// `[admin]`: the HTTP port for metrics and health.
    pub admin: Admin,
    /// `[origin]`: which mail on a submission listener is ours.
    pub origin: Origin,
    /// `[limits]`: what one connection and all of them may use.
    pub limits: Limits,
    /// `[reload]`: files whose changes are noticed.
    pub reload: Reload,
    /// `[[rate_limit]]`: how much may be sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rate_limit: Vec<rate_limit::Settings>,
    /// `[header_checks]`: checks and repairs; none without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header_checks: Option<header_checks::Settings>,
    /// `[dkim]`: signing; not at all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dkim: Option<dkim::Settings>,
    /// `[store]`: where limits are counted.
    pub store: Store,
    /// `[sender]`: who may send as whom; everybody as anybody without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<sender::Settings>,
    /// `[webhook]`: who is told of breached limits.
    pub webhook: Webhook,
    /// `[log]`: the log on stdout.
    pub log: Log,
}
