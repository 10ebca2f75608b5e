//! What the service is told: to load its configuration again, and to stop.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc};

/// The orders that a service follows. Any number of reloads that have not begun yet are one.
pub struct Orders {
    reload: Arc<Notify>,
    stop: mpsc::Receiver<()>,
}

/// Gives orders.
#[derive(Clone)]
pub struct Commander {
    reload: Arc<Notify>,
    stop: mpsc::Sender<()>,
}

impl Orders {
    /// Orders, and who gives them.
    pub fn new() -> (Commander, Self) {
        let reload = Arc::new(Notify::new());
        let (sender, stop) = mpsc::channel(STOPS);
        (Commander { reload: Arc::clone(&reload), stop: sender }, Self { reload, stop })
    }

    /// Orders from signals: SIGHUP to reload, SIGTERM and SIGINT to stop. Handlers are in place when this returns; as
    /// process 1 of a container, a program without them would not even end on SIGTERM.
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn from_signals() -> io::Result<Self> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hangup = signal(SignalKind::hangup())?;
        let (commander, orders) = Self::new();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => commander.stop(),
                    _ = interrupt.recv() => commander.stop(),
                    _ = hangup.recv() => commander.reload(),
                }
            }
        });
        Ok(orders)
    }

    /// Waits for the order to stop; nobody being left to give it is one too.
    pub async fn stopped(&mut self) {
        self.stop.recv().await;
    }

    /// Waits for the order to stop, once more: at the second time somebody must really say it.
    pub(super) async fn stopped_again(&mut self) {
        if self.stop.recv().await.is_none() {
            std::future::pending().await
        }
    }

    /// Tells of orders to reload.
    pub(super) fn reloads(&self) -> Arc<Notify> {
        Arc::clone(&self.reload)
    }
}

impl Commander {
    /// Have the configuration loaded again.
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// Have the service drain and end; the second time, end at once.
    pub fn stop(&self) {
        // More than two mean nothing more.
        let _ = self.stop.try_send(());
    }
}

const STOPS: usize = 2;
