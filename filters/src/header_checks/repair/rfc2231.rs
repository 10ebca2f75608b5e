//! Turns raw 8-bit names of files into extended parameters (RFC 2231 section 4): `filename="Grüße.pdf"` becomes
//! `filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf`.
//!
//! Web forms write the names of attachments as they get them. A name is changed only if every reader reads it in the same
//! way: text of a known charset in quotes, without quoted pairs, encoded-words or a second form of the same parameter. Everything else stays
//! as it is, to the octet.

use std::borrow::Cow;

use encodify::hex::PERCENT;
use encoding_rs::mem::decode_latin1;
use postseal_protocol::HeaderField;

use super::{NOT_CERTAIN, UNKNOWN_CHARSET};
use crate::mail::charset::Charset;
use crate::mail::charset::raw::RawCharset;
use crate::mail::content_type::Parameter;
use crate::mail::fold;

/// The value with its names of files encoded.
///
/// ```text
/// extended-parameter     = attribute "*" "=" extended-other-values       ; RFC 2231 section 7, shortened
/// extended-other-values  = [charset] "'" [language] "'" *(ext-octet / attribute-char)
/// ext-octet              = "%" 2(DIGIT / "A" / "B" / "C" / "D" / "E" / "F")
/// ```
///
/// # Errors
/// The reason why no new value is certain to be right.
pub(crate) fn encoded(field: &HeaderField, raw: &RawCharset) -> Result<Vec<u8>, &'static str> {
    let read = |octets: &[u8]| raw.read(octets).map(Cow::into_owned);
    encoded_as(field, read).ok_or_else(|| {
        // If the field could be repaired with any text as names, only the charset is missing.
        let any = |octets: &[u8]| Some(decode_latin1(octets).into_owned());
        encoded_as(field, any).map_or(NOT_CERTAIN, |_| UNKNOWN_CHARSET)
    })
}

fn encoded_as(field: &HeaderField, read: impl Fn(&[u8]) -> Option<String>) -> Option<Vec<u8>> {
    let value = &*field.value;
    let parameters = Parameter::all(value)?;
    let mut out = Vec::with_capacity(value.len() * 2);
    let mut done = 0;
    for parameter in &parameters {
        let raw = value.get(parameter.at.clone())?;
        if raw.is_ascii() {
            continue;
        }
        let assignment = value.get(parameter.name_end..parameter.at.start)?;
        let names_file = matches!(&*parameter.name, b"filename" | b"name");
        if !(names_file && assignment.trim_ascii() == b"=" && raw.starts_with(b"\"") && is_plain(raw)) {
            return None;
        }
        let name = read(&parameter.content).filter(|name| !name.contains(|c: char| c.is_control() || c == '\\'))?;
        let others = parameters.iter().filter(|other| base(&other.name) == parameter.name && *other != parameter);
        let others: Vec<_> = others.collect();
        if !others.is_empty() {
            // The second form must say the same, and is enough.
            extended(&others).filter(|other| *other == name)?;
            let start = parameter.name_end.checked_sub(parameter.name.len())?;
            out.extend_from_slice(value.get(done..start)?.trim_ascii_end().strip_suffix(b";")?);
            done = parameter.at.end;
            continue;
        }
        out.extend_from_slice(value.get(done..parameter.name_end)?);
        out.extend_from_slice(b"*=utf-8''");
        PERCENT.encode_append(name.as_bytes(), &mut out);
        done = parameter.at.end;
    }
    out.extend_from_slice(value.get(done..)?);
    let new = HeaderField::new(field.name.clone(), out.clone());
    (out.is_ascii() && fold::long_line(&new, fold::MAX_SENT_LINE_OCTETS).is_none()).then_some(out)
}

/// The text of an extended parameter, in one piece or in several that are numbered from 0 (RFC 2231 sections 3 and 4).
fn extended(pieces: &[&Parameter]) -> Option<String> {
    let (mut charset, mut octets) = (Charset::Ascii, Vec::new());
    for (at, piece) in pieces.iter().enumerate() {
        let number = piece.name.split(|octet| *octet == b'*').nth(1)?;
        let is_next = if number.is_empty() { pieces.len() == 1 } else { number == at.to_string().as_bytes() };
        let encoded = piece.name.ends_with(b"*");
        if !is_next {
            return None;
        }
        let mut text = &*piece.content;
        if encoded && at == 0 {
            let mut parts = text.splitn(3, |octet| *octet == b'\'');
            charset = Charset::named(parts.next()?);
            text = parts.nth(1)?;
        }
        octets.extend_from_slice(&if encoded { PERCENT.decode(text).ok()? } else { Cow::Borrowed(text) });
    }
    charset.decode(&octets).map(Cow::into_owned)
}

/// The name of a parameter without the `*` and the numbers that RFC 2231 puts behind it.
fn base(name: &[u8]) -> &[u8] {
    let end = name.iter().position(|octet| *octet == b'*').unwrap_or(name.len());
    name.split_at(end).0
}

/// True if a name has no quoted pairs, control characters or encoded-words.
fn is_plain(raw: &[u8]) -> bool {
    !raw.iter().any(|octet| octet.is_ascii_control() || *octet == b'\\') && memchr::memmem::find(raw, b"=?").is_none()
}

#[cfg(test)]
mod tests;
