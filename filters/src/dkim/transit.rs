//! The faults for which a signature will not hold, because an MTA changes the message after all filters, or because
//! verifiers do not agree.
//!
//! Postfix breaks lines over 998 octets in two, in the header section and in the body, unless its
//! `smtp_line_length_limit` is 0; Sendmail cuts lines over 990 octets, and writes the delimiters and header sections of parts
//! anew. Nothing is refused or left unsigned for that: the log tells the postmaster of it.

use std::borrow::Cow;

use postseal_protocol::HeaderField;

use super::fields::Selection;
use super::foreseen::{REWRITTEN_FIELD, REWRITTEN_FROM};
use crate::connection::MtaKind;
use crate::mail::fold::long_line;
use crate::mail::sendmail::SentBody;
use crate::refusal::printable;

/// The reason code of a signed field with a long line.
pub(super) const LONG_HEADER_LINE: &str = "long_header_line";
/// The reason code of a body with a long line.
pub(super) const LONG_BODY_LINE: &str = "long_body_line";

/// The reason code of a signed field with a form feed or a vertical tab. These are text, but some verifiers take them for
/// white space.
pub(super) const FORM_FEED: &str = "form_feed";
/// The reason code of relaxed canonicalization where simple was wanted.
pub(super) const RELAXED: &str = "relaxed_header";
pub(super) const RELAXED_DETAIL: &str =
    "relaxed canonicalization of the header section, since the MTA strips values (Postfix: set milter_protocol = 6)";
/// The reason code of a multipart that Sendmail writes in another way.
const REWRITTEN_BODY: &str = "rewritten_body";
const REWRITTEN_BODY_DETAIL: &str = "Sendmail writes the multipart in another way, and breaks the signature: a delimiter or a field of a part is broken";
/// All of them, and those of fields that Sendmail rewrites.
pub(super) const REASONS: [&str; 7] =
    [LONG_HEADER_LINE, LONG_BODY_LINE, FORM_FEED, RELAXED, REWRITTEN_FIELD, REWRITTEN_FROM, REWRITTEN_BODY];

/// The facts about a body that decide what becomes of the message.
#[derive(Debug)]
pub(super) struct BodyTransit {
    mta: MtaKind,
    /// The body has an octet over 127.
    pub(super) eight_bit: bool,
    /// The body has a line that the MTA breaks.
    pub(super) long_line: bool,
    /// The octets of the line whose end has not come yet.
    line: usize,
    /// The parts of the body, if the MTA takes them apart.
    parts: Option<SentBody>,
}

impl BodyTransit {
    /// A body of this Content-Type that this MTA will send.
    pub(super) fn new(mta: MtaKind, content_type: Option<&HeaderField>) -> Self {
        let parts = content_type.filter(|_| mta == MtaKind::Sendmail).map(SentBody::new);
        Self { mta, eight_bit: false, long_line: false, line: 0, parts }
    }

    /// Takes the next piece of the body. If the next 1,000 octets contain a line end, no line before the last line end among
    /// them is too long.
    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.eight_bit = self.eight_bit || !chunk.is_ascii();
        if let Some(parts) = &mut self.parts {
            parts.update(chunk);
        }
        let mut rest = chunk;
        while let Some((window, _)) = rest.split_at_checked(self.mta.max_line_octets() + 2 - self.line) {
            let Some(at) = memchr::memrchr(b'\n', window).filter(|_| !self.long_line) else {
                self.long_line = true;
                return;
            };
            rest = rest.split_at(at + 1).1;
            self.line = 0;
        }
        self.line = match memchr::memrchr(b'\n', rest) {
            Some(at) => rest.len() - at - 1,
            None => self.line + rest.len(),
        };
    }

    /// The reasons for which the signature over these fields will break, each with its particulars.
    pub(super) fn faults(self, fields: &Selection<'_>) -> impl Iterator<Item = (&'static str, Cow<'static, str>)> {
        let broken = match self.mta {
            MtaKind::Postfix => "an MTA breaks a line of more than 998 octets, and with the line the signature",
            MtaKind::Sendmail => "Sendmail cuts a line of more than 990 octets, and breaks the signature",
        };
        const FEED: &str = "a form feed or vertical tab, which verifiers do not agree on";
        let about = |field: &HeaderField, what| format!("{}: {what}", printable(&String::from_utf8_lossy(&field.name)));
        let long = fields.iter().find(|field| long_line(field, self.mta.max_line_octets()).is_some());
        let long = long.map(|field| (LONG_HEADER_LINE, about(field, broken).into()));
        let body = self.long_line.then_some((LONG_BODY_LINE, broken.into()));
        let feed = fields.iter().find(|field| memchr::memchr2(b'\x0b', b'\x0c', &field.value).is_some());
        let feed = feed.map(|field| (FORM_FEED, about(field, FEED).into()));
        let parts = self.parts.is_some_and(SentBody::ends_changed);
        let parts = parts.then_some((REWRITTEN_BODY, REWRITTEN_BODY_DETAIL.into()));
        long.into_iter().chain(body).chain(feed).chain(parts)
    }
}

#[cfg(test)]
mod tests;
