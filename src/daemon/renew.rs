//! A new configuration is put in force: everything that it changes, or nothing.

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use postseal_filters::duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Daemon, facts};
use crate::config::ConfigError;
use crate::config::ConfigFlags;
use crate::listener::ListenerState;
use crate::reload::{self, Prepared};
use crate::services::Services;

/// Loads that a hanging file system may keep waiting; no further one begins before one of them ends.
const MAX_HUNG_LOADS: usize = 4;

impl Daemon {
    /// Begins a reload.
    pub(super) fn prepare(&self) -> JoinHandle<Result<Prepared, ConfigError>> {
        self.notifier.reloading();
        prepare(&self.source, &self.services, &self.loads, Some(self.config.reload.timeout))
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

/// Loads and builds, as [`in_time`] does it.
pub(super) fn prepare(
    source: &ConfigFlags, services: &Arc<Services>, loads: &Arc<()>, patience: Option<Duration>,
) -> JoinHandle<Result<Prepared, ConfigError>> {
    let (source, services) = (source.clone(), Arc::clone(services));
    let load = move || Prepared::load(&source, &services);
    tokio::spawn(in_time(Arc::clone(loads), patience, load))
}

/// Runs `load` on a thread of its own, and waits for it no longer than `patience`. A thread that a hanging file system
/// keeps is left behind, so that the next load has another one. `loads` has one clone for each thread, besides that of
/// the service.
async fn in_time<T: Send + 'static>(
    loads: Arc<()>, patience: Option<Duration>, load: impl FnOnce() -> Result<T, ConfigError> + Send + 'static,
) -> Result<T, ConfigError> {
    let hung = Arc::strong_count(&loads).saturating_sub(2);
    if hung >= MAX_HUNG_LOADS {
        let reason = "earlier loads still wait for a file system; restart the service when it answers again";
        return Err(ConfigError::Unfinished(format!("{hung} {reason}")));
    }
    let (runtime, (sender, result)) = (Handle::current(), oneshot::channel());
    let load = move || {
        let _inside = runtime.enter();
        let loaded = load();
        drop(loads);
        // The receiver is gone if the load took too long.
        let _ = sender.send(loaded);
    };
    let thread = thread::Builder::new().name("load".to_owned()).spawn(load);
    thread.map_err(|error| ConfigError::Unfinished(format!("can't start a thread: {error}")))?;
    let patience = patience.unwrap_or(Duration::MAX);
    let Ok(result) = timeout(patience, result).await else {
        let time = duration::show(patience);
        let reason = "(reload.timeout); does the file system of one of its files hang?";
        return Err(ConfigError::Unfinished(format!("not loaded within {time} {reason}")));
    };
    result.map_err(|_| ConfigError::Unfinished("the load has ended without a result".to_owned()))?
}

fn refused(error: &impl Display) -> bool {
    tracing::error!(event = "reload", outcome = "failure", "the configuration stays as it was: {error}");
    false
}

#[cfg(test)]
mod tests;
