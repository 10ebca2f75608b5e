//! The one way to read a file that the configuration or the command line names.
//!
//! A path may lead to anything: a named pipe that nobody writes to, an endless device, a directory, a file of many GB.
//! Only a regular file is read, and only up to a bound. Links are followed. The file is opened without waiting, and
//! looked at again once it is open, since the path may lead to another file by then.

use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::libc::{O_NOCTTY, O_NONBLOCK};

/// The largest RSA key that anybody uses has 13 KiB in PEM.
pub(crate) const MAX_KEY_FILE: FileBound = FileBound { octets: 64 << 10, what: "key" };
/// A token has at most 512 octets.
pub(crate) const MAX_TOKEN_FILE: FileBound = FileBound { octets: 4 << 10, what: "token" };
/// The password is the first line of its file.
pub(crate) const MAX_PASSWORD_FILE: FileBound = FileBound { octets: 4 << 10, what: "password" };
/// All certificates that an operating system trusts have about 250 KiB.
pub(crate) const MAX_CERTIFICATE_FILE: FileBound = FileBound { octets: 4 << 20, what: "list of certificates" };
/// A table of a million lines is shorter.
pub(crate) const MAX_CONFIGURATION_FILE: FileBound = FileBound { octets: 64 << 20, what: "configuration or table" };
/// Larger than any message that an MTA takes with its defaults.
pub(crate) const MAX_MESSAGE_FILE: FileBound = FileBound { octets: 256 << 20, what: "message" };
/// The bits of a mode that are permissions.
pub(crate) const PERMISSIONS: u32 = 0o7777;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_READ: u32 = 0o004;
const OTHERS_WRITE: u32 = 0o002;

/// The longest file of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileBound {
    /// Octets.
    pub(crate) octets: u64,
    /// The content that such a file has.
    pub(crate) what: &'static str,
}

/// A file that has been read.
pub(crate) struct FileContent {
    pub(crate) bytes: Vec<u8>,
    /// The properties of the file that was read.
    pub(crate) metadata: Metadata,
}

/// Why a file can't be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The service may not read the file.
    #[error("can't be read by uid {reader}: it belongs to {owner}:{group}, mode {mode:04o}")]
    Permission {
        /// User of the service.
        reader: u32,
        /// Owner of the file.
        owner: u32,
        /// Group of the file.
        group: u32,
        /// Permissions of the file.
        mode: u32,
    },
    /// The operating system reports another error.
    #[error("can't be read: {0}")]
    Io(String),
    /// The path leads to something else than a regular file.
    #[error("is {0}, not a file; name a regular file or a link to one")]
    NotAFile(&'static str),
    /// The file is too long for its purpose.
    #[error("is longer than {}, so it is no {what}", size(*octets))]
    TooLong {
        /// The bound.
        octets: u64,
        /// What the file should hold.
        what: &'static str,
    },
    /// The file holds text in another charset, or no text.
    #[error("is not text in UTF-8; octet {0} is the first that does not fit")]
    NotText(usize),
}

/// Reads a file.
pub(crate) fn read(path: &Path, bound: FileBound) -> Result<FileContent, FileError> {
    let metadata = fs::metadata(path).map_err(|error| refused(&error, None))?;
    // A device may act as soon as it is opened, so it is not even opened.
    check_type(metadata.file_type())?;
    let refused = |error: io::Error| refused(&error, Some(&metadata));
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(path).map_err(refused)?;
    let opened = file.metadata().map_err(refused)?;
    check_type(opened.file_type())?;
    let FileBound { octets, what } = bound;
    let bytes = read_up_to(file, bound).map_err(refused)?.ok_or(FileError::TooLong { octets, what })?;
    Ok(FileContent { bytes, metadata: opened })
}

/// Reads a file that may be a pipe too, as a shell makes it of `<(..)`.
pub(crate) fn read_stream(path: &Path, bound: FileBound) -> Result<Vec<u8>, FileError> {
    let unread = |error: io::Error| refused(&error, None);
    let FileBound { octets, what } = bound;
    let file = File::open(path).map_err(unread)?;
    read_up_to(file, bound).map_err(unread)?.ok_or(FileError::TooLong { octets, what })
}

/// Reads a file of text.
pub(crate) fn read_text(path: &Path, bound: FileBound) -> Result<String, FileError> {
    let text = String::from_utf8(read(path, bound)?.bytes);
    text.map_err(|error| FileError::NotText(error.utf8_error().valid_up_to() + 1))
}

/// What other users than the owner can do to a secret file, if they can do too much. A group that reads is intended.
pub(crate) fn exposure(mode: u32) -> Option<&'static str> {
    match (mode & OTHERS_READ != 0, mode & OTHERS_WRITE != 0) {
        (true, true) => Some("every user of this machine can read and change"),
        (false, true) => Some("every user of this machine can change"),
        (true, false) => Some("every user of this machine can read"),
        (false, false) => (mode & GROUP_WRITES != 0).then_some("its group can change"),
    }
}

/// A warning about a secret file whose permissions let other users do too much.
pub(crate) fn exposed(path: &Path, what: &str, metadata: &Metadata) -> Option<String> {
    let mode = metadata.mode() & PERMISSIONS;
    let exposure = exposure(mode)?;
    Some(format!("{}: {exposure} the {what} (mode {mode:04o}); mend it with `chmod o=,g-w`", path.display()))
}

fn read_up_to(file: File, bound: FileBound) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    file.take(bound.octets.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= bound.octets).then_some(bytes))
}

fn check_type(found: FileType) -> Result<(), FileError> {
    match found {
        file if file.is_file() => Ok(()),
        directory if directory.is_dir() => Err(FileError::NotAFile("a directory")),
        pipe if pipe.is_fifo() => Err(FileError::NotAFile("a named pipe")),
        socket if socket.is_socket() => Err(FileError::NotAFile("a socket")),
        _ => Err(FileError::NotAFile("a device")),
    }
}

fn refused(error: &io::Error, metadata: Option<&Metadata>) -> FileError {
    match (error.kind(), metadata) {
        (io::ErrorKind::NotFound, _) => FileError::Missing,
        (io::ErrorKind::PermissionDenied, Some(metadata)) => FileError::Permission {
            reader: nix::unistd::geteuid().as_raw(),
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & PERMISSIONS,
        },
        _ => FileError::Io(error.to_string()),
    }
}

fn size(octets: u64) -> String {
    if octets >= 1 << 20 { format!("{} MiB", octets >> 20) } else { format!("{} KiB", octets >> 10) }
}

#[cfg(test)]
mod tests;
