//! The files of a configuration, and whether they have changed since they were read.
//!
//! The stamp of a file is taken before the file is read, so that no change is missed between the two. A file that is
//! still being written is left alone until it rests. Each change is reported once: if the new text is not good, nothing
//! happens until the file changes again.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::stamp::Stamp;

/// A table of a million lines is shorter.
const MAX_FILE_OCTETS: u64 = 64 << 20;

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
    /// If it can't be read, is longer than 64 MiB, or is not UTF-8.
    pub(crate) fn read(&mut self, path: &Path, is_config: bool) -> io::Result<String> {
        let stamp = Stamp::of(path, SystemTime::now()).ok();
        self.files.retain(|file| file.path != path);
        self.files.push(Watched { path: path.to_owned(), stamp, is_config });
        let mut text = String::new();
        File::open(path)?.take(MAX_FILE_OCTETS + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_FILE_OCTETS {
            return Err(io::Error::other(format!("is longer than {} MiB", MAX_FILE_OCTETS >> 20)));
        }
        Ok(text)
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
