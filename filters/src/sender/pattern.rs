//! Address patterns of owner tables and rewrite rules.
//!
//! | written | means |
//! | --- | --- |
//! | `alice@example.com` | one address |
//! | `@example.com`, `*@example.com` | every address of a domain |
//! | `@.example.com`, `*@*.example.com` | every address below a domain, but not the domain itself |
//! | `sales-*@example.com`, `wwwrun@*.example.com` | `*` stands for any run of characters on its side of the `@` |
//! | `*` | every address |

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::address::{AddrSpec, DomainName, NameError};
use crate::submitter::TextPattern;

/// A set of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern {
    text: String,
    local: TextPattern,
    domain: TextPattern,
    shape: Shape,
}

/// What a table can look up. Each but `Mixed` carries its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `local@domain` in lower case.
    Address(String),
    /// `@domain`
    Domain(String),
    /// `@.domain`
    Subdomains(String),
    /// `*`
    Any,
    /// Something that must be compared.
    Mixed,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// A domain, or a name without one.
    #[error("has no @; write @{0} for all addresses of a domain, {0}@example.com for one address, or *")]
    NoAt(String),
    /// Not one address.
    #[error("is not an address, nor @domain, @.domain, * or an address with * in it")]
    NotAddress,
    /// A label that mixes a star with letters that have to be encoded.
    #[error("mixes * with letters that DNS does not have; write the label in its xn-- form")]
    StarInLabel,
    /// Too many stars.
    #[error("has more than {MOST_STARS} stars")]
    Stars,
    /// A bad domain.
    #[error("domain: {0}")]
    Domain(#[from] NameError),
}

impl AddressPattern {
    /// True if the address is one of the set.
    pub fn matches(&self, address: &AddrSpec) -> bool {
        // Domains differ more often than local parts.
        self.domain.matches(address.domain().as_bytes()) && self.local.matches(address.local().as_bytes())
    }

    /// What the stars stand for, from the left.
    pub fn captures<'a>(&self, address: &'a AddrSpec) -> Option<Vec<&'a str>> {
        let domain = self.domain.captures(address.domain())?;
        let mut captures = self.local.captures(address.local())?;
        captures.extend(domain);
        Some(captures)
    }

    /// Number of stars, that of `@domain` included.
    pub fn stars(&self) -> usize {
        self.local.stars() + self.domain.stars()
    }

    /// The end that the domains of all its addresses have in common, from a dot on.
    pub(super) fn domain_end(&self) -> Option<&str> {
        match self.domain.as_str().rsplit_once('*') {
            Some((_, end)) => end.strip_prefix('.').filter(|end| !end.is_empty()),
            None => Some(self.domain.as_str()),
        }
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }
}

impl FromStr for AddressPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        if text == "*" {
            return Ok(Self::new(text, "*", "*", Shape::Any));
        }
        if text.contains(|c: char| c.is_control()) {
            return Err(PatternError::NotAddress);
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| PatternError::NoAt(text.to_owned()))?;
        let local = if local.is_empty() { "*" } else { local };
        let domain = match domain.strip_prefix('.') {
            Some(below) => format!("*.{below}"),
            None => domain.to_owned(),
        };
        if local.matches('*').count() + domain.matches('*').count() > MOST_STARS {
            return Err(PatternError::Stars);
        }
        let plain = |text: &str| text.parse::<DomainName>();
        if domain == "*" {
            let shape = if local == "*" { Shape::Any } else { Shape::Mixed };
            return Ok(Self::new(text, local, "*", shape));
        }
        if !local.contains('*') && !domain.contains('*') {
            let address: AddrSpec = text.parse().map_err(|_| PatternError::NotAddress)?;
            let shape = Shape::Address(address.key());
            return Ok(Self::new(text, address.local(), address.domain(), shape));
        }
        if !domain.contains('*') {
            let domain = plain(&domain)?;
            let shape = if local == "*" { Shape::Domain(format!("@{domain}")) } else { Shape::Mixed };
            return Ok(Self::new(text, local, domain.as_str(), shape));
        }
        if let (Some(below), "*") = (domain.strip_prefix("*.").filter(|below| !below.contains('*')), local) {
            let below = plain(below)?;
            return Ok(Self::new(text, "*", &format!("*.{below}"), Shape::Subdomains(format!("@.{below}"))));
        }
        let labels: Result<Vec<_>, _> = domain.split('.').map(label).collect();
        Ok(Self::new(text, local, &labels?.join("."), Shape::Mixed))
    }
}

impl AddressPattern {
    fn new(text: &str, local: &str, domain: &str, shape: Shape) -> Self {
        let (local, domain) = (TextPattern::new(local), TextPattern::new(domain));
        Self { text: text.to_owned(), local, domain, shape }
    }
}

/// One label of a domain with stars in it.
fn label(label: &str) -> Result<String, PatternError> {
    match label.contains('*') {
        true if label.is_ascii() => Ok(label.to_ascii_lowercase()),
        true => Err(PatternError::StarInLabel),
        false => Ok(label.parse::<DomainName>()?.to_string()),
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for AddressPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for AddressPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// As many as `$1` to `$9` can name.
const MOST_STARS: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> AddressPattern {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn which_addresses_are_meant() {
        for (text, inside, outside) in [
            ("alice@example.com", "ALICE@Example.com", "alicf@example.com"),
            ("@example.com", "anybody@example.com", "anybody@www.example.com"),
            ("*@example.com", "anybody@example.com", "anybody@www.example.com"),
            ("@.example.com", "a@b.c.example.com", "a@example.com"),
            ("@.example.com", "a@www.example.com", "a@wwwexample.com"),
            ("wwwrun@*.firma.de", "wwwrun@www.firma.de", "wwwrun@firma.de"),
            ("sales-*@example.com", "Sales-EU@example.com", "sales@example.com"),
            ("*@*", "a@b", ""),
            ("*", "a@b", ""),
            ("root@*", "root@anything.example", "toor@anything.example"),
            ("a@grüße.example", "a@xn--gre-6ka8l.example", "a@gruesse.example"),
            ("@*.grüße.example", "a@www.xn--gre-6ka8l.example", "a@xn--gre-6ka8l.example"),
            ("a@xn--gre-6ka8l.example", "a@Grüße.example", "b@grüße.example"),
            ("x@[192.0.2.1]", "x@[192.0.2.1]", "x@[192.0.2.2]"),
        ] {
            assert!(pattern(text).matches(&inside.parse().unwrap()), "{text} {inside}");
            if !outside.is_empty() {
                assert!(!pattern(text).matches(&outside.parse().unwrap()), "{text} {outside}");
            }
        }
    }

    #[test]
    fn what_tables_look_up() {
        for (text, shape) in [
            ("Alice@Example.com", Shape::Address("alice@example.com".to_owned())),
            ("*@Example.com", Shape::Domain("@example.com".to_owned())),
            ("@*.example.com", Shape::Subdomains("@.example.com".to_owned())),
            ("@.Grüße.example", Shape::Subdomains("@.xn--gre-6ka8l.example".to_owned())),
            ("*", Shape::Any),
            ("*@*", Shape::Any),
            ("a*@example.com", Shape::Mixed),
            ("a@*.example.com", Shape::Mixed),
            ("*@*.*.com", Shape::Mixed),
        ] {
            assert_eq!(*pattern(text).shape(), shape, "{text}");
        }
    }

    #[test]
    fn stars_are_captured() {
        for (text, address, captures) in [
            ("*@www.firma.de", "Info@www.firma.de", &["Info"][..]),
            ("@www.firma.de", "Info@www.firma.de", &["Info"]),
            ("wwwrun@*.firma.de", "wwwrun@a.b.firma.de", &["a.b"]),
            ("*-*@*.de", "a-b-c@firma.de", &["a", "b-c", "firma"]),
            ("a@b.de", "a@b.de", &[]),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(pattern(text).captures(&address).as_deref(), Some(captures), "{text}");
        }
        assert_eq!(pattern("*@www.firma.de").captures(&"a@firma.de".parse().unwrap()), None);
    }

    #[test]
    fn mistakes_are_named() {
        for (text, reason) in [
            ("example.com", "has no @; write @example.com"),
            ("a b@example.com", "is not an address"),
            ("a@b@c", "is not an address"),
            ("@exa mple.com", "domain: has ' '"),
            ("a@ä*.de", "mixes *"),
            ("*********@*.de", "more than 9 stars"),
            ("a*@-x.de", "hyphen"),
            ("", "has no @"),
        ] {
            let error = text.parse::<AddressPattern>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
