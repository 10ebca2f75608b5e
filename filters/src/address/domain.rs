//! Domain names and selectors, checked once and then passed on.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A domain name in lower case and in A-labels, without a dot at the end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(Arc<str>);

/// A DKIM selector (RFC 6376 section 3.1): one or more labels, in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SelectorName(Arc<str>);

/// Why a text is no domain name or selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing at all.
    #[error("is empty")]
    Empty,
    /// Two dots in a row, or one at an end.
    #[error("has an empty label: a dot too many in `{0}`")]
    EmptyLabel(String),
    /// A character that no name can have.
    #[error("has {1:?}, which can't be in a name: `{0}`")]
    Character(String, char),
    /// A hyphen at the wrong place.
    #[error("has a label that begins or ends with a hyphen: `{0}`")]
    Hyphen(String),
    /// DNS allows 63 octets for a label.
    #[error("has a label longer than 63 octets: `{0}`")]
    LongLabel(String),
    /// DNS allows 253 octets for a name.
    #[error("is longer than 253 octets")]
    Long,
    /// Not a name that IDNA allows.
    #[error("is not an internationalised domain name that IDNA allows: `{0}`")]
    Idna(String),
}

impl DomainName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// True for the same name and for names below `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        match self.0.strip_suffix(&*other.0) {
            Some(below) => below.is_empty() || below.ends_with('.'),
            None => false,
        }
    }
}

impl SelectorName {
    /// The selector.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The selector, shared.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl FromStr for DomainName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name = to_ascii(text).ok_or_else(|| NameError::Idna(text.to_owned()))?.to_ascii_lowercase();
        check_labels(&name)?;
        Ok(Self(name.into()))
    }
}

impl FromStr for SelectorName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let name = text.to_ascii_lowercase();
        check_labels(&name)?;
        Ok(Self(name.into()))
    }
}

/// The domains above a domain, the nearest first: `b.c` and `c` for `a.b.c`.
pub(crate) fn domains_above(mut domain: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        (_, domain) = domain.split_once('.')?;
        Some(domain)
    })
}

/// U-labels become A-labels; ASCII stays as it is. `None` if IDNA does not allow the name.
pub(crate) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    if domain.is_ascii() {
        return Some(Cow::Borrowed(domain));
    }
    // Punycode takes time that grows with the square of the length.
    if domain.len() > 1024 {
        return None;
    }
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::EMPTY).ok()?;
    Some(Cow::Owned(ascii.into_owned()))
}

fn check_labels(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    // Underscores are no host names, but they are used, and DNS takes them.
    let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if let Some(odd) = name.chars().find(|c| !allowed(c)) {
        return Err(NameError::Character(name.to_owned(), odd));
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err(NameError::EmptyLabel(name.to_owned()));
        }
        if label.len() > 63 {
            return Err(NameError::LongLabel(name.to_owned()));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(NameError::Hyphen(name.to_owned()));
        }
    }
    if name.len() > 253 { Err(NameError::Long) } else { Ok(()) }
}

macro_rules! text_like {
    ($($name:ident),*) => {$(
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    )*};
}

text_like!(DomainName, SelectorName);
crate::text_serde!(DomainName, SelectorName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_a_labels() {
        for (text, name) in [
            ("Example.COM", "example.com"),
            ("localhost", "localhost"),
            ("a_b.example", "a_b.example"),
            ("Grüße.Example", "xn--gre-6ka8l.example"),
            ("xn--gre-6ka8l.example", "xn--gre-6ka8l.example"),
            ("例え.jp", "xn--r8jz45g.jp"),
        ] {
            assert_eq!(text.parse::<DomainName>().unwrap().as_str(), name);
        }
        assert_eq!("S2026.Mail".parse::<SelectorName>().unwrap().as_str(), "s2026.mail");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, reason) in [
            ("", "is empty"),
            (".", "has an empty label: a dot too many in `.`"),
            ("a..b", "has an empty label: a dot too many in `a..b`"),
            ("a.b.", "has an empty label: a dot too many in `a.b.`"),
            ("a@b", "has '@', which can't be in a name: `a@b`"),
            ("a b", "has ' ', which can't be in a name: `a b`"),
            ("-a.b", "has a label that begins or ends with a hyphen: `-a.b`"),
        ] {
            assert_eq!(text.parse::<DomainName>().unwrap_err().to_string(), reason, "{text:?}");
        }
        assert_eq!("ä".parse::<SelectorName>(), Err(NameError::Character("ä".to_owned(), 'ä')));
        assert!(matches!("a".repeat(64).parse::<DomainName>(), Err(NameError::LongLabel(_))));
        assert_eq!(["abcdefg"; 32].join(".").parse::<DomainName>(), Err(NameError::Long));
        assert!(matches!("\u{200d}.example".parse::<DomainName>(), Err(NameError::Idna(_))));
        assert!("ä".repeat(10_000).parse::<DomainName>().is_err());
    }

    #[test]
    fn within() {
        let name = |text: &str| text.parse::<DomainName>().unwrap();
        assert!(name("example.com").is_within(&name("example.com")));
        assert!(name("a.b.example.com").is_within(&name("example.com")));
        assert!(!name("badexample.com").is_within(&name("example.com")));
        assert!(!name("com").is_within(&name("example.com")));
    }
}
