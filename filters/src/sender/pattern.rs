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

crate::text_serde!(AddressPattern);

/// As many as `$1` to `$9` can name.
const MOST_STARS: usize = 9;

#[cfg(test)]
mod tests;
