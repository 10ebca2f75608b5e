//! Unix sockets with a file. There is no moment in which nobody listens, and only the owner removes the file.
//!
//! A socket is bound under a temporary name beside its own, gets its group and mode, listens, and then is renamed. So
//! an MTA finds either the old socket or the new one, never one that it may not use or that nobody listens on.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::unistd::Group;
use postseal_filters::Role;
use socket2::{Domain, SockAddr, Type};
use tokio::net::UnixListener;

use super::error::{BindError, system};
use crate::config::{ListenAddress, ListenerConfig, ListenerMta, Mode};

/// Size of `sun_path`; one octet of it is the NUL at the end (unix(7)).
const MAX_SUN_PATH_OCTETS: usize = 108;

/// Connections that may wait to be taken; the system may allow less (`net.core.somaxconn`).
pub(super) const MAX_PENDING_CONNECTIONS: i32 = 1024;

/// The file of a socket that this process has bound. Dropping it removes the file, if the file still leads to the socket.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn at(path: &Path) -> io::Result<Self> {
        let found = fs::symlink_metadata(path)?;
        Ok(Self { path: path.to_owned(), device: found.dev(), inode: found.ino() })
    }

    /// True if the path still leads to the socket. While the socket is open, no other file can have its inode.
    pub(super) fn is_ours(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_ours() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Binds a socket at `path`. A socket there on which nobody listens is replaced.
pub(super) fn bind(path: &Path, listener: &ListenerConfig) -> Result<(UnixListener, SocketFile), BindError> {
    let failed = |source| system(&listener.address, source);
    let group = listener.group.as_deref().map(group_id).transpose()?;
    free(path, &listener.address)?;
    let temporary = Temporary::beside(path);
    let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None).map_err(failed)?;
    socket.set_nonblocking(true).map_err(failed)?;
    socket.bind(&SockAddr::unix(&temporary.0).map_err(failed)?).map_err(failed)?;
    if let Some(id) = group {
        lchown(&temporary.0, None, Some(id)).map_err(|source| BindError::ChangeGroup {
            path: path.to_owned(),
            group: listener.group.clone().unwrap_or_default(),
            source,
        })?;
    }
    fs::set_permissions(&temporary.0, fs::Permissions::from_mode(listener.mode.bits())).map_err(failed)?;
    socket.listen(MAX_PENDING_CONNECTIONS).map_err(failed)?;
    fs::rename(&temporary.0, path).map_err(failed)?;
    let file = SocketFile::at(path).map_err(failed)?;
    let socket = UnixListener::from_std(socket.into()).map_err(failed)?;
    Ok((socket, file))
}

/// Binds a socket that only this user can connect to.
pub(crate) fn bind_private(path: &Path) -> Result<(UnixListener, SocketFile), BindError> {
    let address = ListenAddress::Unix(path.to_owned());
    let (name, mta) = (String::new(), ListenerMta::Auto);
    bind(path, &ListenerConfig { name, address, role: Role::Local, mta, mode: Mode::PRIVATE, group: None })
}

/// Makes sure that no process uses the file at `path`.
fn free(path: &Path, address: &ListenAddress) -> Result<(), BindError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(system(address, error)),
        Ok(found) if !found.file_type().is_socket() => return Err(BindError::NotASocket(path.to_owned())),
        Ok(_) => {}
    }
    let connect = || -> io::Result<()> {
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        socket.connect(&SockAddr::unix(path)?)
    };
    let Err(error) = connect() else { return Err(BindError::Answered(address.clone())) };
    match Errno::from_raw(error.raw_os_error().unwrap_or_default()) {
        Errno::ECONNREFUSED | Errno::ENOENT => Ok(()),
        // The backlog is full, or the socket has another type: some process uses it.
        Errno::EAGAIN | Errno::EPROTOTYPE => Err(BindError::Answered(address.clone())),
        _ => Err(system(address, error)),
    }
}

fn group_id(group: &str) -> Result<u32, BindError> {
    if let Ok(id) = group.parse() {
        return Ok(id);
    }
    match Group::from_name(group) {
        Ok(Some(found)) => Ok(found.gid.as_raw()),
        _ => Err(BindError::Group(group.to_owned())),
    }
}

/// A name in the same folder, which is removed if it has not been renamed.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(path: &Path) -> Self {
        // A process that died between bind and rename leaves its file. The next process with the same id overwrites it.
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}", std::process::id()));
        let long = path.with_file_name(name);
        let fits = long.as_os_str().len() < MAX_SUN_PATH_OCTETS;
        let this = Self(if fits { long } else { path.with_file_name(format!(".{}", std::process::id())) });
        let _ = fs::remove_file(&this.0);
        this
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
