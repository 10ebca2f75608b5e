//! Signals as orders. As process 1 of a container, a program without handlers would not even end on SIGTERM.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::Order;

/// SIGHUP is [`Order::Reload`], SIGTERM and SIGINT are [`Order::Stop`]. Handlers are in place when this returns.
///
/// # Errors
/// If the system does not let us.
pub fn signals() -> io::Result<mpsc::Receiver<Order>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (sender, receiver) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        loop {
            let order = tokio::select! {
                _ = terminate.recv() => Order::Stop,
                _ = interrupt.recv() => Order::Stop,
                _ = hangup.recv() => Order::Reload,
            };
            if sender.send(order).await.is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

const WAITING: usize = 8;
