//! Signed fields as Sendmail will send them.
//!
//! Sendmail rewrites address fields after all filters, and with them it breaks signatures. So such fields are written as
//! Sendmail will write them, before they are signed. A field whose result can't be foreseen is left out of the signature;
//! From can't be left out (RFC 6376 section 5.4), and the log tells of it. Postfix rewrites nothing after filters.

use mail_auth::dkim::Canonicalization;

use super::fields::SignedFields;
use super::header;
use crate::connection::MtaKind;
use crate::mail::sendmail::{SentField, as_written, is_dropped};
use crate::message::{FieldId, Message};

/// The reason code of a field that Sendmail may rewrite in a way that can't be foreseen.
pub(super) const REWRITTEN_FIELD: &str = "rewritten_field";

/// What Sendmail will make of a message.
#[derive(Debug, Default)]
pub(super) struct ForeseenFields {
    edits: Vec<(FieldId, Vec<u8>)>,
    left_out: Vec<Vec<u8>>,
    unknown: Vec<String>,
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
            if !std::str::from_utf8(name).is_ok_and(|name| signed.contains(name)) {
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
                        let field = postseal_protocol::HeaderField::new(field.name.clone(), value.to_vec());
                        header::write(rule, &field, &mut out);
                        out
                    };
                    if canonical(&field.value) != canonical(&value) {
                        foreseen.edits.push((id, value));
                    }
                }
                SentField::Unknown => {
                    foreseen.unknown.push(crate::refusal::printable(&String::from_utf8_lossy(name)));
                    if !name.eq_ignore_ascii_case(b"From") {
                        foreseen.left_out.push(name.to_vec());
                    }
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

    /// The particulars of the reason code, if there is one.
    pub(super) fn fault(&self) -> Option<String> {
        let names = (!self.unknown.is_empty()).then(|| self.unknown.join(", "))?;
        let broken = self.unknown.iter().any(|name| name.eq_ignore_ascii_case("From"));
        let so = if broken { "and breaks the signature with From" } else { "so it is not signed" };
        Some(format!("{names}: Sendmail may rewrite the field in a way that can't be foreseen, {so}"))
    }
}
