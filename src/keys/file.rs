//! One key file: read up to a bound, and read again only when it has changed.
//!
//! A change is seen by its [`Stamp`].

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use crate::stamp::Stamp;

/// The largest RSA key that anybody uses has 13 KiB in PEM.
const MAX_KEY_FILE_OCTETS: u64 = 64 << 10;

/// The content of a key file.
pub(super) struct Content {
    pub(super) bytes: Vec<u8>,
    pub(super) stamp: Stamp,
    /// The permissions, if they let every user of the machine read the key.
    pub(super) readable_by_all: Option<u32>,
}

/// Why a key file can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FileError {
    /// There is no such file.
    #[error("there is no such file")]
    Missing,
    /// The service may not read it.
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
    /// The path leads to a directory or a device.
    #[error("is not a file")]
    NotAFile,
    /// The file is too long to be a key.
    #[error("is longer than {} KiB, so it is no key", MAX_KEY_FILE_OCTETS >> 10)]
    TooLong,
}

/// Reads a key file.
pub(super) fn read(path: &Path, now: SystemTime) -> Result<Content, FileError> {
    let metadata = fs::metadata(path).map_err(|error| refused(&error, None))?;
    // Without O_NONBLOCK, opening a named pipe would wait for its other end.
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    let refused = |error: io::Error| refused(&error, Some(&metadata));
    let file = File::open(path).map_err(refused)?;
    // The metadata of the opened file: the path may lead to another file by now.
    let metadata = file.metadata().map_err(refused)?;
    let mut bytes = Vec::new();
    file.take(MAX_KEY_FILE_OCTETS + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > MAX_KEY_FILE_OCTETS {
        return Err(FileError::TooLong);
    }
    let mode = metadata.mode() & 0o7777;
    let readable_by_all = (mode & 0o004 != 0).then_some(mode);
    Ok(Content { bytes, stamp: Stamp::from_metadata(&metadata, now), readable_by_all })
}

fn refused(error: &io::Error, metadata: Option<&Metadata>) -> FileError {
    match (error.kind(), metadata) {
        (io::ErrorKind::NotFound, _) => FileError::Missing,
        (io::ErrorKind::PermissionDenied, Some(metadata)) => FileError::Permission {
            reader: nix::unistd::geteuid().as_raw(),
            owner: metadata.uid(),
            group: metadata.gid(),
            mode: metadata.mode() & 0o7777,
        },
        _ => FileError::Io(error.to_string()),
    }
}
