//! Patterns of From addresses, and identities, as the configuration writes them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::mail::address::{AddrSpec, DomainName, NameError};

const MAX_IDENTITY_OCTETS: usize = 70;

/// The From addresses that a [`SigningRule`](super::SigningRule) is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// One address: `newsletter@example.com`. Case does not matter, as with any mailbox that people know.
    Address {
        /// Local part in lower case.
        local: String,
        /// Domain.
        domain: DomainName,
    },
    /// A domain: `example.com`.
    Domain(DomainName),
    /// Everything below a domain, but not the domain itself: `.example.com`.
    Subdomains(DomainName),
    /// Everything: `*`.
    Any,
}

/// The domain that signs, `d=`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SigningDomain {
    /// This one.
    Named(DomainName),
    /// The domain in From, whatever it is: one key for many domains. Written `*`.
    OfFrom,
}

/// An identity, `i=` (RFC 6376 section 3.5): an optional local part, `@`, and the signing domain or one below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    text: String,
    domain: DomainName,
}

/// Why a text is no pattern or identity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningPatternError {
    /// An address and a domain are two keys in the configuration.
    #[error("is an address; write address = {0:?} instead of domain")]
    IsAddress(String),
    /// Not one address of the form `local@domain`.
    #[error("is not an address such as newsletter@example.com")]
    NotAddress,
    /// A pattern where one address is expected.
    #[error("is a pattern, but address is one address; write domain = {0:?} instead")]
    AddressPattern(String),
    /// Not of the form `@domain` or `local@domain`.
    #[error("is not an identity such as @example.com or list@example.com")]
    NotIdentity,
    /// An identity that does not fit into a line. It can't be folded: some verifiers keep the white space.
    #[error("is longer than {MAX_IDENTITY_OCTETS} octets")]
    LongIdentity,
    /// A star that is not alone.
    #[error("mixes * with a name; write .example.com for all subdomains of example.com, or * for everything")]
    Star,
    /// A bad domain.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl Identity {
    /// The text of `i=`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The domain behind the `@`.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }
}

impl Pattern {
    /// Reads the value of `domain =`.
    ///
    /// # Errors
    /// If it is neither a domain, nor a domain behind a dot, nor `*`.
    pub fn from_domain(text: &str) -> Result<Self, SigningPatternError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if text.contains('*') {
            return Err(SigningPatternError::Star);
        }
        if text.contains('@') {
            return Err(SigningPatternError::IsAddress(text.to_owned()));
        }
        Ok(match text.strip_prefix('.') {
            Some(below) => Self::Subdomains(below.parse()?),
            None => Self::Domain(text.parse()?),
        })
    }

    /// Reads the value of `address =`.
    ///
    /// # Errors
    /// If it is not one address.
    pub fn from_address(text: &str) -> Result<Self, SigningPatternError> {
        if let Some(domain) = wanted_domain(text) {
            return Err(SigningPatternError::AddressPattern(domain));
        }
        let address: AddrSpec = text.parse().map_err(|_| SigningPatternError::NotAddress)?;
        Ok(Self::Address { local: address.folded_local().to_owned(), domain: address.domain().parse()? })
    }

    /// The domain that signs unless another is given. `*` has none.
    pub fn default_signing_domain(&self) -> Option<&DomainName> {
        match self {
            Self::Address { domain, .. } | Self::Domain(domain) | Self::Subdomains(domain) => Some(domain),
            Self::Any => None,
        }
    }
}

/// The value of `domain` that says the same as an address with a star, or the nearest there is. An address that has a star
/// of its own can be written with quotes: `"*"@example.com`.
fn wanted_domain(address: &str) -> Option<String> {
    let (local, domain) = address.rsplit_once('@').unwrap_or(("address", address));
    let any_local = local.is_empty() || local.contains('*') && !local.starts_with('"');
    match domain.strip_prefix("*.") {
        _ if domain.is_empty() => None,
        Some(below) if !below.contains('*') => Some(format!(".{below}")),
        _ if domain.contains('*') => Some("*".to_owned()),
        _ => any_local.then(|| domain.to_owned()),
    }
}

impl SigningDomain {
    /// The name, or `*`.
    pub fn as_str(&self) -> &str {
        self.named().map_or("*", DomainName::as_str)
    }

    /// The name, if it is always the same.
    pub const fn named(&self) -> Option<&DomainName> {
        match self {
            Self::Named(domain) => Some(domain),
            Self::OfFrom => None,
        }
    }

    /// The name for mail from this domain. `None` if no receiver could look up a key there.
    pub(super) fn for_from(&self, domain: &str) -> Option<DomainName> {
        match self {
            Self::Named(domain) => Some(domain.clone()),
            Self::OfFrom => domain.parse().ok().filter(|_| domain.contains('.')),
        }
    }
}

impl From<DomainName> for SigningDomain {
    fn from(domain: DomainName) -> Self {
        Self::Named(domain)
    }
}

impl FromStr for SigningDomain {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "*" { Ok(Self::OfFrom) } else { text.parse().map(Self::Named) }
    }
}

impl fmt::Display for SigningDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Identity {
    type Err = SigningPatternError;

    fn from_str(text: &str) -> Result<Self, SigningPatternError> {
        let (local, domain) = text.rsplit_once('@').ok_or(SigningPatternError::NotIdentity)?;
        // Characters that need no encoding (RFC 6376 section 3.2, dkim-safe-char).
        let safe = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b'=');
        if !local.is_empty() && (!local.bytes().all(safe) || text.parse::<AddrSpec>().is_err()) {
            return Err(SigningPatternError::NotIdentity);
        }
        let domain: DomainName = domain.parse()?;
        let text = format!("{local}@{domain}");
        if text.len() > MAX_IDENTITY_OCTETS {
            Err(SigningPatternError::LongIdentity)
        } else {
            Ok(Self { text, domain })
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address { local, domain } => write!(f, "{local}@{domain}"),
            Self::Domain(domain) => write!(f, "{domain}"),
            Self::Subdomains(domain) => write!(f, ".{domain}"),
            Self::Any => f.write_str("*"),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

crate::text_serde!(Identity, SigningDomain);

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
