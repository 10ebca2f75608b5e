//! A folder of keys: the names in it, and the users that may change it.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::sys::statvfs::{FsFlags, statvfs};

use super::notice::{KeyEvent, Notice};
use crate::regular_file::{PERMISSIONS, exposure};
use crate::stamp::Stamp;

/// The end of the name of a key file.
pub(super) const SUFFIX: &str = ".pem";
/// The permission to list a folder harms nobody.
const READING: u32 = 0o444;

/// The names in a folder, without hidden ones.
pub(super) struct Folder {
    pub(super) path: PathBuf,
    pub(super) names: Vec<String>,
    /// True if the path leads to something else.
    pub(super) is_file: bool,
    stamp: Option<Stamp>,
    /// The other users that may change the folder, and its permissions.
    open: Option<(&'static str, u32)>,
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, names: Vec::new(), is_file: false, stamp: None, open: None }
    }

    /// Lists the folder if it has changed; true if it has. At most `bound` entries are read.
    pub(super) fn refresh(&mut self, now: SystemTime, bound: usize) -> io::Result<bool> {
        let metadata = fs::metadata(&self.path)?;
        let stamp = Stamp::from_metadata(&metadata, now);
        if self.stamp.is_some_and(|known| !known.is_stale(&stamp)) {
            return Ok(false);
        }
        self.names = list(&self.path, bound)?;
        self.stamp = Some(stamp);
        self.is_file = false;
        self.open = open_to(&self.path, &metadata);
        Ok(true)
    }

    /// The path does not lead to a folder; true if it did before, or has not been looked at.
    pub(super) fn forget(&mut self) -> bool {
        let before = self.is_file;
        *self = Self { is_file: true, ..Self::new(std::mem::take(&mut self.path)) };
        !before
    }

    /// The warning about other users that may change the folder.
    pub(super) fn open_to_others(&self) -> Option<Notice> {
        let (exposure, mode) = self.open?;
        Some(Notice { path: self.path.clone(), event: KeyEvent::OpenFolder { exposure, mode } })
    }
}

/// The names in a folder.
pub(super) fn list(path: &Path, bound: usize) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for (count, entry) in fs::read_dir(path)?.enumerate() {
        if count == bound {
            let reason = format!("it has more than {bound} entries");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        // A name that is not UTF-8 is no domain and no selector.
        if let Ok(name) = entry?.file_name().into_string()
            && !name.starts_with('.')
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// Nobody can change a folder of a file system that is mounted to be read, such as a Secret of Kubernetes.
fn open_to(path: &Path, metadata: &Metadata) -> Option<(&'static str, u32)> {
    let mode = metadata.mode() & PERMISSIONS;
    let exposure = exposure(mode & !READING)?;
    let read_only = statvfs(path).is_ok_and(|system| system.flags().contains(FsFlags::ST_RDONLY));
    (!read_only).then_some((exposure, mode))
}
