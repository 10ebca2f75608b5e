//! Watches key files, so that a new key needs no restart.

use std::sync::Arc;

use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use crate::health::Health;
use crate::metrics::Metrics;
use crate::registry::SigningKeys;

/// The keys in force, and the task that watches their files. Dropping it stops the task.
pub(super) struct KeyWatch {
    audience: Audience,
    task: Option<JoinHandle<()>>,
}

/// The metrics and the health that show the state of the keys.
#[derive(Clone)]
struct Audience {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

impl KeyWatch {
    pub(super) fn new(metrics: &Arc<Metrics>, health: &Arc<Health>) -> Self {
        let audience = Audience { metrics: Arc::clone(metrics), health: Arc::clone(health) };
        Self { audience, task: None }
    }

    /// Signs with these keys and watches their files from now on, instead of the last ones.
    pub(super) async fn follow(&mut self, keys: Option<SigningKeys>) {
        if let Some(before) = self.task.take() {
            before.abort();
            // Until the old task has really ended, it could put the old keys in force again.
            let _ = before.await;
        }
        if let Some(keys) = &keys {
            keys.put_in_force();
        }
        self.audience.tell(keys.as_ref());
        self.task = keys.map(|keys| tokio::spawn(self.audience.clone().watch(keys)));
    }
}

impl Drop for KeyWatch {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

impl Audience {
    /// Shows the keys in metrics and health.
    fn tell(&self, keys: Option<&SigningKeys>) {
        self.metrics.signing.expect_keys(keys.map(SigningKeys::labels).unwrap_or_default());
        self.health.set_problem("keys", keys.and_then(SigningKeys::problem));
        self.tell_broken(keys);
    }

    /// Shows how many files can't be used. The number changes even if the keys stay, since good keys are kept.
    fn tell_broken(&self, keys: Option<&SigningKeys>) {
        let broken = keys.map(SigningKeys::broken).unwrap_or_default();
        self.metrics.signing.set_broken_files(broken);
    }

    /// Looks at the files for ever.
    async fn watch(self, mut keys: SigningKeys) {
        loop {
            sleep(keys.period).await;
            let looked = spawn_blocking(move || {
                let refresh = keys.refresh();
                (keys, refresh)
            });
            let Ok((back, refresh)) = looked.await else {
                tracing::error!(event = "keys", "key files are not looked at any more until a reload");
                return;
            };
            keys = back;
            for notice in &refresh.notices {
                let path = notice.path.display();
                if notice.is_warning() {
                    tracing::warn!(event = "key", %path, "{notice}");
                } else {
                    tracing::info!(event = "key", %path, "{notice}");
                }
            }
            if refresh.table.is_some() {
                keys.put_in_force();
                self.tell(Some(&keys));
            }
            self.tell_broken(Some(&keys));
        }
    }
}
