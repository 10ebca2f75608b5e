//! The header section of a part: its Content-Type and Content-Transfer-Encoding, and raw octets in any field.

use crate::mail::content_type::{ContentType, TransferEncoding};

/// The octets of a field that are kept.
const MAX_FIELD_OCTETS: usize = 4096;

/// The two fields, while the lines of the section arrive.
#[derive(Debug, Default)]
pub(super) struct PartHeader {
    content_type: Vec<u8>,
    encoding: Vec<u8>,
    open: OpenField,
    types: u32,
    encodings: u32,
    raw: Option<RawPartText>,
}

/// The place of octets over 127 in the fields of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RawPartText {
    /// Content-Type or Content-Disposition.
    Parameter,
    /// Another field.
    Text,
}

/// The field that a continuation line belongs to.
#[derive(Clone, Copy, Debug, Default)]
enum OpenField {
    Type,
    Encoding,
    Disposition,
    #[default]
    Other,
}

impl PartHeader {
    /// Takes a line. True if the line ends the section.
    pub(super) fn line(&mut self, line: &[u8]) -> bool {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return true;
        }
        let text = match line.first() {
            Some(b' ' | b'\t') => line,
            _ => self.begin(line),
        };
        if !line.is_ascii() {
            self.raw.get_or_insert(match self.open {
                OpenField::Type | OpenField::Disposition => RawPartText::Parameter,
                OpenField::Encoding | OpenField::Other => RawPartText::Text,
            });
        }
        let field = match self.open {
            OpenField::Type if self.types == 1 => &mut self.content_type,
            OpenField::Encoding if self.encodings == 1 => &mut self.encoding,
            _ => return false,
        };
        if field.len() + text.len() <= MAX_FIELD_OCTETS {
            field.extend_from_slice(text);
        }
        false
    }

    /// Begins a field; returns its value.
    fn begin<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        let colon = line.iter().position(|octet| *octet == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let name = name.trim_ascii_end();
        self.open = if name.eq_ignore_ascii_case(b"Content-Type") {
            self.types += 1;
            OpenField::Type
        } else if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") {
            self.encodings += 1;
            OpenField::Encoding
        } else if name.eq_ignore_ascii_case(b"Content-Disposition") {
            OpenField::Disposition
        } else {
            OpenField::Other
        };
        value.strip_prefix(b":").unwrap_or(value)
    }

    /// The place of the first octet over 127.
    pub(super) fn raw(&self) -> Option<RawPartText> {
        self.raw
    }

    /// The values of the two fields, and whether there are several Content-Type fields.
    pub(super) fn read(&self) -> (Option<ContentType>, TransferEncoding, bool) {
        let encoding = match self.encodings {
            0 => TransferEncoding::Unnamed,
            _ => TransferEncoding::parse(&self.encoding),
        };
        (ContentType::parse(&self.content_type), encoding, self.types > 1)
    }
}
