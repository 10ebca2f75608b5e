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
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_change_is_told_once_and_not_before_the_file_rests() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("owners");
        std::fs::write(&path, "alice a@example.com\n").unwrap();
        let mut watch = Watch::default();
        assert_eq!(watch.read(&path, false).unwrap(), "alice a@example.com\n");
        let later = || SystemTime::now() + Duration::from_secs(60);
        assert!(watch.changed(later()).is_empty());

        std::fs::write(&path, "alice a@example.com\nbob").unwrap();
        assert!(watch.changed(SystemTime::now()).is_empty(), "somebody may still be writing");
        assert_eq!(watch.changed(later()), vec![path.clone()]);
        assert!(watch.changed(later()).is_empty());

        std::fs::remove_file(&path).unwrap();
        assert_eq!(watch.changed(later()), vec![path.clone()]);
        assert!(watch.changed(later()).is_empty());
    }

    #[test]
    fn a_link_that_is_switched_is_a_change() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for version in ["one", "two"] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("table"), version).unwrap();
        }
        std::os::unix::fs::symlink("one", at("..data")).unwrap();
        std::os::unix::fs::symlink("..data/table", at("table")).unwrap();
        let mut watch = Watch::default();
        watch.read(&at("table"), false).unwrap();
        std::os::unix::fs::symlink("two", at("..next")).unwrap();
        std::fs::rename(at("..next"), at("..data")).unwrap();
        assert_eq!(watch.changed(SystemTime::now() + Duration::from_secs(60)), [at("table")]);
        assert_eq!(watch.read(&at("table"), false).unwrap(), "two");
    }

    #[test]
    fn what_is_not_wanted_is_not_watched() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = Watch::default();
        assert!(watch.read(&folder.path().join("missing"), true).is_err());
        assert!(watch.clone().only(false, true).is_empty());
        assert!(!watch.only(true, false).is_empty());
    }
}
