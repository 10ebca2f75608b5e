//! A complete address, as it is compared and as it is written (RFC 5321 `Mailbox`, RFC 5322 `addr-spec`).
//!
//! Two addresses are the same if their domains are, in A-labels, and their local parts but for case: RFC 5321 lets a
//! host tell `Joe` from `joe`, but no host does, and nobody may become another person by a capital letter.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::str::FromStr;

use super::{Mailbox, mailboxes};

/// An address with a domain. Compared without regard to case.
#[derive(Clone, Debug)]
pub struct AddrSpec {
    local: String,
    domain: String,
    folded: String,
}

/// A text that is not one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an address such as newsletter@example.com")]
pub struct NotAddress;

impl AddrSpec {
    /// An address of a local part without quotes, and a domain in lower case and A-labels. `None` for a local part that
    /// can't be written, since it is too long or has a control character in it.
    pub fn new(local: impl Into<String>, domain: impl Into<String>) -> Option<Self> {
        let (local, domain) = (local.into(), domain.into());
        if local.len() > LONGEST_LOCAL || local.chars().any(char::is_control) || domain.is_empty() {
            return None;
        }
        let folded = if local.is_ascii() { local.to_ascii_lowercase() } else { local.to_lowercase() };
        Some(Self { local, domain, folded })
    }

    /// The address that was read, if it has a domain and can be written.
    pub fn of(mailbox: Mailbox) -> Option<Self> {
        Self::new(mailbox.local, mailbox.domain?)
    }

    /// The address in a reverse-path or in configuration: one, without display name or comment.
    pub fn alone(text: &[u8]) -> Option<Mailbox> {
        let [mailbox] = <[Mailbox; 1]>::try_from(mailboxes(text).ok()?).ok()?;
        let whole = mailbox.range == (0..text.len());
        let spaces = text.iter().any(u8::is_ascii_whitespace) && !text.starts_with(b"\"");
        (whole && !spaces).then_some(mailbox)
    }

    /// Local part as written, without quotes.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// Local part in lower case.
    pub fn folded_local(&self) -> &str {
        &self.folded
    }

    /// Domain in lower case and A-labels, or a literal in brackets.
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
    /// As it is written in a field or a path: quoted if the local part is no dot-atom.
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

/// RFC 5322 section 3.2.3 with the letters of RFC 6532.
fn is_dot_atom(local: &str) -> bool {
    let atom = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii() || "!#$%&'*+-/=?^_`{|}~".contains(c);
    local.split('.').all(|part| !part.is_empty() && part.chars().all(atom))
}

/// The value with other text in these places, which are in order; the rest of it as it is.
pub fn replaced<'a>(value: &[u8], edits: impl IntoIterator<Item = (&'a Range<usize>, String)>) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 64);
    let mut at = 0;
    for (range, text) in edits {
        out.extend_from_slice(value.get(at..range.start).unwrap_or_default());
        out.extend_from_slice(text.as_bytes());
        at = range.end.max(at);
    }
    out.extend_from_slice(value.get(at..).unwrap_or_default());
    out
}

/// RFC 5321 section 4.5.3.1.1 has 64 octets; encoded bounce addresses are longer.
const LONGEST_LOCAL: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> AddrSpec {
        text.parse().unwrap()
    }

    #[test]
    fn the_same_address_in_other_words() {
        let same = [
            ("Alice@Example.COM", "alice@example.com"),
            ("\"alice\"@example.com", "alice@example.com"),
            ("a@grüße.example", "A@xn--gre-6ka8l.example"),
            ("JÖRG@example.com", "jörg@example.com"),
        ];
        for (one, other) in same {
            assert_eq!(spec(one), spec(other));
            assert_eq!(spec(one).key(), spec(other).key());
        }
        assert_ne!(spec("alice@example.com"), spec("alice@example.org"));
        assert_ne!(spec("al.ice@example.com"), spec("alice@example.com"));
    }

    #[test]
    fn written_so_that_it_is_read_again() {
        for (local, text) in [
            ("Joe.Doe+x", "Joe.Doe+x@example.com"),
            ("joe doe", "\"joe doe\"@example.com"),
            ("joe..doe", "\"joe..doe\"@example.com"),
            ("a@b", "\"a@b\"@example.com"),
            ("say \"\\\"", "\"say \\\"\\\\\\\"\"@example.com"),
            ("", "\"\"@example.com"),
            ("jörg", "jörg@example.com"),
        ] {
            let address = AddrSpec::new(local, "example.com").unwrap();
            assert_eq!(address.to_string(), text);
            assert_eq!(spec(text).local(), local);
        }
        assert_eq!(AddrSpec::new("a\nb", "example.com"), None);
        assert_eq!(AddrSpec::new("a", ""), None);
        assert_eq!(AddrSpec::new("a".repeat(513), "example.com"), None);
    }

    #[test]
    fn alone_means_alone() {
        for text in
            ["", "a", "<a@example.com>", "a@example.com (x)", " a@example.com", "a @example.com", "a@b,c@d"]
        {
            assert_eq!(text.parse::<AddrSpec>(), Err(NotAddress), "{text:?}");
        }
        assert_eq!(AddrSpec::alone(b"root").unwrap().local, "root");
    }

    #[test]
    fn only_the_places_change() {
        let value = b" A <a@x>,\n\tb@y (c)";
        let out = replaced(value, [(&(4..7), "one@two".to_owned()), (&(11..14), "q".to_owned())]);
        assert_eq!(out, b" A <one@two>,\n\tq (c)");
        assert_eq!(replaced(value, []), value);
    }
}
