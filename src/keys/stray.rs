//! Files in the key directory that hold a key and are not used, since other software calls its files otherwise.

use std::path::PathBuf;

use postseal_filters::mail::address::DomainName;

use super::folder::{SUFFIX, list};
use super::notice::{KeyEvent, Notice};
use crate::regular_file::{self, MAX_KEY_FILE};

/// Files that are read in search of keys, and entries that are read of a folder that is no domain's.
const MAX_STRAY_FILES: usize = 1_000;
/// What other software lets the names of private keys end in.
const KEY_ENDINGS: [&str; 8] = ["pem", "private", "key", "priv", "rsa", "der", "p8", "pk8"];
/// What the names of copies end in that somebody has put aside on purpose.
const COPY_ENDINGS: [&str; 6] = ["~", ".bak", ".old", ".orig", ".disabled", ".off"];
/// A line that begins a private key of any kind.
const PRIVATE_KEY: &[u8] = b"PRIVATE KEY-----";

/// A file or folder under a name that is not looked for.
pub(super) struct StrayFile {
    path: PathBuf,
    /// The name that it would have to have if it is a key.
    wanted: String,
    /// A folder without a domain's name: the files in it are looked at too.
    may_be_folder: bool,
}

impl StrayFile {
    /// A file beside the folders of the domains.
    pub(super) fn at_the_top(path: PathBuf, name: &str) -> Self {
        let stem = without_ending(name);
        let wanted = match (stem.split_once("._domainkey."), stem.strip_suffix(".dkim")) {
            (Some(_), _) => format!("{stem}{SUFFIX}"),
            (None, Some(domain)) if is_domain(domain) => format!("{domain}/dkim{SUFFIX}"),
            _ if is_domain(stem) => format!("{stem}/SELECTOR{SUFFIX}"),
            _ => format!("DOMAIN/{}", key_name(stem)),
        };
        Self { path, wanted, may_be_folder: true }
    }

    /// A file in the folder of a domain.
    pub(super) fn of_a_domain(path: PathBuf, domain: &str, name: &str) -> Self {
        let domain = if is_domain(domain) { domain } else { "DOMAIN" };
        Self { path, wanted: format!("{domain}/{}", key_name(without_ending(name))), may_be_folder: false }
    }

    fn is_copy(&self) -> bool {
        let name = self.path.to_string_lossy();
        COPY_ENDINGS.iter().any(|ending| name.ends_with(ending))
    }

    fn notice(&self) -> Notice {
        Notice { path: self.path.clone(), event: KeyEvent::Stray { wanted: self.wanted.clone() } }
    }
}

/// Tells of the files that hold a key. Reads a bounded number of files.
pub(super) fn find(strays: &[StrayFile], is_key: impl Fn(&StrayContent<'_>) -> bool) -> Vec<Notice> {
    let mut found = Vec::new();
    let mut rest = MAX_STRAY_FILES;
    for stray in strays.iter().filter(|stray| !stray.is_copy()) {
        let inside =
            if stray.may_be_folder { list(&stray.path, MAX_STRAY_FILES).unwrap_or_default() } else { Vec::new() };
        let inside = inside.iter().map(|name| StrayFile::of_a_domain(stray.path.join(name), "", name));
        let inside: Vec<_> = inside.filter(|stray| !stray.is_copy()).collect();
        for stray in std::iter::once(stray).chain(&inside) {
            let Some(left) = rest.checked_sub(1) else { return found };
            rest = left;
            let Ok(content) = regular_file::read(&stray.path, MAX_KEY_FILE) else { continue };
            let content = StrayContent { path: &stray.path, bytes: &content.bytes };
            if is_key(&content) {
                found.push(stray.notice());
            }
        }
    }
    found
}

/// What is in a stray file.
pub(super) struct StrayContent<'a> {
    pub(super) path: &'a PathBuf,
    pub(super) bytes: &'a [u8],
}

impl StrayContent<'_> {
    /// True if a line begins a private key, though perhaps not one that can sign.
    pub(super) fn names_a_key(&self) -> bool {
        self.bytes.windows(PRIVATE_KEY.len()).any(|window| window == PRIVATE_KEY)
    }
}

fn key_name(stem: &str) -> String {
    let selector = stem.split_once("._domainkey").map_or(stem, |(selector, _)| selector);
    format!("{selector}{SUFFIX}")
}

fn without_ending(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, ending)) if KEY_ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)) => stem,
        _ => name,
    }
}

fn is_domain(name: &str) -> bool {
    name.contains('.') && name.parse::<DomainName>().is_ok()
}
