//! The files of a configuration, and whether they have changed since they were read.
//!
//! The stamp of a file is taken before the file is read, so that no change is missed between the two. A file that is
//! still being written is left alone until it rests. Each change is reported once: if the new text is not good, nothing
//! happens until the file changes again.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::regular_file::{self, FileError, MAX_CONFIGURATION_FILE};
use crate::stamp::Stamp;

/// The files.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    files: Vec<Watched>,
}

#[derive(Clone)]
struct Watched {
    path: PathBuf,
    stamp: Option<Stamp>,
    is_config: bool,
}

impl Watch {
    /// Reads the configuration file, or a table that it names, and remembers which version that was.
    ///
    /// # Errors
    /// If it is no regular file, can't be read, is longer than 64 MiB, or is not UTF-8.
    pub(crate) fn read(&mut self, path: &Path, is_config: bool) -> Result<String, FileError> {
        let stamp = Stamp::of(path, SystemTime::now()).ok();
        self.files.retain(|file| file.path != path);
        self.files.push(Watched { path: path.to_owned(), stamp, is_config });
        regular_file::read_text(path, MAX_CONFIGURATION_FILE)
    }

    /// Keeps only the files of this kind.
    #[must_use]
    pub(crate) fn only(mut self, config: bool, tables: bool) -> Self {
        self.files.retain(|file| if file.is_config { config } else { tables });
        self
    }

    /// True if there is nothing to look at.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Looks at all files, and returns those that have changed since the last look and rest now.
    pub(crate) fn changed(&mut self, now: SystemTime) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for file in &mut self.files {
            let stamp = Stamp::of(&file.path, now).ok();
            let same = match (&file.stamp, &stamp) {
                (Some(before), Some(now)) => before.same(now),
                (before, now) => before.is_none() && now.is_none(),
            };
            if !same && !stamp.as_ref().is_some_and(Stamp::is_young) {
                file.stamp = stamp;
                changed.push(file.path.clone());
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests;
