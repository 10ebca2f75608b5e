//! Follows the boundaries of a multipart message while its body arrives (RFC 2046 section 5.1).
//!
//! Two things are kept: the stack of open boundaries, and the start of a line that may be a delimiter or a header field of
//! a part. The parts of a message within the message are not checked.

mod header;
mod stack;

use header::{PartHeader, RawPartText};
use stack::BoundaryStack;

use encoding_rs::Encoding;

use super::advice;
use super::check::Check;
use super::finding::{CheckFinding, CheckFindings};
use super::leaf::{BodyContext, LeafPart};
use crate::mail::charset::Charset;
use crate::mail::content_type::{ContentType, TransferEncoding};

const MAX_PARTS: u32 = 10_000;
/// The octets of a line that are kept until its end arrives.
const MAX_KEPT_LINE_OCTETS: usize = 4096;
/// The fault of a multipart, or of a message within the message, that is named base64 or quoted-printable.
pub(super) const ENCODED_WHOLE: &str = "an encoding that only the parts within may have";
pub(super) const ENCODED_WHOLE_HINT: &str = "name encodings for the parts alone, not for the multipart around them";

/// The structure, as far as the body so far has shown it.
pub(super) struct BodyParts {
    stack: BoundaryStack,
    state: PartState,
    /// The next octet begins a line.
    at_start: bool,
    /// The start of a line whose end has not arrived.
    line: Vec<u8>,
    /// The octets of the body that were taken.
    offset: u64,
    count: u32,
    pub(super) plain: bool,
    pub(super) html: bool,
    /// The charset that the parts name; [`Charset::Unjudged`] if they name several.
    pub(super) charset: Option<Charset>,
    fallback: Option<&'static Encoding>,
    /// A part of a multipart is named 8bit, or may have parts that are.
    pub(super) names_eight_bit: bool,
    /// All boundaries have come, and the last of each.
    pub(super) complete: bool,
}

enum PartState {
    Header(PartHeader),
    Leaf(Box<LeafPart>),
    /// Text that readers do not show, or a part that is not checked.
    Opaque,
}

impl BodyParts {
    /// Begins the body of a message with these fields.
    pub(super) fn new(
        content_type: Option<&ContentType>, encoding: TransferEncoding, context: BodyContext,
        findings: &mut CheckFindings,
    ) -> Self {
        let mut this = Self {
            stack: BoundaryStack::default(),
            state: PartState::Opaque,
            at_start: true,
            line: Vec::new(),
            offset: 0,
            count: 0,
            plain: false,
            html: false,
            charset: None,
            fallback: context.fallback,
            names_eight_bit: false,
            complete: true,
        };
        this.enter(content_type, encoding, context.mime, findings);
        this.names_eight_bit =
            encoding == TransferEncoding::EightBit && content_type.is_some_and(ContentType::is_message);
        this
    }

    /// Takes the next piece of the body.
    pub(super) fn push(&mut self, chunk: &[u8], ascii: bool, findings: &mut CheckFindings) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let header = matches!(self.state, PartState::Header(_));
            if self.stack.is_empty() {
                return self.content(rest, ascii);
            }
            if header || !self.line.is_empty() || (self.at_start && rest.starts_with(b"-")) {
                rest = self.line(rest, ascii, findings);
            } else {
                let (run, tail) = rest.split_at(self.run(rest));
                self.content(run, ascii);
                rest = tail;
            }
        }
    }

    pub(super) fn finish(&mut self, findings: &mut CheckFindings) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.whole_line(&line, false, findings);
        }
        self.leave(0, findings);
    }

    /// The octets before the next line that may be a delimiter.
    fn run(&mut self, rest: &[u8]) -> usize {
        self.at_start = true;
        match memchr::memmem::find(rest, b"\n--") {
            Some(at) => at + 1,
            None if rest.ends_with(b"\n") => rest.len(),
            None if rest.ends_with(b"\n-") => rest.len() - 1,
            None => {
                self.at_start = false;
                rest.len()
            }
        }
    }

    fn content(&mut self, text: &[u8], ascii: bool) {
        if let PartState::Leaf(leaf) = &mut self.state {
            leaf.push(text, ascii || text.is_ascii(), self.offset);
        }
        self.offset += text.len() as u64;
    }

    /// Takes a line that may be a delimiter or a field, or the part of the line that is there. Returns the octets
    /// behind it.
    fn line<'c>(&mut self, rest: &'c [u8], ascii: bool, findings: &mut CheckFindings) -> &'c [u8] {
        let (length, complete) = match memchr::memchr(b'\n', rest) {
            Some(at) => (at + 1, true),
            None => (rest.len(), false),
        };
        let (text, tail) = rest.split_at(length);
        if complete && self.line.is_empty() {
            self.whole_line(text, ascii, findings);
        } else if complete {
            let mut line = std::mem::take(&mut self.line);
            line.extend_from_slice(text);
            self.whole_line(&line, false, findings);
            line.clear();
            self.line = line;
        } else if self.line.len() + text.len() > MAX_KEPT_LINE_OCTETS {
            // No delimiter is so long, and no field that matters: the start of the line is treated as the line.
            let line = std::mem::take(&mut self.line);
            self.whole_line(&line, false, findings);
            self.part_of_line(text, ascii);
        } else {
            self.line.extend_from_slice(text);
        }
        tail
    }

    fn part_of_line(&mut self, text: &[u8], ascii: bool) {
        self.at_start = text.ends_with(b"\n");
        self.content(text, ascii);
    }

    fn whole_line(&mut self, line: &[u8], ascii: bool, findings: &mut CheckFindings) {
        if let Some((at, close)) = self.stack.delimiter(line) {
            self.offset += line.len() as u64;
            self.at_start = true;
            self.delimited(at, close, findings);
            return;
        }
        let PartState::Header(header) = &mut self.state else {
            return self.part_of_line(line, ascii);
        };
        self.offset += line.len() as u64;
        self.at_start = true;
        if header.line(line) {
            let (content_type, encoding, ambiguous) = header.read();
            let raw = header.raw();
            self.raw_text(raw, findings);
            if ambiguous {
                self.structure(findings, "a part with several Content-Type fields");
            }
            if self.stack.is_digest() && content_type.is_none() {
                self.state = PartState::Opaque;
            } else {
                self.names_eight_bit |= encoding == TransferEncoding::EightBit;
                self.encoded_whole(content_type.as_ref(), encoding, findings);
                self.enter(content_type.as_ref(), encoding, true, findings);
            }
        }
    }

    fn delimited(&mut self, at: usize, close: bool, findings: &mut CheckFindings) {
        // The multiparts within this one end here, whether they were closed or not.
        self.leave(at + 1, findings);
        self.stack.seen(at, close);
        if close {
            self.leave(at, findings);
            return;
        }
        self.count += 1;
        if self.count > MAX_PARTS {
            self.structure(findings, "more than 10000 parts");
            self.stack = BoundaryStack::default();
        } else {
            self.state = PartState::Header(PartHeader::default());
        }
    }

    /// Ends the current part, and the multiparts from this depth on.
    fn leave(&mut self, depth: usize, findings: &mut CheckFindings) {
        if let PartState::Leaf(leaf) = std::mem::replace(&mut self.state, PartState::Opaque) {
            leaf.finish(findings);
        }
        while let Some(boundary) = self.stack.pop_above(depth) {
            self.complete &= boundary.seen && boundary.closed;
            if !boundary.seen {
                self.structure(findings, "a multipart whose boundary never comes");
            } else if !boundary.closed && self.stack.is_empty() {
                // A multipart within another is ended by the delimiter of the outer one.
                let what = "a multipart that is never closed";
                findings.add(CheckFinding::body(Check::UnclosedMultipart, None, what));
            }
        }
    }

    /// Begins the content of the message or of a part.
    fn enter(
        &mut self, content_type: Option<&ContentType>, encoding: TransferEncoding, mime: bool,
        findings: &mut CheckFindings,
    ) {
        self.state = match content_type {
            Some(content_type) if content_type.is_multipart() => {
                self.multipart(content_type, findings);
                PartState::Opaque
            }
            Some(content_type) if content_type.is_message() => PartState::Opaque,
            _ => {
                let context = BodyContext { mime, fallback: self.fallback };
                self.plain |= content_type.is_none_or(|this| this.is_text() && this.subtype == b"plain");
                if let Some(name) = content_type.and_then(|this| this.charset.as_deref()) {
                    self.name(Charset::named(name));
                }
                self.html |= content_type.is_some_and(|this| this.is_text() && this.subtype == b"html");
                PartState::Leaf(Box::new(LeafPart::new(content_type, encoding, context, self.offset)))
            }
        };
    }

    /// Finds an encoding that no part may have that contains others (RFC 2045 section 6.4, RFC 2046 section 5.2.1).
    fn encoded_whole(
        &self, content_type: Option<&ContentType>, encoding: TransferEncoding, findings: &mut CheckFindings,
    ) {
        let Some(content_type) = content_type.filter(|_| !encoding.is_identity()) else { return };
        if content_type.is_multipart() || (content_type.is_message() && content_type.subtype == b"rfc822") {
            let finding = CheckFinding::part(Check::TransferEncodingMismatch, self.offset, ENCODED_WHOLE);
            findings.add(finding.hint(ENCODED_WHOLE_HINT));
        }
    }

    fn name(&mut self, charset: Charset) {
        self.charset = Some(match self.charset {
            Some(other) if other != charset && charset == Charset::Ascii => other,
            None | Some(Charset::Ascii) => charset,
            Some(other) if other == charset => charset,
            Some(_) => Charset::Unjudged,
        });
    }

    fn multipart(&mut self, content_type: &ContentType, findings: &mut CheckFindings) {
        if content_type.ambiguous {
            self.structure(findings, "a multipart with several boundaries");
        }
        if let Err(what) = self.stack.open(content_type) {
            self.structure(findings, what);
        }
    }

    fn raw_text(&self, raw: Option<RawPartText>, findings: &mut CheckFindings) {
        let finding = |what| CheckFinding::part(Check::Raw8bitHeader, self.offset, what);
        match raw {
            None => {}
            Some(RawPartText::Parameter) => {
                let what = "raw 8-bit text in the name of a file, which RFC 2231 encodes";
                findings.add(finding(what).hint(advice::FILE_NAME));
            }
            Some(RawPartText::Text) => findings.add(finding("raw 8-bit text in a field of the part")),
        }
    }

    fn structure(&self, findings: &mut CheckFindings, what: &'static str) {
        findings.add(CheckFinding::part(Check::MimeStructure, self.offset, what));
    }
}

#[cfg(test)]
mod tests;
