//! Which header fields a signature covers (RFC 6376 section 5.4).
//!
//! If `h=` names a field once more than the message has it, nobody can add another such field later: the signature
//! covers its absence. This is called oversigning. It prevents a signed message from being shown with a second
//! Subject, or replayed to other addressees in To. By default every signed field that the message has is oversigned,
//! and so are the fields in which a forgery would show, even if the message lacks them.

use std::str::FromStr;

use mail_auth::dkim::Canonicalization;
use postseal_protocol::HeaderField;

use super::header;
use crate::connection::MtaKind;
use crate::mail::content_type::TransferEncoding;
use crate::message::Fields;

/// Fields that are signed by default. First those of RFC 6376 section 5.4.1, then List-Unsubscribe-Post (RFC 8058
/// section 4), then the fields by which clients show, sort and answer a message: nobody can replay it with other
/// words, or give a client something to act on.
///
/// Content-Transfer-Encoding has a rule of its own, [`FieldChanges`].
const SIGNED: [&str; 36] = [
    "From", "Reply-To", "Subject", "Date", "To", "Cc", "Resent-Date", "Resent-From", "Resent-To", "Resent-Cc",
    "In-Reply-To", "References", "List-Id", "List-Help", "List-Unsubscribe", "List-Subscribe", "List-Post",
    "List-Owner", "List-Archive", "List-Unsubscribe-Post", "Sender", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Content-ID", "Content-Description", "Content-Disposition", "Resent-Sender",
    "Resent-Message-ID", "Auto-Submitted", "Disposition-Notification-To", "Feedback-ID", "Autocrypt",
    // Fields that the header checks write.
    "X-Postseal-Fixed", "X-Postseal-Found",
];
/// Fields that are oversigned by default even if the message lacks them: with one of them, others could show another
/// text, another thread or another key than the author's. Sender, List-* and Resent-* are not among them, since lists and
/// forwarders rightly add them.
const SEALED_ABSENT: [&str; 14] = [
    "From", "Subject", "To", "Cc", "Date", "Reply-To", "Message-ID", "MIME-Version", "Content-Type", TRANSFER_ENCODING,
    "Content-Disposition", "In-Reply-To", "References", "Autocrypt",
];
/// A message with none of these has no recipients for Sendmail, whatever its Resent- fields say (seen with 8.17.1).
const RECIPIENT_FIELDS: [&str; 4] = ["To", "Cc", "Bcc", "Apparently-To"];
const TRANSFER_ENCODING: &str = "Content-Transfer-Encoding";
/// Fields that are never signed: trace fields, fields that MTAs remove, and DKIM-Signature, because the signature of
/// the next key is put above it.
const CHANGES: [&str; 5] = ["Received", "Return-Path", "Bcc", "Resent-Bcc", "DKIM-Signature"];
/// Fields of one name that are signed. RFC 5322 allows one of most names, and five hops of forwarding leave five
/// Resent blocks.
const MAX_FIELDS_PER_NAME: usize = 32;
/// Octets of `h=`. It is part of a header field, which no MTA on the way must find too long.
const MAX_H_TAG_OCTETS: usize = 8192;

/// The names of the fields to sign, each once.
#[derive(Clone, Debug)]
pub(super) struct SignedFields {
    names: Vec<SignedName>,
    default_names: bool,
    default_seals: bool,
}

#[derive(Clone, Debug)]
struct SignedName {
    name: FieldName,
    /// True if the field is oversigned where the message has it.
    sealed: bool,
    /// True if the field is oversigned where the message lacks it.
    sealed_absent: bool,
    /// True if the configuration lists the name.
    listed: bool,
}

/// What the MTA may do to fields after all filters.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldChanges<'a> {
    pub(super) mta: MtaKind,
    /// Names of fields that the MTA may rewrite in a way that can't be foreseen, and which are not signed.
    pub(super) left_out: &'a [Vec<u8>],
    /// The body has octets over 127. Where it has none, no MTA on the way encodes it.
    pub(super) eight_bit_body: bool,
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

/// The message has more fields of one signed name than [`MAX_FIELDS_PER_NAME`], which no honest message has, or they
/// make `h=` too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TooManyFields {
    pub(super) name: String,
}

/// The fields of one message to be signed, in the order of `h=`.
pub(super) struct Selection<'a> {
    fields: Vec<&'a HeaderField>,
    pub(super) names: Vec<String>,
}

impl SignedFields {
    /// Signs `headers`, and oversigns `oversign`, whether the message has them or not. `None` means the default.
    pub(super) fn new(headers: Option<&[FieldName]>, oversign: Option<&[FieldName]>) -> Self {
        let default = || SIGNED.iter().map(|name| FieldName((*name).to_owned()));
        let mut names: Vec<SignedName> = Vec::new();
        let mut add = |new: SignedName| match names.iter_mut().find(|other| other.name.is(new.name.0.as_bytes())) {
            Some(other) => {
                other.sealed |= new.sealed;
                other.sealed_absent |= new.sealed_absent;
                other.listed |= new.listed;
            }
            None => names.push(new),
        };
        let signed: Vec<_> = headers.map_or_else(|| default().collect(), <[_]>::to_vec);
        for name in signed {
            let sealed_absent = oversign.is_none() && SEALED_ABSENT.iter().any(|other| name.is(other.as_bytes()));
            add(SignedName { name, sealed: oversign.is_none(), sealed_absent, listed: headers.is_some() });
        }
        for name in oversign.into_iter().flatten() {
            add(SignedName { name: name.clone(), sealed: true, sealed_absent: true, listed: true });
        }
        Self { names, default_names: headers.is_none(), default_seals: oversign.is_none() }
    }

    /// Signs fields of this name as well, unless the configuration lists the fields to sign.
    pub(super) fn sign_also(&mut self, name: FieldName) {
        if self.default_names && !self.contains(&name.0) {
            self.names.push(SignedName { name, sealed: self.default_seals, sealed_absent: false, listed: false });
        }
    }

    /// True if a field of this name is signed.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.names.iter().any(|signed| signed.name.is(name.as_bytes()))
    }

    /// Picks the fields of a message that are to be signed.
    pub(super) fn select<'a>(
        &self, fields: &'a Fields, changes: FieldChanges<'_>,
    ) -> Result<Selection<'a>, TooManyFields> {
        let found = self.find(fields);
        let mut selection = Selection { fields: Vec::with_capacity(found.len()), names: Vec::new() };
        let mut octets = 0;
        for (index, signed) in self.names.iter().enumerate() {
            if signed.is_changed_later(fields) || changes.left_out.iter().any(|name| signed.name.is(name)) {
                continue;
            }
            // The bottommost field comes first, since verifiers count from the bottom (RFC 6376 section 5.4.2).
            let here = found.iter().filter(|(at, _)| *at == index).map(|(_, field)| *field);
            let before = selection.fields.len();
            selection.fields.extend(here);
            let count = selection.fields.len() - before;
            let seal =
                if count > 0 { signed.sealed } else { signed.sealed_absent && !signed.is_added_later(fields, changes) };
            let entries = count + usize::from(seal);
            octets += entries * (signed.name.0.len() + 1);
            if count > MAX_FIELDS_PER_NAME || octets > MAX_H_TAG_OCTETS {
                return Err(TooManyFields { name: signed.name.0.clone() });
            }
            selection.names.extend(std::iter::repeat_n(&signed.name.0, entries).cloned());
        }
        Ok(selection)
    }

    /// The signed fields of a message, bottommost first, each with the index of its name.
    fn find<'a>(&self, fields: &'a Fields) -> Vec<(usize, &'a HeaderField)> {
        let index = |field: &HeaderField| {
            let name = header::name(field);
            self.names.iter().position(|signed| signed.name.is(name))
        };
        fields.iter().rev().filter_map(|(_, field)| Some((index(field)?, field))).collect()
    }
}

impl SignedName {
    /// True if the MTA may add the field, where it is missing, after all filters. Sendmail does so for Date, From and
    /// Message-ID (`headers.c`, the default `H?D?Date` and the like), for the same fields of a resent message, and for To or Apparently-To of a message without
    /// recipients as its option NoRecipientAction says, so a signature over their absence would be broken by our own
    /// MTA. Postfix adds such fields before the filters.
    ///
    /// The encoding of a body that no field names may be named by any MTA on the way, if the body is not ASCII.
    fn is_added_later(&self, fields: &Fields, changes: FieldChanges<'_>) -> bool {
        let among = |names: &[&str]| names.iter().any(|name| self.name.is(name.as_bytes()));
        let named = |name: &&str| fields.named(name).next().is_some();
        changes.mta == MtaKind::Sendmail
            && (among(&["Date", "From", "Message-ID"])
                || among(&["Resent-Date", "Resent-From", "Resent-Message-ID"])
                || among(&["To", "Apparently-To"]) && !RECIPIENT_FIELDS.iter().any(named))
            || changes.eight_bit_body && !self.listed && among(&[TRANSFER_ENCODING])
    }

    /// True if an MTA may change the field of this message after all filters. Postfix makes quoted-printable of a body
    /// that is named 8bit or binary when the next hop lacks 8BITMIME, even if the body is ASCII (`smtp_proto.c`,
    /// `mime_state.c`). A message of ASCII then keeps its signature, if the name is not signed.
    fn is_changed_later(&self, fields: &Fields) -> bool {
        // What the configuration lists is signed.
        if self.listed || !self.name.is(TRANSFER_ENCODING.as_bytes()) {
            return false;
        }
        let mut named = fields.named(TRANSFER_ENCODING);
        named.any(|(_, field)| TransferEncoding::parse(&field.value) == TransferEncoding::EightBit)
    }
}

impl Selection<'_> {
    /// The fields, in the order of `h=`.
    pub(super) fn iter(&self) -> impl Iterator<Item = &HeaderField> {
        self.fields.iter().copied()
    }

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
        // Colons separate names in `h=`, and semicolons separate tags. A name must fit into a line of 76 octets.
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
