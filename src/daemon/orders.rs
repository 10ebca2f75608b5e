//! Orders to the service: to load its configuration again, and to stop.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, mpsc};

const STOPS: usize = 2;

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
    /// Orders, and the sender that gives them.
    pub fn new() -> (Commander, Self) {
        let reload = Arc::new(Notify::new());
        let (sender, stop) = mpsc::channel(STOPS);
        (Commander { reload: Arc::clone(&reload), stop: sender }, Self { reload, stop })
    }

    /// Orders from signals: SIGHUP to reload, SIGTERM and SIGINT to stop. Handlers are in place when this returns; as
    /// process 1 of a container, a program without them would not even end on SIGTERM.
    ///
    /// # Errors
    /// If the system refuses the signal handlers.
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

    /// Waits for the order to stop. If all senders are gone, that counts as an order to stop.
    pub async fn stopped(&mut self) {
        self.stop.recv().await;
    }

    /// Waits for the second order to stop. This one must really be given.
    pub(super) async fn stopped_again(&mut self) {
        if self.stop.recv().await.is_none() {
            std::future::pending().await
        }
    }

    /// A receiver that sees each order to reload.
    pub(super) fn reloads(&self) -> Arc<Notify> {
        Arc::clone(&self.reload)
    }
}

impl Commander {
    /// Orders a reload of the configuration.
    pub fn reload(&self) {
        self.reload.notify_one();
    }

    /// Orders the service to drain and end; the second time, to end at once.
    pub fn stop(&self) {
        // A third order means the same as the second.
        let _ = self.stop.try_send(());
    }
}
