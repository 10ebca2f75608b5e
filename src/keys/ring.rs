//! All key files, listed one by one or found in the key directory, and the keys in them.
//!
//! A listed file is expected to exist, so its key stays when the file disappears. A file in the key directory is removed
//! by a postmaster who no longer wants the key, so the key goes too, but only when the file is missed twice in a row:
//! many programs replace a file by removing it first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use postseal_filters::mail::address::DomainName;

use super::directory::{Directory, DirectoryBounds, DirectoryListing, KeyName};
use super::held::{KeyFile, ParsedKey};
use super::notice::{KeyEvent, Notice};
use super::stray::{self, StrayContent};

/// Warnings about the key directory that one look at it may give.
const MAX_TOLD_WARNINGS: usize = 20;

/// Key files and their keys.
pub(super) struct Ring<K> {
    listed: BTreeMap<PathBuf, KeyFile<K>>,
    directory: Option<Directory>,
    found: BTreeMap<KeyName, RingSlot<K>>,
    /// The domains whose folders can't be listed.
    closed: BTreeSet<DomainName>,
    /// Faults that have been reported, such as folders that can't be listed: each is reported once.
    faults: Vec<Notice>,
    /// Keys under names that are not looked for.
    strays: Vec<Notice>,
    /// True once it has been reported that the directory holds no key.
    is_empty: bool,
}

struct RingSlot<K> {
    held: KeyFile<K>,
    missed: bool,
}

impl<K> Ring<K> {
    /// Files not read yet.
    pub(super) fn new(
        listed: impl IntoIterator<Item = PathBuf>, directory: Option<PathBuf>, bounds: DirectoryBounds,
    ) -> Self {
        Self {
            listed: listed.into_iter().map(|path| (path.clone(), KeyFile::new(path))).collect(),
            directory: directory.map(|path| Directory::new(path, bounds)),
            found: BTreeMap::new(),
            closed: BTreeSet::new(),
            faults: Vec::new(),
            strays: Vec::new(),
            is_empty: false,
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

    /// The domains whose folders can't be listed: they may have keys.
    pub(super) fn closed(&self) -> impl Iterator<Item = &DomainName> {
        self.closed.iter()
    }

    /// Files and folders that can't be used as they are now.
    pub(super) fn broken(&self) -> usize {
        let held = self.listed.values().chain(self.found.values().map(|found| &found.held));
        let faults = self.faults.iter().filter(|fault| matches!(fault.event, KeyEvent::Broken { .. }));
        held.filter(|held| held.is_broken()).count() + faults.count()
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
        let Some(mut directory) = self.directory.take() else { return changed };
        let (top, mut news) = (directory.path().clone(), Vec::new());
        changed |= match directory.scan(now) {
            Ok((listing, is_new)) => {
                if is_new {
                    self.look_for_strays(listing, &parse, &mut news);
                }
                tell_new(&mut self.faults, listing.faults.clone(), &mut news);
                let changed = self.refresh_found(listing, now, &parse, &mut news);
                let empty = self.found.is_empty() && self.closed.is_empty();
                if empty && !self.is_empty {
                    news.push(Notice { path: top.clone(), event: KeyEvent::NoKeys });
                }
                self.is_empty = empty;
                changed
            }
            Err(fault) => {
                tell_new(&mut self.faults, vec![fault], &mut news);
                false
            }
        };
        tell_some(news, &top, notices);
        self.directory = Some(directory);
        changed
    }

    /// Tells of keys in the directory that are not used.
    fn look_for_strays(
        &mut self, listing: &DirectoryListing, parse: &impl Fn(&[u8], i64) -> Result<ParsedKey<K>, String>,
        notices: &mut Vec<Notice>,
    ) {
        let listed: BTreeSet<_> = self.listed.keys().filter_map(|path| path.canonicalize().ok()).collect();
        let is_listed = |path: &Path| path.canonicalize().is_ok_and(|path| listed.contains(&path));
        let is_key =
            |file: &StrayContent<'_>| (file.names_a_key() || parse(file.bytes, 0).is_ok()) && !is_listed(file.path);
        let strays = stray::find(&listing.strays, is_key);
        tell_new(&mut self.strays, strays, notices);
    }

    /// Reads the files of the directory that have changed, and drops the keys whose files are gone.
    fn refresh_found(
        &mut self, listing: &DirectoryListing, now: SystemTime,
        parse: &impl Fn(&[u8], i64) -> Result<ParsedKey<K>, String>, notices: &mut Vec<Notice>,
    ) -> bool {
        let mut changed = self.closed != listing.closed;
        self.closed.clone_from(&listing.closed);
        self.found.retain(|name, found| {
            let gone = !listing.files.contains_key(name);
            if gone && found.missed {
                notices.push(Notice { path: found.held.path().to_owned(), event: KeyEvent::Removed });
                changed = true;
                return false;
            }
            found.missed = gone;
            true
        });
        for (name, path) in &listing.files {
            let new = || RingSlot { held: KeyFile::new(path.clone()), missed: false };
            let found = self.found.entry(name.clone()).or_insert_with(new);
            found.held.moved(path);
            changed |= found.held.refresh(now, parse, notices);
        }
        changed
    }
}

/// Reports faults, unless they have been reported before.
fn tell_new(told: &mut Vec<Notice>, faults: Vec<Notice>, notices: &mut Vec<Notice>) {
    let known: BTreeSet<_> = told.iter().map(ToString::to_string).collect();
    notices.extend(faults.iter().filter(|fault| !known.contains(&fault.to_string())).cloned());
    *told = faults;
}

/// Reports everything but warnings above a number, which become a single one.
fn tell_some(news: Vec<Notice>, directory: &Path, notices: &mut Vec<Notice>) {
    let mut warnings = 0_usize;
    notices.extend(news.into_iter().filter(|notice| {
        warnings += usize::from(notice.is_warning());
        !notice.is_warning() || warnings <= MAX_TOLD_WARNINGS
    }));
    if let Some(count) = warnings.checked_sub(MAX_TOLD_WARNINGS).filter(|count| *count > 0) {
        notices.push(Notice { path: directory.to_owned(), event: KeyEvent::More { count } });
    }
}

#[cfg(test)]
mod tests;
