//! Sockets that the service manager holds open (sd_listen_fds(3)): no connection is refused during a restart.
//!
//! A listener with an address takes the socket that is bound to that address, whatever the socket's name. So the
//! configuration says where the service listens, with and without a socket unit. `fd:NAME` takes a socket by its name,
//! whatever its address.

use std::net::{self, SocketAddr};
use std::os::unix::net as unix;
use std::path::Path;

use listenfd::ListenFd;

/// Sockets that were passed to this process, by their `FileDescriptorName=`.
#[derive(Debug, Default)]
pub struct Inherited {
    sockets: Vec<(String, Passed)>,
}

/// A socket as it was passed.
#[derive(Debug)]
pub(super) enum Passed {
    Tcp(net::TcpListener),
    Unix(unix::UnixListener),
}

impl Passed {
    fn address(&self) -> String {
        match self {
            Self::Tcp(socket) => socket.local_addr().map(|address| address.to_string()),
            Self::Unix(socket) => socket
                .local_addr()
                .map(|address| address.as_pathname().map_or_else(String::new, |path| path.display().to_string())),
        }
        .unwrap_or_default()
    }
}

impl Inherited {
    /// Reads `LISTEN_FDS` and `LISTEN_FDNAMES` and takes them out of the environment. To be called first in a process,
    /// before there is a second thread.
    pub fn from_environment() -> Self {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let mut names = names.split(':');
        let mut descriptors = ListenFd::from_env();
        let mut sockets = Vec::new();
        for at in 0..descriptors.len() {
            let name = names.next().unwrap_or_default().to_owned();
            let unix = descriptors.take_unix_listener(at).ok().flatten().map(Passed::Unix);
            let tcp = || descriptors.take_tcp_listener(at).ok().flatten().map(Passed::Tcp);
            if let Some(socket) = unix.or_else(tcp) {
                sockets.push((name, socket));
            }
        }
        Self { sockets }
    }

    /// Takes the socket of that name.
    pub(super) fn named(&mut self, name: &str) -> Option<Passed> {
        self.take(|other, _| other == name)
    }

    /// Takes the socket that is bound to that address and port.
    pub(super) fn at(&mut self, address: SocketAddr) -> Option<Passed> {
        self.take(|_, socket| {
            matches!(socket, Passed::Tcp(socket) if socket.local_addr().is_ok_and(|bound| bound == address))
        })
    }

    /// Takes the socket whose file is at that path.
    pub(super) fn at_path(&mut self, path: &Path) -> Option<Passed> {
        self.take(|_, socket| {
            matches!(socket, Passed::Unix(socket)
                if socket.local_addr().is_ok_and(|bound| bound.as_pathname() == Some(path)))
        })
    }

    fn take(&mut self, wanted: impl Fn(&str, &Passed) -> bool) -> Option<Passed> {
        let at = self.sockets.iter().position(|(name, socket)| wanted(name, socket))?;
        Some(self.sockets.swap_remove(at).1)
    }

    /// The sockets that no listener has taken: their names, which all sockets of a unit share, and their addresses.
    pub fn names(&self) -> String {
        let sockets: Vec<String> =
            self.sockets.iter().map(|(name, socket)| format!("{name} ({})", socket.address())).collect();
        if sockets.is_empty() { "none".to_owned() } else { sockets.join(", ") }
    }

    /// True if all have been taken.
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }
}
