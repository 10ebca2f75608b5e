//! Versions of files, told apart without reading them.
//!
//! A change is seen by the file's identity, size and times, so that looking costs one system call. Files on a file
//! system with coarse times can change without a trace for a moment after a change; a file that young is worth another
//! look.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What tells one version of a file, or of a directory, from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    /// Looked at so soon after a change that the next one may look the same.
    young: bool,
}

impl Stamp {
    /// The stamp of what the path leads to, through all links.
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
            young: age.is_some_and(|age| age < YOUNG),
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

    /// True if what has the stamp `now` may be something else than what had this one.
    pub(crate) fn is_stale(&self, now: &Self) -> bool {
        self.young || !self.same(now)
    }
}

/// The coarsest times of file systems in use are 2 s (FAT) and 1 s (old NFS).
const YOUNG: Duration = Duration::from_secs(2);
