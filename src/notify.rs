//! Tells the service manager how we are: ready, reloading, stopping, alive (sd_notify(3)).
//!
//! One datagram a message to the socket that `$NOTIFY_SOCKET` names; without it everything here does nothing. Nothing
//! that goes wrong here stops the service: it is at most a line in the log.

use std::ffi::OsString;
use std::fmt::Write;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

const SEND_TIMEOUT: Duration = Duration::from_millis(200);

/// The way to the service manager.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// As the environment says: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
    pub fn from_environment() -> Self {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Self::default();
        };
        match connect(&name) {
            Ok(socket) => Self { socket: Some(socket), watchdog: watchdog() },
            Err(error) => {
                tracing::warn!(event = "notify", socket = ?name, %error, "the service manager can't be told anything");
                Self::default()
            }
        }
    }

    /// How often the service manager wants to hear [`alive`](Self::alive) at the latest.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog
    }

    /// The service works, after a start or a reload.
    pub fn ready(&self, status: &str) {
        self.send(&format!("READY=1\nSTATUS={status}\n"));
    }

    /// A reload has begun; [`ready`](Self::ready) ends it. `Type=notify-reload` wants the time with it.
    pub fn reloading(&self) {
        let mut text = "RELOADING=1\n".to_owned();
        if let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) {
            let micros = Duration::from(now).as_micros();
            let _ = writeln!(text, "MONOTONIC_USEC={micros}");
        }
        self.send(&text);
    }

    /// The end has begun.
    pub fn stopping(&self, status: &str) {
        self.send(&format!("STOPPING=1\nSTATUS={status}\n"));
    }

    /// The runtime turns.
    pub fn alive(&self) {
        self.send("WATCHDOG=1\n");
    }

    fn send(&self, text: &str) {
        let Some(socket) = &self.socket else { return };
        if let Err(error) = socket.send(text.as_bytes()) {
            tracing::warn!(event = "notify", %error, "the service manager does not listen");
        }
    }
}

/// Connects to a path, or to a name in the abstract namespace, which is written with `@` in front.
fn connect(name: &OsString) -> io::Result<UnixDatagram> {
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    // A manager that hangs must not take us along.
    socket.set_write_timeout(Some(SEND_TIMEOUT))?;
    Ok(socket)
}

/// The watchdog's period, if it is meant for this process.
fn watchdog() -> Option<Duration> {
    let number = |name| std::env::var(name).ok()?.parse::<u64>().ok();
    let ours =
        std::env::var_os("WATCHDOG_PID").is_none() || number("WATCHDOG_PID") == Some(u64::from(std::process::id()));
    number("WATCHDOG_USEC").filter(|micros| ours && *micros > 0).map(Duration::from_micros)
}

#[cfg(test)]
mod tests;
