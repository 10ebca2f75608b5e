//! `dkim.key_dir`: which keys lie in it.
//!
//! ```text
//! KEY_DIR/example.com/s2026.pem                 a folder for each domain, a file for each selector
//! KEY_DIR/s2026._domainkey.example.com.pem      or all in one, as in a Kubernetes Secret
//! ```
//!
//! Names that begin with a dot are passed over: drafts, and the `..data` of Kubernetes, through which the others lead.
//! A folder is listed again only when it has changed, so that thousands of domains cost one system call each.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use postseal_filters::address::{DomainName, NameError, SelectorName};

use super::file::Stamp;

/// A directory of keys as it was last seen.
pub(super) struct Directory {
    top: Folder,
    domains: BTreeMap<String, Folder>,
}

/// A key by domain and selector.
pub(super) type Name = (DomainName, SelectorName);

/// A file or folder that can't be used, and why.
pub(super) type Unusable = (PathBuf, String);

impl Directory {
    /// A directory not looked at yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { top: Folder::new(path), domains: BTreeMap::new() }
    }

    /// Looks what is there: the file of each key, and what can't be used. What a folder held that can't be listed now
    /// counts as still there.
    ///
    /// # Errors
    /// If the directory itself can't be listed, so that nothing can be said of what is in it.
    pub(super) fn scan(
        &mut self,
        now: SystemTime,
    ) -> Result<(BTreeMap<Name, PathBuf>, Vec<Unusable>), Unusable> {
        if let Err(error) = self.top.refresh(now) {
            return Err((self.top.path.clone(), unlisted(&error)));
        }
        let mut found = Found::default();
        let mut domains = BTreeMap::new();
        for name in &self.top.names {
            let path = self.top.path.join(name);
            if let Some(stem) = name.strip_suffix(SUFFIX) {
                if let Some((selector, domain)) = stem.split_once("._domainkey.") {
                    found.add(domain, selector, path);
                }
                continue;
            }
            // Such as lost+found, which nobody may list.
            if !name.contains('.') {
                continue;
            }
            let mut folder = self.domains.remove(name).unwrap_or_else(|| Folder::new(path));
            match folder.refresh(now) {
                Ok(()) => {}
                // A file beside the folders, or a folder that has just been removed.
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotADirectory | io::ErrorKind::NotFound) =>
                {
                    continue;
                }
                Err(error) => found.unusable.push((folder.path.clone(), unlisted(&error))),
            }
            for file in &folder.names {
                if let Some(selector) = file.strip_suffix(SUFFIX) {
                    found.add(name, selector, folder.path.join(file));
                }
            }
            domains.insert(name.clone(), folder);
        }
        self.domains = domains;
        Ok((found.files, found.unusable))
    }
}

#[derive(Default)]
struct Found {
    files: BTreeMap<Name, PathBuf>,
    unusable: Vec<Unusable>,
}

impl Found {
    fn add(&mut self, domain: &str, selector: &str, path: PathBuf) {
        let name = || -> Result<Name, NameError> { Ok((domain.parse()?, selector.parse()?)) };
        match name() {
            Ok(name) => {
                self.files.insert(name, path);
            }
            Err(error) => self.unusable.push((path, format!("its name {error}"))),
        }
    }
}

/// The names in a folder, but for hidden ones.
struct Folder {
    path: PathBuf,
    stamp: Option<Stamp>,
    names: Vec<String>,
}

impl Folder {
    fn new(path: PathBuf) -> Self {
        Self { path, stamp: None, names: Vec::new() }
    }

    fn refresh(&mut self, now: SystemTime) -> io::Result<()> {
        let stamp = Stamp::of(&self.path, now)?;
        if self.stamp.is_some_and(|known| !known.is_stale(&stamp)) {
            return Ok(());
        }
        self.names = list(&self.path)?;
        self.stamp = Some(stamp);
        Ok(())
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

/// What the name of a key file ends with.
const SUFFIX: &str = ".pem";
