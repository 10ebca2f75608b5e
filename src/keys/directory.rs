//! The keys in `dkim.key_dir`.
//!
//! ```text
//! KEY_DIR/example.com/s2026.pem                 a folder for each domain, a file for each selector
//! KEY_DIR/s2026._domainkey.example.com.pem      or all in one, as in a Kubernetes Secret
//! ```
//!
//! Names that begin with a dot are passed over: drafts, and the `..data` of Kubernetes, to which the other names link.
//! A folder is listed again only when it has changed, so that each of thousands of domains costs one system call. A folder
//! with more entries than its bound is not used: it is no folder of keys, or not that of one domain.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};
use std::io;
use std::path::PathBuf;
use std::time::SystemTime;

use super::folder::{Folder, SUFFIX};
use super::notice::{KeyEvent, Notice};
use super::stray::StrayFile;
use postseal_filters::mail::address::{DomainName, NameError, SelectorName};

/// A directory of keys as it was last seen.
pub(super) struct Directory {
    top: Folder,
    domains: BTreeMap<String, Folder>,
    bounds: DirectoryBounds,
    found: DirectoryListing,
}

/// How many entries are read of a folder.
#[derive(Clone, Copy, Debug)]
pub(super) struct DirectoryBounds {
    /// Of the directory itself: `dkim.key_dir_max_domains`.
    pub(super) domains: usize,
    /// Of the folder of a domain: `dkim.key_dir_max_selectors`.
    pub(super) selectors: usize,
}

/// A key by domain and selector.
pub(super) type KeyName = (DomainName, SelectorName);

/// The content of a key directory.
#[derive(Default)]
pub(super) struct DirectoryListing {
    /// The file of each key. The files of a folder that can't be listed now count as still there.
    pub(super) files: BTreeMap<KeyName, PathBuf>,
    /// The domains whose folders can't be listed.
    pub(super) closed: BTreeSet<DomainName>,
    /// Faults of folders and names; each is told once.
    pub(super) faults: Vec<Notice>,
    /// Files that may be keys, under names that are not looked for.
    pub(super) strays: Vec<StrayFile>,
}

impl Directory {
    /// A directory not looked at yet.
    pub(super) fn new(path: PathBuf, bounds: DirectoryBounds) -> Self {
        let top = Folder::new(path);
        Self { top, domains: BTreeMap::new(), bounds, found: DirectoryListing::default() }
    }

    /// The directory itself.
    pub(super) fn path(&self) -> &PathBuf {
        &self.top.path
    }

    /// Looks at the directory and its folders. Returns the listing, and whether it has changed.
    ///
    /// # Errors
    /// If the directory itself can't be listed.
    pub(super) fn scan(&mut self, now: SystemTime) -> Result<(&DirectoryListing, bool), Notice> {
        let mut changed = match self.top.refresh(now, self.bounds.domains) {
            Ok(changed) => changed,
            Err(error) => return Err(unlisted(&self.top, &error, "dkim.key_dir_max_domains")),
        };
        if changed {
            let mut known = std::mem::take(&mut self.domains);
            // A name without a dot is no domain. It may be lost+found, which the service can't list.
            for name in self.top.names.iter().filter(|name| name.contains('.') && !name.ends_with(SUFFIX)) {
                let folder = known.remove(name).unwrap_or_else(|| Folder::new(self.top.path.join(name)));
                self.domains.insert(name.clone(), folder);
            }
        }
        let (mut faults, mut closed) = (Vec::new(), BTreeSet::new());
        for (name, folder) in &mut self.domains {
            match folder.refresh(now, self.bounds.selectors) {
                Ok(news) => changed |= news,
                // A file beside the folders, or a folder that has just been removed.
                Err(error) if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) => {
                    changed |= folder.forget();
                }
                Err(error) => {
                    faults.push(unlisted(folder, &error, "dkim.key_dir_max_selectors"));
                    closed.extend(name.parse::<DomainName>());
                }
            }
        }
        changed |= closed != self.found.closed;
        if changed || !self.found.closed.is_empty() {
            self.found = DirectoryListing { closed, faults, ..DirectoryListing::default() };
            self.collect();
        }
        Ok((&self.found, changed))
    }

    fn collect(&mut self) {
        let folders = std::iter::once(&self.top).chain(self.domains.values());
        self.found.faults.extend(folders.filter_map(Folder::open_to_others));
        for name in self.top.names.iter().filter(|name| self.domains.get(*name).is_none_or(|it| it.is_file)) {
            let key = name.strip_suffix(SUFFIX).and_then(|stem| stem.split_once("._domainkey."));
            let path = self.top.path.join(name);
            match key {
                Some((selector, domain)) => self.found.add(domain, selector, path),
                None => self.found.strays.push(StrayFile::at_the_top(path, name)),
            }
        }
        for (domain, folder) in &self.domains {
            for name in &folder.names {
                let path = folder.path.join(name);
                match name.strip_suffix(SUFFIX) {
                    Some(selector) => self.found.add(domain, selector, path),
                    None => self.found.strays.push(StrayFile::of_a_domain(path, domain, name)),
                }
            }
        }
    }
}

impl DirectoryListing {
    fn add(&mut self, domain: &str, selector: &str, path: PathBuf) {
        let name = || -> Result<KeyName, NameError> { Ok((domain.parse()?, selector.parse()?)) };
        match name() {
            Ok((name, _)) if name.after_domain_key().is_some() => {
                let advice = "a key is DOMAIN/SELECTOR.pem or SELECTOR._domainkey.DOMAIN.pem";
                self.faults.push(broken(path, format!("its domain has `_domainkey` in it: `{name}`; {advice}")));
            }
            Ok(name) => match self.files.entry(name) {
                Entry::Vacant(place) => drop(place.insert(path)),
                Entry::Occupied(first) => {
                    let reason =
                        format!("is a second file for the key of {}; remove one of them", first.get().display());
                    self.faults.push(broken(path, reason));
                }
            },
            Err(error) => self.faults.push(broken(path, format!("its name {error}"))),
        }
    }
}

fn broken(path: PathBuf, reason: String) -> Notice {
    Notice { path, event: KeyEvent::Broken { reason, kept: false } }
}

fn unlisted(folder: &Folder, error: &io::Error, bound: &str) -> Notice {
    let hint = if error.kind() == io::ErrorKind::FileTooLarge { format!(" ({bound})") } else { String::new() };
    broken(folder.path.clone(), format!("can't be listed: {error}{hint}"))
}
