//! Which header fields a signature covers (RFC 6376 section 5.4).
//!
//! A field named in `h=` once more than the message has it can't be added later: the signature covers its absence. That
//! is called oversigning, and it is what keeps a signed message from being shown with a second Subject or replayed to
//! other addressees in To. By default every signed field is sealed so, and the fields in which a forgery would show are
//! sealed even if the message lacks them.

use std::str::FromStr;

use mail_auth::dkim::Canonicalization;
use postseal_protocol::HeaderField;

use super::header;
use crate::connection::MtaKind;
use crate::message::Fields;

/// RFC 6376 section 5.4.1, then RFC 8058 section 4 (List-Unsubscribe-Post), then what decides how a message is shown,
/// sorted and answered, so that nobody replays it with other words or gives a client something to act on.
///
/// Not Content-Transfer-Encoding: Postfix changes it when the next hop lacks 8BITMIME, and a message that is declared
/// 8bit but has a body of ASCII then keeps its signature. Where the body has more than ASCII the signature is broken
/// either way, and a forged value can only make the text unreadable.
const SIGNED: [&str; 35] = [
    "From",
    "Reply-To",
    "Subject",
    "Date",
    "To",
    "Cc",
    "Resent-Date",
    "Resent-From",
    "Resent-To",
    "Resent-Cc",
    "In-Reply-To",
    "References",
    "List-Id",
    "List-Help",
    "List-Unsubscribe",
    "List-Subscribe",
    "List-Post",
    "List-Owner",
    "List-Archive",
    "List-Unsubscribe-Post",
    "Sender",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-ID",
    "Content-Description",
    "Content-Disposition",
    "Resent-Sender",
    "Resent-Message-ID",
    "Auto-Submitted",
    "Disposition-Notification-To",
    "Feedback-ID",
    "Autocrypt",
    // What header checks write.
    "X-Postseal-Fixed",
    "X-Postseal-Found",
];
/// Sealed even if absent. Not List-* and Resent-*, which lists and forwarders rightly add. Sender is: who posts to lists
/// that add it takes it out of `oversign`.
const SEALED_ABSENT: [&str; 10] = [
    "From",
    "Subject",
    "To",
    "Cc",
    "Date",
    "Reply-To",
    "Sender",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
];
/// Trace fields, fields that MTAs remove, and DKIM-Signature: the next of ours goes on top.
const CHANGES: [&str; 5] = ["Received", "Return-Path", "Bcc", "Resent-Bcc", "DKIM-Signature"];
/// Fields of one name. RFC 5322 allows one of most, and five hops of forwarding leave five Resent blocks.
const MAX_FIELDS_PER_NAME: usize = 32;
/// Length of `h=`, which becomes part of a field that no MTA on the way may find too long.
const MAX_H_TAG_OCTETS: usize = 8192;

/// The header fields to sign, checked.
#[derive(Clone, Debug)]
pub(super) struct SignedFields {
    names: Vec<SignedName>,
}

#[derive(Clone, Debug)]
struct SignedName {
    name: FieldName,
    /// Oversigned if the message has it.
    sealed: bool,
    /// Oversigned if the message lacks it.
    sealed_absent: bool,
}

/// The name of a header field (RFC 5322 section 3.6.8), fit for `h=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldName(String);

/// Why a name can't be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldNameError {
    /// Characters that field names, or `h=`, can't have.
    #[error("is not the name of a header field")]
    Syntax,
    /// A field that changes on the way.
    #[error("{0} changes on the way, so it must not be signed")]
    Changes(&'static str),
}

/// A message with so many fields of one name that it can't be meant well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TooMany {
    /// Their name.
    pub(super) name: String,
}

/// The fields of one message to be signed, in the order of `h=`.
pub(super) struct Selection<'a> {
    fields: Vec<&'a HeaderField>,
    /// The value of `h=`.
    pub(super) names: Vec<String>,
}

impl SignedFields {
    /// Signs `headers`, and oversigns `oversign`, whether the message has them or not. `None` means the default.
    pub(super) fn new(headers: Option<&[FieldName]>, oversign: Option<&[FieldName]>) -> Self {
        let default = || SIGNED.iter().map(|name| FieldName((*name).to_owned()));
        let mut names: Vec<SignedName> = Vec::new();
        let mut add = |name: FieldName, sealed: bool, sealed_absent: bool| match names
            .iter_mut()
            .find(|other| other.name.is(name.0.as_bytes()))
        {
            Some(other) => {
                other.sealed |= sealed;
                other.sealed_absent |= sealed_absent;
            }
            None => names.push(SignedName { name, sealed, sealed_absent }),
        };
        let listed: Vec<_> = headers.map_or_else(|| default().collect(), <[_]>::to_vec);
        for name in listed {
            let sealed_absent =
                oversign.is_none() && SEALED_ABSENT.iter().any(|other| name.is(other.as_bytes()));
            add(name, oversign.is_none(), sealed_absent);
        }
        for name in oversign.into_iter().flatten() {
            add(name.clone(), true, true);
        }
        Self { names }
    }

    /// True if a field of this name is signed.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.iter().any(|signed| signed.name.is(name.as_bytes()))
    }

    /// Picks what is to be signed of a message.
    pub(super) fn select<'a>(&self, fields: &'a Fields, mta: MtaKind) -> Result<Selection<'a>, TooMany> {
        let found = self.find(fields);
        let mut selection = Selection { fields: Vec::with_capacity(found.len()), names: Vec::new() };
        let mut octets = 0;
        for (index, signed) in self.names.iter().enumerate() {
            // The first is the bottommost: verifiers count from there (RFC 6376 section 5.4.2).
            let here = found.iter().filter(|(at, _)| *at == index).map(|(_, field)| *field);
            let before = selection.fields.len();
            selection.fields.extend(here);
            let count = selection.fields.len() - before;
            let seal =
                if count > 0 { signed.sealed } else { signed.sealed_absent && !signed.is_added_later(mta) };
            let entries = count + usize::from(seal);
            octets += entries * (signed.name.0.len() + 1);
            if count > MAX_FIELDS_PER_NAME || octets > MAX_H_TAG_OCTETS {
                return Err(TooMany { name: signed.name.0.clone() });
            }
            selection.names.extend(std::iter::repeat_n(&signed.name.0, entries).cloned());
        }
        Ok(selection)
    }

    /// Fields with the index of their name, bottommost first.
    fn find<'a>(&self, fields: &'a Fields) -> Vec<(usize, &'a HeaderField)> {
        let index = |field: &HeaderField| {
            let name = header::name(field);
            self.names.iter().position(|signed| signed.name.is(name))
        };
        fields.iter().rev().filter_map(|(_, field)| Some((index(field)?, field))).collect()
    }
}

impl SignedName {
    /// Sendmail puts these into a message that lacks them, after all filters (`headers.c`, the default `H?D?Date` and
    /// its like), so a signature over their absence would be broken by our own MTA. Postfix adds them before.
    fn is_added_later(&self, mta: MtaKind) -> bool {
        mta == MtaKind::Sendmail
            && ["Date", "From", "Message-ID"].iter().any(|name| self.name.is(name.as_bytes()))
    }
}

impl Selection<'_> {
    /// Appends the canonical form of the fields in the order of `h=`.
    pub(super) fn write(&self, rule: Canonicalization, out: &mut Vec<u8>) {
        for field in &self.fields {
            header::write(rule, field, out);
        }
    }
}

impl FieldName {
    /// The name as spelled.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is(&self, name: &[u8]) -> bool {
        self.0.as_bytes().eq_ignore_ascii_case(name)
    }
}

impl FromStr for FieldName {
    type Err = FieldNameError;

    fn from_str(text: &str) -> Result<Self, FieldNameError> {
        // Semicolons and colons separate in h=, and 76 octets fit into a line.
        let fits = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b';');
        if text.is_empty() || text.len() > 70 || !text.bytes().all(fits) {
            return Err(FieldNameError::Syntax);
        }
        let name = Self(text.to_owned());
        match CHANGES.iter().find(|other| name.is(other.as_bytes())) {
            Some(other) => Err(FieldNameError::Changes(other)),
            None => Ok(name),
        }
    }
}

#[cfg(test)]
mod tests;
