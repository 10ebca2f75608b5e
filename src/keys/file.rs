//! One key file: read with a limit, and read again only when it has changed.
//!
//! A change is seen by its [`Stamp`].

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

use crate::stamp::Stamp;

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
    /// There is none.
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
    /// The operating system won't give it.
    #[error("can't be read: {0}")]
    Io(String),
    /// A directory, a device.
    #[error("is not a file")]
    NotAFile,
    /// Too long to be a key.
    #[error("is longer than {} KiB, so it is no key", LONGEST >> 10)]
    TooLong,
}

/// Reads a key file.
pub(super) fn read(path: &Path, now: SystemTime) -> Result<Content, FileError> {
    let metadata = fs::metadata(path).map_err(|error| refused(&error, None))?;
    // To open a named pipe would wait for its other end.
    if !metadata.is_file() {
        return Err(FileError::NotAFile);
    }
    let refused = |error: io::Error| refused(&error, Some(&metadata));
    let file = File::open(path).map_err(refused)?;
    // Of the opened file: the path may lead to another by now.
    let metadata = file.metadata().map_err(refused)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > LONGEST {
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

/// The largest RSA key that anybody uses has 13 KiB in PEM.
const LONGEST: u64 = 64 << 10;
