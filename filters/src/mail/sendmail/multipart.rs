//! Bodies that Sendmail writes anew.
//!
//! Sendmail takes each multipart and each message/rfc822 apart while it sends the message (`mime.c`), even if nothing has to be
//! encoded. With Sendmail 8.17.1 the body then changes if
//!
//! - a multipart lacks its last delimiter, has no boundary, or Sendmail reads the boundary in another way,
//! - white space stands behind a delimiter,
//! - the header section of a part has a line that is no field, no end, or a MIME field that Sendmail changes,
//! - multiparts are nested more than 20 deep.

use bytes::Bytes;
use postseal_protocol::HeaderField;

use super::fields::{SentField, as_written, is_mime_field, read_boundary};
use crate::mail::content_type::ContentType;

/// The levels of multiparts that Sendmail leaves as they are (`MAXMIMENESTING`).
const MAX_LEVELS: usize = 20;
/// The octets of a line or a field that are kept; Sendmail cuts longer ones.
const MAX_KEPT_OCTETS: usize = 4096;

/// What a broken Content-Type of a multipart begins with.
const MULTIPART: &[u8] = b"multipart";

/// Follows a body and finds out whether Sendmail will change it.
#[derive(Debug, Default)]
pub(crate) struct SentBody {
    /// The open multiparts, from the outermost.
    open: Vec<OpenMultipart>,
    /// The header section that the next line belongs to.
    section: Option<PartSection>,
    /// The line whose end has not come yet.
    line: Vec<u8>,
    changed: bool,
}

#[derive(Debug)]
struct OpenMultipart {
    /// The line that begins a part.
    delimiter: Vec<u8>,
    /// Parts without a type are messages (RFC 2046 section 5.1.5).
    digest: bool,
}

#[derive(Debug, Default)]
struct PartSection {
    digest: bool,
    content_type: Option<Vec<u8>>,
    name: Vec<u8>,
    value: Vec<u8>,
}

impl SentBody {
    /// The body of a message with this Content-Type, which leaves as [`as_written`] says.
    pub(crate) fn new(content_type: &HeaderField) -> Self {
        let mut this = Self::default();
        match as_written(content_type, None) {
            SentField::Same => this.enter(Some(&content_type.value), false),
            SentField::Value(value) => this.enter(Some(&value), false),
            SentField::Unknown => this.changed = is_multipart(&content_type.value),
        }
        this
    }

    /// Takes the next piece of the body.
    pub(crate) fn update(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while let Some(at) = memchr::memchr(b'\n', rest).filter(|_| self.is_followed()) {
            let (piece, after) = rest.split_at(at + 1);
            rest = after;
            if self.line.is_empty() {
                self.take(piece);
            } else {
                let mut line = std::mem::take(&mut self.line);
                append(&mut line, piece);
                self.take(&line);
                line.clear();
                self.line = line;
            }
        }
        if self.is_followed() {
            append(&mut self.line, rest);
        }
    }

    /// True if Sendmail changes the body, which is complete now.
    pub(crate) fn ends_changed(mut self) -> bool {
        let last = std::mem::take(&mut self.line);
        if !last.is_empty() && self.is_followed() {
            self.take(&last);
        }
        self.changed || self.section.is_some() || !self.open.is_empty()
    }

    /// True while something can still change.
    fn is_followed(&self) -> bool {
        !self.changed && (self.section.is_some() || !self.open.is_empty())
    }

    fn take(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.starts_with(b"--") && self.delimiter(line) {
            return;
        }
        let Some(section) = &mut self.section else { return };
        if !line.is_empty() {
            self.changed |= !section.line(line);
            return;
        }
        if let Some(mut section) = self.section.take() {
            self.changed |= !section.end_field();
            self.enter(section.content_type.as_deref(), section.digest);
        }
    }

    /// True if the line is a delimiter of an open multipart.
    fn delimiter(&mut self, line: &[u8]) -> bool {
        let text = line.trim_ascii_end();
        for level in (0..self.open.len()).rev() {
            let Some(multipart) = self.open.get(level) else { continue };
            let Some(tail) = text.strip_prefix(&multipart.delimiter[..]) else { continue };
            if !matches!(tail, b"" | b"--") {
                continue;
            }
            let digest = multipart.digest;
            let closes = tail == b"--";
            self.changed |= text.len() != line.len() || level + 1 != self.open.len() || self.section.is_some();
            self.open.truncate(if closes { level } else { level + 1 });
            self.section = (!closes).then(|| PartSection { digest, ..PartSection::default() });
            return true;
        }
        false
    }

    /// Begins the content of a message or part.
    fn enter(&mut self, value: Option<&[u8]>, in_digest: bool) {
        let Some(value) = value else {
            self.section = in_digest.then(PartSection::default);
            return;
        };
        let Some(kind) = ContentType::parse(value) else {
            self.changed |= is_multipart(value);
            return;
        };
        if kind.is_message() && kind.subtype == b"rfc822" {
            self.section = Some(PartSection::default());
        } else if kind.is_multipart() {
            let boundary = read_boundary(value).filter(|_| self.open.len() < MAX_LEVELS);
            self.changed |= boundary.is_none();
            let delimiter = [b"--", &boundary.unwrap_or_default()[..]].concat();
            self.open.push(OpenMultipart { delimiter, digest: kind.subtype == b"digest" });
        }
    }
}

impl PartSection {
    /// Takes a line. False if Sendmail changes it.
    fn line(&mut self, line: &[u8]) -> bool {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            append(&mut self.value, b"\n");
            append(&mut self.value, line);
            return !self.name.is_empty() && !line.trim_ascii().is_empty();
        }
        let unchanged = self.end_field();
        let Some(colon) = memchr::memchr(b':', line) else { return false };
        let (name, value) = line.split_at(colon);
        self.name.extend_from_slice(name);
        append(&mut self.value, value.strip_prefix(b":").unwrap_or(value));
        unchanged && !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
    }

    /// Ends the field that the last line belongs to. False if Sendmail changes it.
    fn end_field(&mut self) -> bool {
        let name = Bytes::from(std::mem::take(&mut self.name));
        let value = std::mem::take(&mut self.value);
        if !is_mime_field(&name) {
            return true;
        }
        if name.eq_ignore_ascii_case(b"Content-Type") {
            self.content_type.get_or_insert_with(|| value.clone());
        }
        as_written(&HeaderField::new(name, value), None) == SentField::Same
    }
}

fn is_multipart(value: &[u8]) -> bool {
    value.trim_ascii_start().get(..MULTIPART.len()).is_some_and(|kind| kind.eq_ignore_ascii_case(MULTIPART))
}

fn append(out: &mut Vec<u8>, text: &[u8]) {
    let room = MAX_KEPT_OCTETS.saturating_sub(out.len());
    out.extend(text.iter().take(room));
}

#[cfg(test)]
mod tests;
