//! The errors of binding a socket, each with advice.

use std::io;
use std::path::PathBuf;

use nix::errno::Errno;

use crate::config::ListenAddress;

/// The reason why an address can't be bound, with advice.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another process answers there.
    #[error("another process answers on {0}; stop it, or give this listener another address")]
    Answered(ListenAddress),
    /// Not a socket.
    #[error("{0} exists and is not a socket; remove it, or give this listener another path")]
    NotASocket(PathBuf),
    /// No such group.
    #[error("there is no group `{0}`")]
    Group(String),
    /// The file can't be given to the group.
    #[error(
        "can't give {path} to the group `{group}`: {source}; run as a member of it (SupplementaryGroups= in systemd)"
    )]
    ChangeGroup {
        /// The socket file.
        path: PathBuf,
        /// The group.
        group: String,
        /// What the system says.
        source: io::Error,
    },
    /// The host name is unknown.
    #[error("can't find the address of `{host}`: {source}; write an IP address")]
    Resolve {
        /// The host name.
        host: String,
        /// What the resolver says.
        source: io::Error,
    },
    /// `fd:NAME` without such a descriptor.
    #[error("systemd has passed no socket named `{0}` (FileDescriptorName= of the socket unit); it has passed: {1}")]
    NotPassed(String, String),
    /// The system does not allow it.
    #[error("can't listen on {address}: {source}{hint}")]
    System {
        /// The address.
        address: ListenAddress,
        /// What the system says.
        source: io::Error,
        /// Advice.
        hint: &'static str,
    },
}

/// An error of the system, with its usual cause.
pub(crate) fn system(address: &ListenAddress, source: io::Error) -> BindError {
    let unix = matches!(address, ListenAddress::Unix(_));
    let hint = match Errno::from_raw(source.raw_os_error().unwrap_or_default()) {
        Errno::EADDRINUSE => "; `ss -ltnp` shows which process has it",
        Errno::EADDRNOTAVAIL => "; no network interface of this machine has that address",
        Errno::EACCES if unix => "; the user of this service must be able to write to the folder",
        Errno::EACCES => "; ports below 1024 need CAP_NET_BIND_SERVICE",
        Errno::EAFNOSUPPORT => "; this machine has no IPv6",
        Errno::ENOENT if unix => "; create the folder first (RuntimeDirectory= in systemd)",
        Errno::EROFS => "; the folder is read-only (ReadWritePaths= in systemd)",
        _ => "",
    };
    BindError::System { address: address.clone(), source, hint }
}
