//! A new configuration is put in force: everything that it changes, or nothing.

use std::fmt::Display;
use std::io;
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::{Daemon, facts};
use crate::config::ConfigError;
use crate::config::ConfigFlags;
use crate::listener::ListenerState;
use crate::reload::{self, Prepared};
use crate::services::Services;

impl Daemon {
    /// Begins a reload.
    pub(super) fn prepare(&self) -> JoinHandle<Result<Prepared, ConfigError>> {
        self.notifier.reloading();
        prepare(&self.source, &self.services)
    }

    /// Swaps everything that the new configuration changes, or nothing.
    pub(super) async fn put_in_force(&mut self, prepared: io::Result<Result<Prepared, ConfigError>>) {
        let success = match prepared {
            Ok(Ok(prepared)) => {
                self.swap(prepared).await;
                tracing::info!(event = "reload", outcome = "success", "the new configuration is in force");
                true
            }
            Ok(Err(error)) => refused(&error),
            Err(error) => refused(&error),
        };
        self.shared.metrics.reloaded(success);
        self.notifier.ready(&self.status());
    }

    async fn swap(&mut self, Prepared { loaded, pipelines, webhook_token, .. }: Prepared) {
        for warning in &loaded.warnings {
            tracing::warn!(event = "configuration", "{warning}");
        }
        self.files.follow(&loaded);
        let mut config = loaded.config;
        for key in reload::needs_restart(&self.config, &config) {
            tracing::warn!(event = "restart_needed", key, "changed, but only a restart puts it in force");
        }
        self.services.limits.set(&config, webhook_token);
        self.expect_reasons(&pipelines.pipelines);
        self.keys.follow(pipelines.keys).await;
        for pipeline in pipelines.pipelines {
            let same = |listener: &&Arc<ListenerState>| listener.name() == &**pipeline.listener();
            if let Some(listener) = self.listeners.iter().find(same) {
                listener.pipeline.store(pipeline);
            }
        }
        self.shared.bounds.store(Arc::new(reload::connection_bounds(&config.limits)));
        self.shared.log.set(config.log.clone());
        if let Some(status) = &self.status {
            status.set_facts(facts(&loaded.path, &config));
        }
        reload::keep_what_needs_restart(&self.config, &mut config);
        self.config = config;
    }
}

/// Loads and builds on a thread that may block.
pub(super) fn prepare(source: &ConfigFlags, services: &Arc<Services>) -> JoinHandle<Result<Prepared, ConfigError>> {
    let (source, services) = (source.clone(), Arc::clone(services));
    tokio::task::spawn_blocking(move || Prepared::load(&source, &services))
}

fn refused(error: &impl Display) -> bool {
    tracing::error!(event = "reload", outcome = "failure", "the configuration stays as it was: {error}");
    false
}
