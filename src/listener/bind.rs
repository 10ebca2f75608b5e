//! Sockets that wait for MTAs.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nix::errno::Errno;
use socket2::{Domain, Protocol, SockAddr, SockRef, TcpKeepalive, Type};
use tokio::net::{TcpListener, UnixListener, lookup_host};
use tokio::time::sleep;

use super::error::{BindError, system};
use super::inherited::{Inherited, Passed};
use super::unix::{self, MAX_PENDING_CONNECTIONS, SocketFile};
use crate::config::{ListenAddress, ListenerConfig};
use crate::descriptors::{DescriptorReserve, is_waited_for};
use crate::stream::MtaStream;

/// How often a listener looks whether there is a descriptor again.
const ROOM_PAUSE: Duration = Duration::from_millis(50);

/// A socket that waits for connections.
#[derive(Debug)]
pub(crate) enum Socket {
    /// TCP.
    Tcp {
        /// True if the service manager owns the socket.
        passed: bool,
        /// The socket.
        socket: TcpListener,
    },
    /// Unix socket.
    Unix {
        /// The file, unless the service manager owns it. It is removed before the socket is closed, so that no MTA finds
        /// a file on which nobody listens.
        file: Option<SocketFile>,
        /// The socket.
        socket: UnixListener,
    },
}

impl Socket {
    /// Takes the socket that the service manager passes for this listener, or binds its address.
    pub(super) async fn bind(listener: &ListenerConfig, inherited: &mut Inherited) -> Result<Self, BindError> {
        let address = &listener.address;
        let socket = match address {
            ListenAddress::Unix(path) => match inherited.at_path(path) {
                Some(passed) => Self::passed(passed),
                None => {
                    let (socket, file) = unix::bind(path, listener)?;
                    Ok(Self::Unix { file: Some(file), socket })
                }
            },
            ListenAddress::Inet { host, port } => Self::inet(resolve(host, *port, false).await?, false, inherited),
            ListenAddress::Inet6 { host, port } => Self::inet(resolve(host, *port, true).await?, true, inherited),
            ListenAddress::Systemd(name) => match inherited.named(name) {
                Some(passed) => Self::passed(passed),
                None => return Err(BindError::NotPassed(name.clone(), inherited.names())),
            },
        };
        socket.map_err(|source| system(address, source))
    }

    /// True if the service manager holds the socket: connections then wait in it during a restart.
    pub(super) fn is_passed(&self) -> bool {
        match self {
            Self::Tcp { passed, .. } => *passed,
            Self::Unix { file, .. } => file.is_none(),
        }
    }

    /// Binds a unix socket again, and gives back the one that was bound before.
    pub(super) fn bind_again(&mut self, listener: &ListenerConfig) -> Result<UnixListener, BindError> {
        let (Self::Unix { file, socket }, ListenAddress::Unix(path)) = (self, &listener.address) else {
            return Err(system(&listener.address, io::ErrorKind::Unsupported.into()));
        };
        let (new_socket, new_file) = unix::bind(path, listener)?;
        *file = Some(new_file);
        Ok(std::mem::replace(socket, new_socket))
    }

    pub(super) fn file(&self) -> Option<&SocketFile> {
        match self {
            Self::Tcp { .. } => None,
            Self::Unix { file, .. } => file.as_ref(),
        }
    }

    /// The next connection; an error if only the reserve of descriptors is left for it.
    pub(super) async fn accept_without(&self, reserve: DescriptorReserve) -> io::Result<MtaStream> {
        while !self.has_room(reserve) {
            if self.is_waited_for() {
                return Err(Errno::EMFILE.into());
            }
            sleep(ROOM_PAUSE).await;
        }
        self.accept().await
    }

    async fn accept(&self) -> io::Result<MtaStream> {
        match self {
            Self::Tcp { socket, .. } => socket.accept().await.map(|(stream, _)| MtaStream::Tcp(stream)),
            Self::Unix { socket, .. } => socket.accept().await.map(|(stream, _)| MtaStream::Unix(stream)),
        }
    }

    /// Whether a connection may be taken without the reserve of descriptors.
    fn has_room(&self, reserve: DescriptorReserve) -> bool {
        match self {
            Self::Tcp { socket, .. } => reserve.is_untouched(socket),
            Self::Unix { socket, .. } => reserve.is_untouched(socket),
        }
    }

    fn is_waited_for(&self) -> bool {
        match self {
            Self::Tcp { socket, .. } => is_waited_for(socket),
            Self::Unix { socket, .. } => is_waited_for(socket),
        }
    }

    /// The address that was bound, if it is not the one that was asked for.
    pub(super) fn address(&self) -> Option<ListenAddress> {
        let Self::Tcp { socket, .. } = self else { return None };
        let bound = socket.local_addr().ok()?;
        let (host, port) = (bound.ip().to_string(), bound.port());
        Some(if bound.is_ipv4() { ListenAddress::Inet { host, port } } else { ListenAddress::Inet6 { host, port } })
    }

    fn inet(address: SocketAddr, only_v6: bool, inherited: &mut Inherited) -> io::Result<Self> {
        if let Some(passed) = inherited.at(address) {
            return Self::passed(passed);
        }
        let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        if only_v6 {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&SockAddr::from(address))?;
        Self::for_each_connection(&SockRef::from(&socket))?;
        socket.listen(MAX_PENDING_CONNECTIONS)?;
        TcpListener::from_std(socket.into()).map(|socket| Self::Tcp { passed: false, socket })
    }

    fn passed(passed: Passed) -> io::Result<Self> {
        match passed {
            Passed::Tcp(socket) => {
                Self::for_each_connection(&SockRef::from(&socket))?;
                socket.set_nonblocking(true)?;
                TcpListener::from_std(socket).map(|socket| Self::Tcp { passed: true, socket })
            }
            Passed::Unix(socket) => {
                socket.set_nonblocking(true)?;
                UnixListener::from_std(socket).map(|socket| Self::Unix { file: None, socket })
            }
        }
    }

    /// Sets options on the listening socket; Linux passes them on to each connection. Keepalive finds within two minutes
    /// that an MTA is gone; the idle time-out alone takes two hours.
    fn for_each_connection(socket: &SockRef<'_>) -> io::Result<()> {
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(60))
            .with_interval(Duration::from_secs(15))
            .with_retries(4);
        socket.set_tcp_keepalive(&keepalive)?;
        socket.set_tcp_nodelay(true)
    }
}

/// The first address of a host. `inet:` prefers IPv4, which most people mean when they write `localhost`.
async fn resolve(host: &str, port: u16, only_v6: bool) -> Result<SocketAddr, BindError> {
    let failed = |source| BindError::Resolve { host: host.to_owned(), source };
    let found: Vec<SocketAddr> = lookup_host((host, port)).await.map_err(failed)?.collect();
    let best = found.iter().find(|address| address.is_ipv6() == only_v6);
    let any = if only_v6 { None } else { found.first() };
    best.or(any).copied().ok_or_else(|| failed(io::ErrorKind::NotFound.into()))
}

#[cfg(test)]
mod tests;
