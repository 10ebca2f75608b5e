//! Key files are looked at again and again, so that a new key needs no restart.

use std::sync::Arc;

use postseal_filters::dkim::Unsigned;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use crate::admin::Health;
use crate::metrics::Metrics;
use crate::registry::Keys;

/// Who is told of the keys.
pub(super) struct KeyWatch {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

impl KeyWatch {
    pub(super) fn new(metrics: &Arc<Metrics>, health: &Arc<Health>) -> Self {
        Self { metrics: Arc::clone(metrics), health: Arc::clone(health) }
    }

    /// Tells what the keys are now.
    pub(super) fn tell(&self, keys: Option<&Keys>) {
        if keys.is_some() {
            self.metrics.expect_reasons("dkim", Unsigned::ALL.map(Unsigned::as_str));
        }
        self.metrics.expect_keys(keys.map(Keys::labels).unwrap_or_default());
        self.health.set_problem("keys", keys.and_then(Keys::problem));
    }

    /// Looks at the files for ever.
    pub(super) async fn run(self, mut keys: Keys) {
        loop {
            sleep(keys.period).await;
            let looked = spawn_blocking(move || {
                let notices = keys.refresh();
                (keys, notices)
            });
            let Ok((back, notices)) = looked.await else {
                tracing::error!(event = "keys", "key files are not looked at any more until a reload");
                return;
            };
            keys = back;
            for notice in &notices {
                let path = notice.path.display();
                if notice.is_warning() {
                    tracing::warn!(event = "key", %path, "{notice}");
                } else {
                    tracing::info!(event = "key", %path, "{notice}");
                }
            }
            if !notices.is_empty() {
                self.tell(Some(&keys));
            }
        }
    }
}
