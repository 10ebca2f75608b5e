//! Watches the files of the configuration, so that a new table needs no signal.

use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;

use crate::config::LoadedConfig;
use crate::watch::Watch;

/// The task that watches the loaded files. Dropping it stops the task.
pub(super) struct FileWatch {
    /// Goes up with each change.
    changes: watch::Sender<u64>,
    task: Option<JoinHandle<()>>,
}

impl FileWatch {
    pub(super) fn new() -> Self {
        Self { changes: watch::Sender::new(0), task: None }
    }

    /// Watches the files of this configuration from now on, instead of those of the last one.
    pub(super) fn follow(&mut self, loaded: &LoadedConfig) {
        if let Some(before) = self.task.take() {
            before.abort();
        }
        let settings = &loaded.config.reload;
        let files = loaded.files.clone().only(settings.watch_config, settings.watch_tables);
        if !files.is_empty() {
            self.task = Some(tokio::spawn(look(files, settings.period, self.changes.clone())));
        }
    }

    /// A receiver that sees each change.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl Drop for FileWatch {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Looks at the files for ever.
async fn look(mut files: Watch, period: Duration, changes: watch::Sender<u64>) {
    loop {
        sleep(period).await;
        let looked = spawn_blocking(move || {
            let changed = files.changed(SystemTime::now());
            (files, changed)
        });
        let Ok((back, changed)) = looked.await else {
            tracing::error!(event = "files", "files are not looked at any more until a reload");
            return;
        };
        files = back;
        for path in &changed {
            tracing::info!(event = "files", path = %path.display(), "changed; the configuration is loaded again");
        }
        if !changed.is_empty() {
            changes.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}
