//! A complete address, as it is compared and as it is written (RFC 5321 `Mailbox`, RFC 5322 `addr-spec`).
//!
//! Two addresses are the same if their domains are the same in A-labels and their local parts differ in case at most.
//! RFC 5321 allows a host to tell `Joe` from `joe`, but no host does so, and a user must not pass for somebody else by
//! writing a capital letter.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::str::FromStr;

use crate::mail::address::{Mailbox, mailboxes};
use crate::mail::letter_case;

/// RFC 5321 section 4.5.3.1.1 allows 64 octets, but encoded bounce addresses are longer.
const MAX_LOCAL_PART_OCTETS: usize = 512;

/// An address with a domain. Two addresses are compared without regard to case.
#[derive(Clone, Debug)]
pub struct AddrSpec {
    local: String,
    domain: String,
    folded: String,
}

/// The error for a text that is not exactly one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an address such as newsletter@example.com")]
pub struct NotAddress;

impl AddrSpec {
    /// An address of a local part without quotes, and a domain in lower case and A-labels. `None` if the local part can't
    /// be written, since it is too long or has a control character.
    pub fn new(local: impl Into<String>, domain: impl Into<String>) -> Option<Self> {
        let (local, domain) = (local.into(), domain.into());
        if local.len() > MAX_LOCAL_PART_OCTETS || local.chars().any(char::is_control) || domain.is_empty() {
            return None;
        }
        let folded = letter_case::folded(&local).into_owned();
        Some(Self { local, domain, folded })
    }

    /// The address of a mailbox. `None` if the mailbox has no domain, or if the address can't be written.
    pub fn of(mailbox: Mailbox) -> Option<Self> {
        Self::new(mailbox.local, mailbox.domain?)
    }

    /// Reads a text that is a single address without display name or comment, as in a reverse-path or in configuration.
    pub fn alone(text: &[u8]) -> Option<Mailbox> {
        let [mailbox] = <[Mailbox; 1]>::try_from(mailboxes(text).ok()?).ok()?;
        let whole = mailbox.range == (0..text.len());
        let spaces = text.iter().any(u8::is_ascii_whitespace) && !text.starts_with(b"\"");
        (whole && !spaces).then_some(mailbox)
    }

    /// The local part as written, without quotes.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The local part in lower case.
    pub fn folded_local(&self) -> &str {
        &self.folded
    }

    /// The domain in lower case and A-labels, or a literal in brackets.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `local@domain` in lower case: the key of tables.
    pub fn key(&self) -> String {
        format!("{}@{}", self.folded, self.domain)
    }
}

impl PartialEq for AddrSpec {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded && self.domain == other.domain
    }
}

impl Eq for AddrSpec {}

impl Hash for AddrSpec {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
        self.domain.hash(state);
    }
}

impl FromStr for AddrSpec {
    type Err = NotAddress;

    fn from_str(text: &str) -> Result<Self, NotAddress> {
        Self::alone(text.as_bytes()).and_then(Self::of).ok_or(NotAddress)
    }
}

impl fmt::Display for AddrSpec {
    /// Writes the address as in a field or a path: the local part is quoted if it is no dot-atom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_atom(&self.local) {
            return write!(f, "{}@{}", self.local, self.domain);
        }
        f.write_str("\"")?;
        for c in self.local.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        write!(f, "\"@{}", self.domain)
    }
}

crate::text_serde!(AddrSpec);

/// ```text
/// dot-atom-text  = 1*atext *("." 1*atext)               ; RFC 5322 section 3.2.3; atext also has UTF8-non-ascii: RFC 6532
/// ```
fn is_dot_atom(local: &str) -> bool {
    let atom = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

/// Replaces ranges of a value by other texts; everything else stays as it is.
///
/// # Panics
/// If the ranges overlap, are not in order, or reach beyond the value: half an edit must not leave.
pub fn replaced<'a>(value: &[u8], edits: impl IntoIterator<Item = (&'a Range<usize>, String)>) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 64);
    let (mut rest, mut at) = (value, 0);
    for (range, text) in edits {
        let (before, after) = rest.split_at(range.start - at);
        out.extend_from_slice(before);
        out.extend_from_slice(text.as_bytes());
        (rest, at) = (after.split_at(range.len()).1, range.end);
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests;
