//! Keys as people type them, in overrides and in `postseal limits`: made into the names that counters have.
//!
//! Values are separated by commas. `%xx` stands for an octet, so that a name can have a comma (`%2c`) or a percent sign
//! (`%25`), and so that a name can be typed as a list shows it. A value that no message can have is an error: otherwise
//! an operator would believe that a limit or a block holds.

use std::collections::BTreeSet;

use super::form::{self, Prefixes, plain};
use super::key::{KeyPart, NULL_SENDER};
use super::path;
use super::ramp::Growing;
use crate::network::Network;

/// The parts of a rule that say what its counters are named.
#[derive(Clone, Copy)]
pub(super) struct TypedKey<'a> {
    pub(super) key: &'a [KeyPart],
    pub(super) prefixes: Prefixes,
    pub(super) ramps: &'a [Growing],
}

/// The reason why no message has such a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TypedKeyError {
    /// A value is empty.
    #[error("has an empty value, which no message has")]
    Empty,
    /// A value has a control character.
    #[error("has a control character; if a name really has one, write it as %xx, such as %09")]
    Control,
    /// More values or fewer than the key has parts.
    #[error("has {values} values, but the key of the rule has {parts}; write a comma in a name as %2c")]
    Parts {
        /// The number of values.
        values: usize,
        /// The number of parts of the key.
        parts: usize,
    },
    /// No address of a client.
    #[error("`{0}` is no client; write an IP address")]
    Client(String),
    /// A network of another size than the rule counts by.
    #[error("`{0}` is not counted as one client; the rule counts by networks such as {1}")]
    ClientSize(String, Network),
    /// No domain.
    #[error("`{0}` is no domain")]
    Domain(String),
    /// The null sender without its owner.
    #[error("names no counter: a null sender is counted by its user or client; write such as <>alice or <>192.0.2.1")]
    NullSender,
    /// A null sender, but no key by sender.
    #[error("is a null sender, but the key has neither sender nor sender_domain")]
    NoSenderPart,
}

impl TypedKey<'_> {
    /// The values of a whole key, as they stand in the name of a counter.
    pub(super) fn values(self, text: &str) -> Result<Vec<String>, TypedKeyError> {
        let (values, parts) = (text.split(',').count(), self.key.len());
        if values != parts {
            return Err(TypedKeyError::Parts { values, parts });
        }
        self.key.iter().zip(text.split(',')).map(|(part, text)| self.value(part, text)).collect()
    }

    /// The texts under which an override is looked up: those of the whole key, or of a value that may be that of any
    /// part.
    pub(super) fn override_values(self, text: &str) -> Result<BTreeSet<String>, TypedKeyError> {
        if text.contains(',') {
            return self.values(text).map(|values| [values.join(",")].into());
        }
        let of_null_sender = text.trim().starts_with(NULL_SENDER);
        let parts = self.key.iter().filter(|part| !of_null_sender || part.is_sender());
        let (good, bad): (Vec<_>, Vec<_>) = parts.map(|part| self.override_value(part, text)).partition(Result::is_ok);
        match bad.into_iter().next() {
            Some(Err(error)) if good.is_empty() => Err(error),
            None if good.is_empty() => Err(TypedKeyError::NoSenderPart),
            _ => Ok(good.into_iter().flatten().collect()),
        }
    }

    /// A value, `@domain` for all names at a domain, or `.domain` for all below one.
    fn override_value(self, part: &KeyPart, text: &str) -> Result<String, TypedKeyError> {
        let text = text.trim();
        let at = text.strip_prefix('@');
        match (part, at.or_else(|| text.strip_prefix('.'))) {
            (KeyPart::Sender | KeyPart::SenderDomain, _) if text == NULL_SENDER => Ok(text.to_owned()),
            (KeyPart::SenderDomain | KeyPart::RecipientDomain, Some(domain)) if at.is_some() => {
                self.value(part, domain)
            }
            (KeyPart::Sender, Some(domain)) => {
                let domain = self.value(&KeyPart::SenderDomain, domain)?;
                Ok(format!("{}{domain}", if at.is_some() { '@' } else { '.' }))
            }
            _ => self.value(part, text),
        }
    }

    fn value(self, part: &KeyPart, text: &str) -> Result<String, TypedKeyError> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(TypedKeyError::Control);
        }
        let octets = decoded(text);
        if octets.contains(&0) {
            return Err(TypedKeyError::Control);
        }
        if octets.trim_ascii().is_empty() {
            return Err(TypedKeyError::Empty);
        }
        match part {
            KeyPart::User | KeyPart::Listener | KeyPart::Macro(_) => Ok(plain(&octets)),
            KeyPart::Client => self.client(text),
            KeyPart::Sender | KeyPart::SenderDomain if text.starts_with(NULL_SENDER) => {
                self.null_sender(text.trim_start_matches(NULL_SENDER))
            }
            KeyPart::Sender if text.contains(['<', '"']) => Ok(path::sender(&octets)),
            KeyPart::Sender => Ok(path::sender_value(&octets)),
            KeyPart::SenderDomain => domain(text),
            KeyPart::RecipientDomain => {
                let domain = domain(text)?;
                let ramp = Growing::find(self.ramps, &domain).and_then(Growing::name);
                Ok(ramp.map_or_else(|| domain.clone(), str::to_owned))
            }
        }
    }

    /// A client by its address, or by a network that is exactly one client.
    fn client(self, text: &str) -> Result<String, TypedKeyError> {
        let network: Network = text.parse().map_err(|_| TypedKeyError::Client(text.to_owned()))?;
        let counted = form::network(network.first(), self.prefixes);
        match network == counted || network.bits() == network.longest() {
            true => Ok(form::client(network.first(), self.prefixes)),
            false => Err(TypedKeyError::ClientSize(text.to_owned(), counted)),
        }
    }

    fn null_sender(self, owner: &str) -> Result<String, TypedKeyError> {
        let owner = owner.trim();
        let value = match self.client(owner) {
            Ok(client) => client,
            Err(TypedKeyError::Client(_)) => plain(&decoded(owner)),
            Err(error) => return Err(error),
        };
        if value.is_empty() { Err(TypedKeyError::NullSender) } else { Ok(format!("{NULL_SENDER}{value}")) }
    }
}

/// A domain as counters have it.
pub(super) fn domain(text: &str) -> Result<String, TypedKeyError> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '@' | '!' | ',' | '<' | '>');
    let value = path::domain_value(&decoded(text));
    if value.is_empty() || text.contains(odd) { Err(TypedKeyError::Domain(text.to_owned())) } else { Ok(value) }
}

/// The octets that a text stands for: `%xx` is one octet. A percent sign without two digits stands for itself.
pub(super) fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, behind)) = rest.split_first() {
        rest = behind;
        let digits = behind.first_chunk::<2>().filter(|_| *octet == b'%');
        let escaped = digits.and_then(|digits| {
            let hex = digits.iter().all(u8::is_ascii_hexdigit).then(|| std::str::from_utf8(digits).ok())?;
            u8::from_str_radix(hex?, 16).ok()
        });
        match (escaped, behind.split_at_checked(2)) {
            (Some(escaped), Some((_, behind))) => {
                out.push(escaped);
                rest = behind;
            }
            _ => out.push(*octet),
        }
    }
    out
}

#[cfg(test)]
mod tests;
