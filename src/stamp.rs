//! Versions of files, told apart without reading them.
//!
//! A change shows in the file's identity, size and times, so a look costs one system call. On a file system with coarse
//! times a second change soon after the first leaves no trace; a file that young is worth another look.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// A file is young for this long after a change: the coarsest times of file systems in use are 2 s (FAT) and 1 s (old
/// NFS).
const YOUNG_AGE: Duration = Duration::from_secs(2);

/// The properties that tell one version of a file, or of a directory, from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    /// True if the stamp was taken so soon after a change that the next change may leave the same stamp.
    young: bool,
}

impl Stamp {
    /// The stamp of the file or directory at the path; links are followed.
    pub(crate) fn of(path: &Path, now: SystemTime) -> io::Result<Self> {
        fs::metadata(path).map(|metadata| Self::from_metadata(&metadata, now))
    }

    pub(crate) fn from_metadata(metadata: &Metadata, now: SystemTime) -> Self {
        let age = metadata.modified().ok().and_then(|modified| now.duration_since(modified).ok());
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            young: age.is_some_and(|age| age < YOUNG_AGE),
        }
    }

    /// True if both are stamps of the same version, as far as stamps tell.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Self { young: false, ..*self } == Self { young: false, ..*other }
    }

    /// When the content was last changed, in seconds since 1970.
    pub(crate) fn modified(&self) -> i64 {
        self.modified.0
    }

    /// True for a file that was being written a moment ago.
    pub(crate) fn is_young(&self) -> bool {
        self.young
    }

    /// True if the file with the stamp `now` may differ from the file that had this stamp.
    pub(crate) fn is_stale(&self, now: &Self) -> bool {
        self.young || !self.same(now)
    }
}
