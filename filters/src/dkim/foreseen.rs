//! Signed fields as Sendmail will send them.
//!
//! Sendmail rewrites address fields after all filters, and with them it breaks signatures. So such fields are written as
//! Sendmail will write them, before they are signed. A field whose result can't be foreseen is left out of the signature;
//! From can't be left out (RFC 6376 section 5.4), and the log tells of it. Postfix rewrites nothing after filters.

use std::borrow::Cow;

use mail_auth::dkim::Canonicalization;
use postseal_protocol::HeaderField;

use super::fields::SignedFields;
use super::header;
use crate::connection::MtaKind;
use crate::mail::fold::long_line;
use crate::mail::sendmail::{SentField, as_written, is_dropped};
use crate::message::{FieldId, Message};
use crate::refusal::printable;

/// The reason code of a field that Sendmail may rewrite in a way that can't be foreseen, and which is not signed.
pub(super) const REWRITTEN_FIELD: &str = "rewritten_field";
/// The reason code of such a From field, which must be signed.
pub(super) const REWRITTEN_FROM: &str = "rewritten_from";

/// What Sendmail will make of a message.
#[derive(Debug, Default)]
pub(super) struct ForeseenFields {
    edits: Vec<(FieldId, Vec<u8>)>,
    left_out: Vec<Vec<u8>>,
    unknown: Vec<String>,
    unknown_from: bool,
}

impl ForeseenFields {
    /// Looks at the signed fields of a message. `host` is the macro `j`.
    pub(super) fn of(
        message: &Message, signed: &SignedFields, rule: Canonicalization, mta: MtaKind, host: Option<&str>,
    ) -> Self {
        let mut foreseen = Self::default();
        if mta == MtaKind::Postfix {
            return foreseen;
        }
        for (id, field) in message.fields.iter() {
            let name = header::name(field);
            // The boundary must be read in the same way by all, even if it is not signed.
            let is_type = name.eq_ignore_ascii_case(b"Content-Type");
            if !is_type && !std::str::from_utf8(name).is_ok_and(|name| signed.contains(name)) {
                continue;
            }
            if is_dropped(name) {
                foreseen.left_out.push(name.to_vec());
                continue;
            }
            match as_written(field, host) {
                SentField::Same => {}
                SentField::Value(value) => {
                    let canonical = |value: &[u8]| {
                        let mut out = Vec::new();
                        header::write(rule, &HeaderField::new(field.name.clone(), value.to_vec()), &mut out);
                        out
                    };
                    let long = || long_line(field, mta.max_line_octets()).is_some();
                    if canonical(&field.value) != canonical(&value) || long() {
                        foreseen.edits.push((id, value));
                    }
                }
                SentField::Unknown if name.eq_ignore_ascii_case(b"From") => foreseen.unknown_from = true,
                SentField::Unknown => {
                    foreseen.unknown.push(printable(&String::from_utf8_lossy(name)));
                    foreseen.left_out.push(name.to_vec());
                }
            }
        }
        foreseen
    }

    /// Writes the fields into the message.
    pub(super) fn apply(&mut self, message: &mut Message) {
        for (id, value) in self.edits.drain(..) {
            message.fields.replace(id, value);
        }
    }

    /// Names of fields that can't be signed.
    pub(super) fn left_out(&self) -> &[Vec<u8>] {
        &self.left_out
    }

    /// The reason codes, each with its particulars.
    pub(super) fn faults(&self) -> impl Iterator<Item = (&'static str, Cow<'static, str>)> {
        const FROM: &str = "Sendmail may rewrite From in a way that can't be foreseen, and breaks the signature";
        let names = (!self.unknown.is_empty()).then(|| self.unknown.join(", "));
        let about =
            |names| format!("{names}: not signed, since Sendmail may rewrite it in a way that can't be foreseen");
        let field = names.map(|names| (REWRITTEN_FIELD, about(names).into()));
        field.into_iter().chain(self.unknown_from.then_some((REWRITTEN_FROM, FROM.into())))
    }
}
