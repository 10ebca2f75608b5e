//! The keys in `dkim.key_dir`.
//!
//! ```text
//! KEY_DIR/example.com/s2026.pem                 a folder for each domain, a file for each selector
//! KEY_DIR/s2026._domainkey.example.com.pem      or all in one, as in a Kubernetes Secret
//! ```
//!
//! Names that begin with a dot are passed over: drafts, and the `..data` of Kubernetes, to which the other names link.
//! A folder is listed again only when it has changed, so that each of thousands of domains costs one system call.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::stamp::Stamp;
use postseal_filters::mail::address::{DomainName, NameError, SelectorName};

/// The end of the name of a key file.
const SUFFIX: &str = ".pem";

/// A directory of keys as it was last seen.
pub(super) struct Directory {
    top: Folder,
    domains: BTreeMap<String, Folder>,
    found: DirectoryListing,
}

/// A key by domain and selector.
pub(super) type KeyName = (DomainName, SelectorName);

/// A file or folder that can't be used, and why.
pub(super) type Unusable = (PathBuf, String);

/// The content of a key directory.
#[derive(Default)]
pub(super) struct DirectoryListing {
    /// The file of each key. The files of a folder that can't be listed now count as still there.
    pub(super) files: BTreeMap<KeyName, PathBuf>,
    /// The files and folders that can't be used.
    pub(super) unusable: Vec<Unusable>,
}

impl Directory {
    /// A directory not looked at yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { top: Folder::new(path), domains: BTreeMap::new(), found: DirectoryListing::default() }
    }

    /// Looks at the directory and its folders.
    ///
    /// # Errors
    /// If the directory itself can't be listed.
    pub(super) fn scan(&mut self, now: SystemTime) -> Result<&DirectoryListing, Unusable> {
        let mut changed = match self.top.refresh(now) {
            Ok(changed) => changed,
            Err(error) => return Err((self.top.path.clone(), unlisted(&error))),
        };
        if changed {
            let mut known = std::mem::take(&mut self.domains);
            // A name without a dot is no domain. It may be lost+found, which the service can't list.
            for name in self.top.names.iter().filter(|name| name.contains('.') && !name.ends_with(SUFFIX)) {
                let folder = known.remove(name).unwrap_or_else(|| Folder::new(self.top.path.join(name)));
                self.domains.insert(name.clone(), folder);
            }
        }
        let mut unusable = Vec::new();
        for folder in self.domains.values_mut() {
            match folder.refresh(now) {
                Ok(news) => changed |= news,
                // A file beside the folders, or a folder that has just been removed.
                Err(error) if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) => {
                    changed |= folder.stamp.take().is_some();
                    folder.names.clear();
                }
                Err(error) => {
                    changed = true;
                    unusable.push((folder.path.clone(), unlisted(&error)));
                }
            }
        }
        if changed || !self.found.unusable.is_empty() {
            self.found = DirectoryListing { files: BTreeMap::new(), unusable };
            self.collect();
        }
        Ok(&self.found)
    }

    fn collect(&mut self) {
        for name in &self.top.names {
            let key = name.strip_suffix(SUFFIX).and_then(|stem| stem.split_once("._domainkey."));
            if let Some((selector, domain)) = key {
                self.found.add(domain, selector, self.top.path.join(name));
            }
        }
        for (domain, folder) in &self.domains {
            for name in &folder.names {
                if let Some(selector) = name.strip_suffix(SUFFIX) {
                    self.found.add(domain, selector, folder.path.join(name));
                }
            }
        }
    }
}

impl DirectoryListing {
    fn add(&mut self, domain: &str, selector: &str, path: PathBuf) {
        let name = || -> Result<KeyName, NameError> { Ok((domain.parse()?, selector.parse()?)) };
        match name() {
            Ok(name) => {
                self.files.insert(name, path);
            }
            Err(error) => self.unusable.push((path, format!("its name {error}"))),
        }
    }
}

/// The names in a folder, without hidden ones.
struct Folder {
    path: PathBuf,
    stamp: Option<Stamp>,
    names: Vec<String>,
}

impl Folder {
    fn new(path: PathBuf) -> Self {
        Self { path, stamp: None, names: Vec::new() }
    }

    /// Lists the folder if it has changed; true if it has.
    fn refresh(&mut self, now: SystemTime) -> io::Result<bool> {
        let stamp = Stamp::of(&self.path, now)?;
        if self.stamp.is_some_and(|known| !known.is_stale(&stamp)) {
            return Ok(false);
        }
        self.names = list(&self.path)?;
        self.stamp = Some(stamp);
        Ok(true)
    }
}

fn list(path: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        // A name that is not UTF-8 is no domain and no selector.
        if let Ok(name) = entry?.file_name().into_string()
            && !name.starts_with('.')
        {
            names.push(name);
        }
    }
    Ok(names)
}

fn unlisted(error: &io::Error) -> String {
    format!("can't be listed: {error}")
}
