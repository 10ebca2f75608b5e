//! A key that stays in use while its file changes: only a good file replaces it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aws_lc_rs::digest::{SHA256, digest};

use super::notice::{KeyEvent, Notice};
use crate::regular_file::{self, FileContent, MAX_KEY_FILE, PERMISSIONS, exposure};
use crate::stamp::Stamp;

type Digest = Vec<u8>;

/// A file and the last good key that was in it.
pub(super) struct KeyFile<K> {
    path: PathBuf,
    key: Option<K>,
    /// The stamp of the file as it was last read, good or not.
    stamp: Option<Stamp>,
    digest: Option<Digest>,
    /// Digest of the file content from which `key` was read.
    good: Option<Digest>,
    failure: Option<String>,
    /// The permissions, if they let others read or change the key.
    exposed: Option<u32>,
}

/// A key, and why it is weak if it is.
pub(super) type ParsedKey<K> = (K, Option<String>);

impl<K> KeyFile<K> {
    /// A file not read yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, key: None, stamp: None, digest: None, good: None, failure: None, exposed: None }
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Sets a new path for the file.
    pub(super) fn moved(&mut self, path: &Path) {
        if self.path != path {
            self.path = path.to_owned();
            self.stamp = None;
        }
    }

    /// The key, or why there is none.
    pub(super) fn key(&self) -> Result<&K, &str> {
        self.key.as_ref().ok_or_else(|| self.failure.as_deref().unwrap_or("has not been read"))
    }

    /// True if the file can't be used as it is now, whether or not there is a key from before.
    pub(super) fn is_broken(&self) -> bool {
        self.failure.is_some()
    }

    /// Reads the file if it has changed. Returns true if the set of usable keys must be built again: there is a new key, or a
    /// file that never gave a key fails for another reason.
    pub(super) fn refresh(
        &mut self, now: SystemTime, parse: impl Fn(&[u8], i64) -> Result<ParsedKey<K>, String>,
        notices: &mut Vec<Notice>,
    ) -> bool {
        let stamp = Stamp::of(&self.path, now).ok();
        if let (Some(known), Some(stamp)) = (&self.stamp, &stamp)
            && !known.is_stale(stamp)
        {
            return false;
        }
        match regular_file::read(&self.path, MAX_KEY_FILE) {
            Ok(content) => self.take(content, now, parse, notices),
            Err(error) => {
                self.stamp = stamp;
                self.digest = None;
                self.fail(error.to_string(), notices)
            }
        }
    }

    fn take(
        &mut self, content: FileContent, now: SystemTime, parse: impl Fn(&[u8], i64) -> Result<ParsedKey<K>, String>,
        notices: &mut Vec<Notice>,
    ) -> bool {
        let stamp = Stamp::from_metadata(&content.metadata, now);
        self.stamp = Some(stamp);
        let mode = content.metadata.mode() & PERMISSIONS;
        let exposure = exposure(mode);
        if let Some(exposure) = exposure.filter(|_| self.exposed != Some(mode)) {
            notices.push(self.notice(KeyEvent::Exposed { exposure, mode }));
        }
        self.exposed = exposure.map(|_| mode);
        let digest = digest(&SHA256, &content.bytes).as_ref().to_vec();
        if self.digest.as_ref() == Some(&digest) {
            return false;
        }
        self.digest = Some(digest.clone());
        if self.good.as_ref() == Some(&digest) {
            self.failure = None;
            notices.push(self.notice(KeyEvent::Recovered));
            return false;
        }
        match parse(&content.bytes, stamp.modified()) {
            Ok((key, weak)) => {
                let event = if self.key.is_some() { KeyEvent::Replaced } else { KeyEvent::Loaded };
                notices.push(self.notice(event));
                notices.extend(weak.map(|reason| self.notice(KeyEvent::Weak { reason })));
                self.key = Some(key);
                self.good = Some(digest);
                self.failure = None;
                true
            }
            Err(reason) => {
                // The same mistake in another content is reported again, since somebody has tried to mend the file.
                self.failure = None;
                self.fail(reason, notices)
            }
        }
    }

    fn fail(&mut self, reason: String, notices: &mut Vec<Notice>) -> bool {
        if self.failure.as_ref() == Some(&reason) {
            return false;
        }
        let kept = self.key.is_some();
        notices.push(self.notice(KeyEvent::Broken { reason: reason.clone(), kept }));
        self.failure = Some(reason);
        !kept
    }

    fn notice(&self, event: KeyEvent) -> Notice {
        Notice { path: self.path.clone(), event }
    }
}
