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

use crate::mail::address::{AddrSpec, DomainName, NameError};
use crate::submitter::TextPattern;

/// Stars of a pattern: as many as `$1` to `$9` can name.
const MAX_STARS: usize = 9;

/// A set of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern {
    text: String,
    local: TextPattern,
    domain: TextPattern,
    shape: PatternShape,
}

/// The shape of a pattern, which decides how it is looked up. Each shape but `Mixed` has the key for the look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PatternShape {
    /// `local@domain` in lower case.
    Address(String),
    /// `@domain`
    Domain(String),
    /// `@.domain`
    Subdomains(String),
    /// `*`
    Any,
    /// A pattern that must be compared with each address.
    Mixed,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressPatternError {
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
    #[error("has more than {MAX_STARS} stars")]
    Stars,
    /// A bad domain.
    #[error("domain: {0}")]
    Domain(#[from] NameError),
}

impl AddressPattern {
    /// True if the pattern matches the address.
    pub fn matches(&self, address: &AddrSpec) -> bool {
        // Domains differ more often than local parts.
        self.domain.matches(address.domain().as_bytes()) && self.local.matches(address.local().as_bytes())
    }

    /// The texts that the stars stand for, from the left.
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

    pub(super) fn shape(&self) -> &PatternShape {
        &self.shape
    }
}

impl FromStr for AddressPattern {
    type Err = AddressPatternError;

    fn from_str(text: &str) -> Result<Self, AddressPatternError> {
        if text == "*" {
            return Ok(Self::new(text, "*", "*", PatternShape::Any));
        }
        if text.contains(|c: char| c.is_control()) {
            return Err(AddressPatternError::NotAddress);
        }
        let (local, domain) = text.rsplit_once('@').ok_or_else(|| AddressPatternError::NoAt(text.to_owned()))?;
        let local = if local.is_empty() { "*" } else { local };
        let domain = match domain.strip_prefix('.') {
            Some(below) => format!("*.{below}"),
            None => domain.to_owned(),
        };
        if local.matches('*').count() + domain.matches('*').count() > MAX_STARS {
            return Err(AddressPatternError::Stars);
        }
        if !local.contains('*') && !domain.contains('*') {
            let address: AddrSpec = text.parse().map_err(|_| AddressPatternError::NotAddress)?;
            let shape = PatternShape::Address(address.key());
            return Ok(Self::new(text, address.local(), address.domain(), shape));
        }
        Self::with_star(text, local, &domain)
    }
}

impl AddressPattern {
    /// A pattern with a star on one side of the `@` or on both.
    fn with_star(text: &str, local: &str, domain: &str) -> Result<Self, AddressPatternError> {
        if domain == "*" {
            let shape = if local == "*" { PatternShape::Any } else { PatternShape::Mixed };
            return Ok(Self::new(text, local, "*", shape));
        }
        if !domain.contains('*') {
            let domain: DomainName = domain.parse()?;
            let shape = if local == "*" { PatternShape::Domain(format!("@{domain}")) } else { PatternShape::Mixed };
            return Ok(Self::new(text, local, domain.as_str(), shape));
        }
        if let (Some(below), "*") = (domain.strip_prefix("*.").filter(|below| !below.contains('*')), local) {
            let below: DomainName = below.parse()?;
            return Ok(Self::new(text, "*", &format!("*.{below}"), PatternShape::Subdomains(format!("@.{below}"))));
        }
        let labels: Result<Vec<_>, _> = domain.split('.').map(label).collect();
        Ok(Self::new(text, local, &labels?.join("."), PatternShape::Mixed))
    }

    fn new(text: &str, local: &str, domain: &str, shape: PatternShape) -> Self {
        let (local, domain) = (TextPattern::new(local), TextPattern::new(domain));
        Self { text: text.to_owned(), local, domain, shape }
    }
}

/// One label of a domain with stars in it.
fn label(label: &str) -> Result<String, AddressPatternError> {
    match label.contains('*') {
        true if label.is_ascii() => Ok(label.to_ascii_lowercase()),
        true => Err(AddressPatternError::StarInLabel),
        false => Ok(label.parse::<DomainName>()?.to_string()),
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

crate::text_serde!(AddressPattern);

#[cfg(test)]
mod tests;
