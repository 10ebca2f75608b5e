//! The parts of a key, and how their values become the name of a counter.
//!
//! A counter is named `RULE:VALUE,VALUE`, with one value for each part of the rule's key. Letters are in lower case:
//! most servers do not distinguish users by case, and a thief must not get a new counter for each spelling of a name.
//! An octet that is not plain is written `%xx`. A name that is too long ends in a hash, so that a sender cannot
//! create very long names.

use std::fmt::{self, Write};
use std::net::IpAddr;
use std::str::FromStr;

use postseal_protocol::MacroTable;

use crate::mail::address::to_ascii;
use crate::network::Network;
use crate::store::MAX_KEY_OCTETS;
use crate::submitter::Submitter;

/// The value of the null reverse-path.
const NULL_SENDER: &str = "<>";
/// A tilde and a hash of 16 digits at the end of a long name.
const HASH_OCTETS: usize = 17;

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
    /// The domain of the recipient, at RCPT.
    pub(super) recipient_domain: Option<&'a str>,
}

/// The number of leading bits of an address that stand for one client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes {
    pub(super) ipv4: u8,
    pub(super) ipv6: u8,
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
            Self::Sender if facts.sender.is_empty() => NULL_SENDER.to_owned(),
            Self::Sender => plain(facts.sender),
            Self::SenderDomain if facts.sender.is_empty() => NULL_SENDER.to_owned(),
            Self::SenderDomain => plain(domain(facts.sender).as_bytes()),
            Self::RecipientDomain => plain(facts.recipient_domain?.as_bytes()),
            Self::Listener => plain(facts.submitter.listener.as_bytes()),
            Self::Macro(name) => plain(facts.macros.get(name).filter(|value| !value.is_empty())?),
        })
    }
}

pub(super) fn name(rule: &str, values: &[String]) -> String {
    let mut name = format!("{rule}:{}", values.join(","));
    if name.len() > MAX_KEY_OCTETS {
        let hash = fnv(name.as_bytes());
        // All octets are ASCII, so that any of them may be the last.
        name.truncate(MAX_KEY_OCTETS - HASH_OCTETS);
        let _ = write!(name, "~{hash:016x}");
    }
    name
}

/// The domain of a mailbox, in lower case and without a dot at the end. A mailbox without a domain counts as one of
/// `localhost`, since the MTA will add its own domain.
pub(super) fn domain(mailbox: &[u8]) -> String {
    let at = mailbox.iter().rposition(|octet| *octet == b'@');
    let domain = at.and_then(|at| mailbox.get(at + 1..)).unwrap_or(b"localhost");
    let text = String::from_utf8_lossy(domain.strip_suffix(b".").unwrap_or(domain));
    // An international name may come in Unicode or in its xn-- form. Both must give the same counter.
    to_ascii(&text).map_or_else(|| text.to_string(), |name| name.to_ascii_lowercase())
}

/// The value in lower case, with `%xx` for each octet that is not plain.
pub(super) fn plain(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    for octet in value {
        match octet {
            b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(*octet)),
            b'A'..=b'Z' => out.push(char::from(octet.to_ascii_lowercase())),
            b'.' | b'@' | b'_' | b'-' | b'+' | b'=' | b':' | b'/' | b'#' | b'*' | b'<' | b'>' => {
                out.push(char::from(*octet));
            }
            _ => {
                let _ = write!(out, "%{octet:02x}");
            }
        }
    }
    out
}

fn client(ip: IpAddr, prefixes: Prefixes) -> String {
    let bits = if ip.is_ipv4() { prefixes.ipv4 } else { prefixes.ipv6 };
    let network = Network::around(ip, bits);
    if bits == network.longest() { ip.to_string() } else { network.to_string() }
}

/// FNV-1a. The hash must be the same in every version and on every machine. It need not be secure: a collision gains
/// nothing, since the two would only share a limit.
fn fnv(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}
