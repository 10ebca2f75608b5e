//! The parts of a key, and the values that a message has for them.

use std::fmt;
use std::str::FromStr;

use postseal_protocol::MacroTable;

use super::form::{Prefixes, client, plain};
use super::path;
use crate::submitter::Submitter;

/// The beginning of the value of a null reverse-path. The user or the client follows: otherwise the bounces of one
/// server would use up the limit of all.
pub(super) const NULL_SENDER: &str = "<>";
/// The owner of a null reverse-path without user and client address.
const NO_OWNER: &str = "unknown";

/// A part of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// The authenticated user.
    User,
    /// The network of the client.
    Client,
    /// The reverse-path.
    Sender,
    /// The domain of the reverse-path.
    SenderDomain,
    /// The domain of each recipient.
    RecipientDomain,
    /// The listener.
    Listener,
    /// A macro of the MTA, with its braces if it has any.
    Macro(String),
}

/// The text is no part of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` can't be counted by; write user, client, sender, sender_domain, recipient_domain, listener, or a macro such as {{daemon_name}} in braces"
)]
pub struct KeyPartError(String);

/// The facts about a message that the values of a key are taken from.
pub(super) struct KeyFacts<'a> {
    pub(super) submitter: Submitter<'a>,
    pub(super) macros: &'a MacroTable,
    /// The mailbox of the reverse-path; empty for the null reverse-path.
    pub(super) sender: &'a [u8],
    /// A domain that the recipient names, at RCPT, as it stands in a counter.
    pub(super) recipient_domain: Option<&'a str>,
}

impl FromStr for KeyPart {
    type Err = KeyPartError;

    fn from_str(text: &str) -> Result<Self, KeyPartError> {
        Ok(match text {
            "user" => Self::User,
            "client" => Self::Client,
            "sender" => Self::Sender,
            "sender_domain" => Self::SenderDomain,
            "recipient_domain" => Self::RecipientDomain,
            "listener" => Self::Listener,
            _ => {
                let error = || KeyPartError(text.to_owned());
                let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
                let name = inner.ok_or_else(error)?;
                let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
                if name.is_empty() || !name.chars().all(fits) {
                    return Err(error());
                }
                Self::Macro(if name.len() == 1 { name.to_owned() } else { text.to_owned() })
            }
        })
    }
}

crate::text_serde!(KeyPart);

impl fmt::Display for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Client => "client",
            Self::Sender => "sender",
            Self::SenderDomain => "sender_domain",
            Self::RecipientDomain => "recipient_domain",
            Self::Listener => "listener",
            Self::Macro(name) if name.len() == 1 => return write!(f, "{{{name}}}"),
            Self::Macro(name) => name,
        })
    }
}

impl KeyPart {
    /// The value as it stands in the name of a counter; `None` if the message has no such value.
    pub(super) fn value(&self, facts: &KeyFacts<'_>, prefixes: Prefixes) -> Option<String> {
        Some(match self {
            Self::User => plain(facts.submitter.user?),
            Self::Client => client(facts.submitter.client?, prefixes),
            Self::Sender | Self::SenderDomain if path::address(facts.sender).is_empty() => null_sender(facts, prefixes),
            Self::Sender => path::sender(facts.sender),
            Self::SenderDomain => path::sender_domain(facts.sender),
            Self::RecipientDomain => facts.recipient_domain?.to_owned(),
            Self::Listener => plain(facts.submitter.listener.as_bytes()),
            Self::Macro(name) => plain(facts.macros.get(name).filter(|value| !value.trim_ascii().is_empty())?),
        })
    }

    /// True if the null reverse-path has a value of its own for this part.
    pub(super) fn is_sender(&self) -> bool {
        matches!(self, Self::Sender | Self::SenderDomain)
    }
}

/// The value of a null reverse-path: that of its user, or else of its client.
fn null_sender(facts: &KeyFacts<'_>, prefixes: Prefixes) -> String {
    let by_client = || facts.submitter.client.map(|ip| client(ip, prefixes));
    let owner = facts.submitter.user.map(plain).or_else(by_client);
    format!("{NULL_SENDER}{}", owner.as_deref().unwrap_or(NO_OWNER))
}
