//! All key files, listed one by one or found in the key directory, and the keys in them.
//!
//! A listed file is expected to exist, so its key stays when the file disappears. A file in the key directory is removed
//! by a postmaster who no longer wants the key, so the key goes too, but only when the file is missed twice in a row:
//! many programs replace a file by removing it first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::directory::{Directory, KeyName, Unusable};
use super::held::{KeyFile, ParsedKey};
use super::notice::{KeyEvent, Notice};

/// Key files and their keys.
pub(super) struct Ring<K> {
    listed: BTreeMap<PathBuf, KeyFile<K>>,
    directory: Option<Directory>,
    found: BTreeMap<KeyName, RingSlot<K>>,
    /// Problems that have been reported, such as folders that can't be listed: each is reported once.
    unusable: Vec<Unusable>,
}

struct RingSlot<K> {
    held: KeyFile<K>,
    missed: bool,
}

impl<K> Ring<K> {
    /// Files not read yet.
    pub(super) fn new(listed: impl IntoIterator<Item = PathBuf>, directory: Option<PathBuf>) -> Self {
        Self {
            listed: listed.into_iter().map(|path| (path.clone(), KeyFile::new(path))).collect(),
            directory: directory.map(Directory::new),
            found: BTreeMap::new(),
            unusable: Vec::new(),
        }
    }

    /// The key in a listed file, or why there is none.
    pub(super) fn listed(&self, path: &Path) -> Result<&K, &str> {
        self.listed.get(path).ok_or("is not listed").and_then(KeyFile::key)
    }

    /// The keys of the key directory by domain and selector.
    pub(super) fn found(&self) -> impl Iterator<Item = (&KeyName, Result<&K, &str>)> {
        self.found.iter().map(|(name, found)| (name, found.held.key()))
    }

    /// Files and folders that can't be used as they are now.
    pub(super) fn broken(&self) -> usize {
        let held = self.listed.values().chain(self.found.values().map(|found| &found.held));
        held.filter(|held| held.is_broken()).count() + self.unusable.len()
    }

    /// Reads the files that have changed. Returns true if keys have changed.
    pub(super) fn refresh(
        &mut self, now: SystemTime, parse: impl Fn(&[u8], i64) -> Result<ParsedKey<K>, String>,
        notices: &mut Vec<Notice>,
    ) -> bool {
        let mut changed = false;
        for held in self.listed.values_mut() {
            changed |= held.refresh(now, &parse, notices);
        }
        let Some(directory) = &mut self.directory else { return changed };
        let files = match directory.scan(now) {
            Ok(found) => {
                tell_unusable(&mut self.unusable, &found.unusable, notices);
                &found.files
            }
            Err(unusable) => {
                tell_unusable(&mut self.unusable, &[unusable], notices);
                return changed;
            }
        };
        self.found.retain(|name, found| {
            let gone = !files.contains_key(name);
            if gone && found.missed {
                notices.push(Notice { path: found.held.path().to_owned(), event: KeyEvent::Removed });
                changed = true;
                return false;
            }
            found.missed = gone;
            true
        });
        for (name, path) in files {
            let new = || RingSlot { held: KeyFile::new(path.clone()), missed: false };
            let found = self.found.entry(name.clone()).or_insert_with(new);
            found.held.moved(path);
            changed |= found.held.refresh(now, &parse, notices);
        }
        changed
    }
}

/// Reports a file that can't be used, unless it has been reported before.
fn tell_unusable(told: &mut Vec<Unusable>, unusable: &[Unusable], notices: &mut Vec<Notice>) {
    for (path, reason) in unusable.iter().filter(|one| !told.contains(one)) {
        let event = KeyEvent::Broken { reason: reason.clone(), kept: false };
        notices.push(Notice { path: path.clone(), event });
    }
    unusable.clone_into(told);
}

#[cfg(test)]
mod tests;
