//! A configuration on its way into force: loaded and built completely before anything of it is used.

use postseal_protocol::WireBounds;

use crate::admin::AdminToken;
use crate::config::{self, Config, ConfigError, ConfigFlags, LoadedConfig};
use crate::connection::ConnectionBounds;
use crate::registry::Pipelines;
use crate::secrets;
use crate::services::Services;

/// A configuration that is known to work.
pub(crate) struct Prepared {
    pub(crate) loaded: LoadedConfig,
    pub(crate) pipelines: Pipelines,
    /// The token of the admin port, which takes it at the start only.
    pub(crate) token: Option<AdminToken>,
    /// The token that the webhook is shown.
    pub(crate) webhook_token: Option<String>,
}

impl Prepared {
    /// Loads the configuration. It reads files and parses keys, so it must not run on a thread that serves connections.
    pub(crate) fn load(source: &ConfigFlags, services: &Services) -> Result<Self, ConfigError> {
        let mut loaded = source.load()?;
        let pipelines = Pipelines::build(&mut loaded, services)?;
        let token = secrets::admin_token(&mut loaded)?;
        if let Some(url) = secrets::webhook_url(&mut loaded)? {
            loaded.config.webhook.url = Some(url);
        }
        let webhook_token = secrets::webhook_token(&mut loaded)?;
        Ok(Self { loaded, pipelines, token, webhook_token })
    }
}

/// The changes of a new configuration that only a restart puts in force.
pub(crate) fn needs_restart(old: &Config, new: &Config) -> Vec<String> {
    let mut keys = Vec::new();
    for listener in &old.listener {
        let name = &listener.name;
        match new.listener.iter().find(|other| other.name == *name) {
            None => keys.push(format!("listener `{name}` is gone")),
            Some(other) => {
                let mut changed = |key, changed| {
                    if changed {
                        keys.push(format!("listener `{name}`: {key}"));
                    }
                };
                changed("address", other.address != listener.address);
                changed("mode", other.mode != listener.mode);
                changed("group", other.group != listener.group);
            }
        }
    }
    for listener in &new.listener {
        if old.listener.iter().all(|other| other.name != listener.name) {
            keys.push(format!("listener `{}` is new", listener.name));
        }
    }
    if old.admin != new.admin {
        keys.push("admin".to_owned());
    }
    if old.limits.connections != new.limits.connections {
        keys.push("limits.connections".to_owned());
    }
    if old.store != new.store {
        keys.push("store".to_owned());
    }
    keys
}

/// Puts back what stays in force until a restart.
pub(crate) fn keep_what_needs_restart(old: &Config, new: &mut Config) {
    new.listener.clone_from(&old.listener);
    new.admin.clone_from(&old.admin);
    new.limits.connections = old.limits.connections;
    new.store.clone_from(&old.store);
}

/// The part of `[limits]` that a connection needs.
pub(crate) fn connection_bounds(limits: &config::BoundsConfig) -> ConnectionBounds {
    let protocol = WireBounds {
        // The length field counts the command byte too.
        frame: limits.packet_size.bytes().saturating_add(1),
        idle: limits.idle_timeout,
        ..WireBounds::default()
    };
    ConnectionBounds {
        protocol,
        frame_timeout: limits.frame_timeout,
        filter_timeout: limits.filter_timeout,
        end_of_message_timeout: limits.end_of_message_timeout,
        drain_idle: limits.drain_idle,
    }
}

#[cfg(test)]
mod tests;
