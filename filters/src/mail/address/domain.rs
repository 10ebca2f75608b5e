//! Domain names and selectors, checked once and then passed on.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// RFC 1035 section 2.3.4.
const MAX_LABEL_OCTETS: usize = 63;
/// RFC 1035 section 2.3.4 has 255 octets on the wire: 253 characters and two octets that are not written.
const MAX_NAME_OCTETS: usize = 253;
/// RFC 6376 section 3.6.2.1.
const DOMAIN_KEY: &str = "_domainkey";
/// Punycode takes time that grows with the square of the length.
const MAX_U_LABEL_NAME_OCTETS: usize = 1024;

/// A domain name in lower case and in A-labels, without a dot at the end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainName(Arc<str>);

/// A DKIM selector (RFC 6376 section 3.1): one or more labels, in lower case.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SelectorName(Arc<str>);

/// The reason why a text is no domain name or selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text has two dots in a row, or one at an end.
    #[error("has an empty label: a dot too many in `{0}`")]
    EmptyLabel(String),
    /// The text has a character that no name can have.
    #[error("has {1:?}, which can't be in a name: `{0}`")]
    Character(String, char),
    /// A label begins or ends with a hyphen.
    #[error("has a label that begins or ends with a hyphen: `{0}`")]
    Hyphen(String),
    /// A label is longer than the 63 octets that DNS allows.
    #[error("has a label longer than 63 octets: `{0}`")]
    LongLabel(String),
    /// The name is longer than the 253 octets that DNS allows.
    #[error("is longer than 253 octets")]
    Long,
    /// A selector with the label that stands between selector and domain, as the name of the DNS record has it.
    #[error("has `_domainkey` in it, which stands behind the selector in DNS; write only `{0}`")]
    DomainKey(String),
    /// IDNA does not allow the name.
    #[error("is not an internationalised domain name that IDNA allows: `{0}`")]
    Idna(String),
}

impl DomainName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, without a copy of the text.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The domain behind the label `_domainkey`, if the name is that of a DKIM record and not of a domain that sends mail.
    pub fn after_domain_key(&self) -> Option<&str> {
        let (before, domain) = self.0.split_once("_domainkey.")?;
        (before.is_empty() || before.ends_with('.')).then_some(domain)
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

    /// True if `SELECTOR._domainkey.DOMAIN` is short enough for DNS.
    pub fn fits(&self, domain: &str) -> bool {
        self.0.len() + "._domainkey.".len() + domain.len() <= MAX_NAME_OCTETS
    }

    /// The selector, without a copy of the text.
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
        if let Some(selector) = before_domain_key(&name) {
            return Err(NameError::DomainKey(if selector.is_empty() { "SELECTOR" } else { selector }.to_owned()));
        }
        Ok(Self(name.into()))
    }
}

/// The selector in `SELECTOR._domainkey`, with or without a domain behind it.
fn before_domain_key(name: &str) -> Option<&str> {
    let at = name.split('.').position(|label| label == DOMAIN_KEY)?;
    let labels: usize = name.split('.').take(at).map(|label| label.len() + 1).sum();
    name.get(..labels.saturating_sub(1))
}

/// The domains above a domain, the nearest first: `b.c` and `c` for `a.b.c`.
pub(crate) fn domains_above(mut domain: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        (_, domain) = domain.split_once('.')?;
        Some(domain)
    })
}

/// The organizational domain: the registered domain that the name belongs to, or the name itself if there is none
/// (RFC 7489 section 3.2). Organizational domains come from the Public Suffix List, which is compiled in.
pub(crate) fn organizational_domain(domain: &str) -> &str {
    if domain.starts_with('[') {
        return domain;
    }
    psl::domain_str(domain).unwrap_or(domain)
}

/// Turns U-labels into A-labels; ASCII stays as it is. `None` if IDNA does not allow the name.
pub(crate) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    if domain.is_ascii() {
        return Some(Cow::Borrowed(domain));
    }
    if domain.len() > MAX_U_LABEL_NAME_OCTETS {
        return None;
    }
    let ascii = idna::domain_to_ascii_cow(domain.as_bytes(), idna::AsciiDenyList::EMPTY).ok()?;
    Some(Cow::Owned(ascii.into_owned()))
}

fn check_labels(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    // No host name has an underscore, but DNS accepts names with one, and such names are used.
    let allowed = |c: &char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if let Some(odd) = name.chars().find(|c| !allowed(c)) {
        return Err(NameError::Character(name.to_owned(), odd));
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err(NameError::EmptyLabel(name.to_owned()));
        }
        if label.len() > MAX_LABEL_OCTETS {
            return Err(NameError::LongLabel(name.to_owned()));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(NameError::Hyphen(name.to_owned()));
        }
    }
    if name.len() > MAX_NAME_OCTETS { Err(NameError::Long) } else { Ok(()) }
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
mod tests;
