//! The checks of the body, in constant memory, while the pieces of the body arrive.

use encoding_rs::Encoding;

use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Repair};
use super::html::begins_as_html;
use super::injection;
use super::leaf::BodyContext;
use super::octets::{BodyOctets, long_line_fault};
use super::parts::{BodyParts, ENCODED_WHOLE, ENCODED_WHOLE_HINT};
use super::section::HeaderSection;
use crate::connection::MtaKind;
use crate::mail::charset::Charset;
use crate::mail::content_type::{ContentType, TransferEncoding};

/// The octets of the start of the body that are kept.
const MAX_START_OCTETS: usize = 2048;

/// The state of the checks between two pieces of the body.
pub(super) struct BodyCheck {
    octets: BodyOctets,
    parts: BodyParts,
    /// The first octets of the body.
    start: Vec<u8>,
    findings: CheckFindings,
    /// The message is one part of text.
    pub(super) one_text: bool,
    encoding: TransferEncoding,
    /// The message has a Content-Type.
    typed: bool,
    multipart: bool,
    mta: MtaKind,
}

impl BodyCheck {
    /// Begins the checks for a message with these fields.
    pub(super) fn new(section: &HeaderSection<'_>, mta: MtaKind, fallback: Option<&'static Encoding>) -> Self {
        let mut findings = CheckFindings::default();
        let content_type = section.first("Content-Type").map(|field| ContentType::parse(&field.value));
        let encoding = section.first("Content-Transfer-Encoding");
        let encoding = encoding.map_or(TransferEncoding::Unnamed, |field| TransferEncoding::parse(&field.value));
        let typed = content_type.is_some();
        let mime = typed || section.first("MIME-Version").is_some();
        let readable = content_type.as_ref().is_none_or(Option::is_some);
        let content_type = content_type.flatten();
        let is_text = content_type.as_ref().is_none_or(ContentType::is_text);
        let multipart = content_type.as_ref().is_some_and(ContentType::is_multipart);
        let context = BodyContext { mime, fallback };
        let parts = BodyParts::new(content_type.as_ref(), encoding, context, &mut findings);
        let one_text = readable && is_text;
        Self {
            octets: BodyOctets::new(mta),
            parts,
            start: Vec::new(),
            findings,
            one_text,
            encoding,
            typed,
            multipart,
            mta,
        }
    }

    /// True if the octets of the body stand for themselves.
    pub(super) fn is_identity(&self) -> bool {
        self.encoding.is_identity()
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        let wanted = MAX_START_OCTETS.saturating_sub(self.start.len()).min(chunk.len());
        self.start.extend_from_slice(chunk.split_at(wanted).0);
        let ascii = self.octets.push(chunk);
        self.parts.push(chunk, ascii, &mut self.findings);
    }

    /// The charset that the message names for its text.
    pub(super) fn charset(&self) -> Option<Charset> {
        self.parts.charset
    }

    /// Takes the end of the body; returns all findings.
    pub(super) fn finish(mut self, section: &HeaderSection<'_>) -> CheckFindings {
        self.octets.finish();
        self.parts.finish(&mut self.findings);
        let mut findings = self.findings;
        findings.not_utf8 &= self.one_text;
        let BodyOctets { nul, bare, eight_bit, long, .. } = self.octets;
        if [nul, bare, eight_bit, long] == [None; 4] {
            let named = |what| CheckFinding::body(Check::TransferEncodingMismatch, None, what);
            if self.parts.names_eight_bit {
                findings.add(named("parts in ASCII that are named 8bit: MTAs go by the name"));
            } else if self.encoding == TransferEncoding::EightBit {
                findings.add(named("ASCII that is named 8bit: MTAs go by the name").repair(Repair::SevenBit));
            }
        }
        if self.multipart && !self.encoding.is_identity() {
            findings.add(encoded_whole(section, self.parts.complete, eight_bit.is_some()));
        }
        if let Some(spot) = long {
            let finding = CheckFinding::body(Check::LongBodyLine, Some(spot), long_line_fault(self.mta));
            findings.add(finding.repair(Repair::QuotedPrintable));
        }
        if let Some(spot) = eight_bit {
            let finding = CheckFinding::body(Check::EightBitBody, Some(spot), "8-bit text");
            findings.add(finding.repair(Repair::QuotedPrintable));
        }
        if let Some(spot) = nul {
            findings.add(CheckFinding::body(Check::NulOrBareCrLf, Some(spot), "a NUL"));
        }
        if let Some(spot) = bare {
            let what = if spot.octet == b'\r' { "a CR without LF" } else { "a LF without CR" };
            findings.add(CheckFinding::body(Check::NulOrBareCrLf, Some(spot), what));
        }
        if !self.typed && begins_as_html(&self.start) {
            findings.add(CheckFinding::body(Check::HtmlWithoutMime, None, "HTML without Content-Type"));
        }
        if self.parts.html && !self.parts.plain {
            findings.add(CheckFinding::body(Check::HtmlOnly, None, "HTML without an alternative in plain text"));
        }
        // The last line that is kept may be cut within a name.
        let whole = match memchr::memrchr(b'\n', &self.start) {
            Some(at) if self.start.len() == MAX_START_OCTETS => self.start.split_at(at).0,
            _ => &self.start,
        };
        injection::check_body(whole, section, &mut findings);
        findings
    }
}

/// The finding about a multipart in an encoding. If its delimiters stand in the clear, the name of the encoding is wrong.
fn encoded_whole(section: &HeaderSection<'_>, complete: bool, eight_bit: bool) -> CheckFinding {
    let finding = CheckFinding::body(Check::TransferEncodingMismatch, None, ENCODED_WHOLE).hint(ENCODED_WHOLE_HINT);
    match section.first_with_id("Content-Transfer-Encoding") {
        Some((id, field)) if complete && section.count("Content-Transfer-Encoding") == 1 => {
            finding.repair(if eight_bit {
                Repair::Value(id, field.clone(), |_| Some(b" 8bit".to_vec()))
            } else {
                Repair::Remove(id)
            })
        }
        _ => finding,
    }
}

#[cfg(test)]
mod tests;
