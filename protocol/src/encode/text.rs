//! The strings in packets, each with the octets that it must not contain.

use bytes::{BufMut, BytesMut};

use super::error::EncodeError;
use crate::command::Address;

/// Any string without NUL, which ends it.
pub(crate) fn string(what: &'static str, text: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
    refuse(what, text, |octet| octet == 0)?;
    out.put_slice(text);
    out.put_u8(0);
    Ok(())
}

/// One line of text: no control characters except HTAB.
pub(crate) fn line(what: &'static str, text: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
    refuse(what, text, |octet| octet.is_ascii_control() && octet != b'\t')?;
    string(what, text, out)
}

/// A field name: `1*ftext` (RFC 5322 section 3.6.8).
pub(crate) fn field_name(name: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
    if name.is_empty() {
        return Err(EncodeError::Empty("field name"));
    }
    refuse("field name", name, |octet| !octet.is_ascii_graphic() || octet == b':')?;
    string("field name", name, out)
}

/// A field body, with folds as MTAs expect them: LF and white space.
///
/// Both MTAs write the CR themselves, so that CRLF would become CR CR LF. A line break without white space is refused:
/// Postfix and Sendmail repair it in different ways.
pub(crate) fn field_body(value: &[u8], leading_space: bool, out: &mut BytesMut) -> Result<(), EncodeError> {
    let mut rest = match without_space(value, leading_space) {
        // An empty value would delete the field, so the space is sent.
        [] => value,
        value => value,
    };
    while let Some(at) = rest.iter().position(|octet| matches!(octet, 0 | b'\r' | b'\n')) {
        let (text, stop) = rest.split_at(at);
        out.put_slice(text);
        rest = match stop {
            [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => after,
            [octet, ..] => {
                return Err(EncodeError::Octet { what: "header value", octet: *octet });
            }
            [] => stop,
        };
        if !matches!(rest.first(), Some(b' ' | b'\t')) {
            return Err(EncodeError::NotAFold);
        }
        out.put_u8(b'\n');
    }
    out.put_slice(rest);
    out.put_u8(0);
    Ok(())
}

/// A value as it is sent: unless leading space was negotiated, the other side adds one space.
pub(crate) fn without_space(value: &[u8], leading_space: bool) -> &[u8] {
    match value {
        [b' ', rest @ ..] if !leading_space => rest,
        _ => value,
    }
}

/// A path in angle brackets: Sendmail reads a recipient without them as a list.
pub(crate) fn path(what: &'static str, address: &Address, out: &mut BytesMut) -> Result<(), EncodeError> {
    let mailbox = address.mailbox();
    let mut quoted = false;
    let mut escaped = false;
    for octet in mailbox {
        let bad = match octet {
            _ if octet.is_ascii_control() => true,
            _ if escaped => false,
            b'<' | b'>' | b' ' => !quoted,
            _ => false,
        };
        if bad {
            return Err(EncodeError::Octet { what, octet: *octet });
        }
        quoted ^= *octet == b'"' && !escaped;
        escaped = *octet == b'\\' && !escaped;
    }
    if quoted || escaped {
        return Err(EncodeError::Octet { what, octet: b'"' });
    }
    out.put_u8(b'<');
    out.put_slice(mailbox);
    out.put_slice(b">\0");
    Ok(())
}

/// All ESMTP arguments in one string; no string if there are none.
pub(crate) fn arguments(address: &Address, out: &mut BytesMut) -> Result<(), EncodeError> {
    for (number, argument) in address.arguments.iter().enumerate() {
        if argument.is_empty() {
            return Err(EncodeError::Empty("ESMTP argument"));
        }
        refuse("ESMTP argument", argument, |octet| octet.is_ascii_control() || octet == b' ')?;
        if number > 0 {
            out.put_u8(b' ');
        }
        out.put_slice(argument);
    }
    if !address.arguments.is_empty() {
        out.put_u8(0);
    }
    Ok(())
}

fn refuse(what: &'static str, text: &[u8], bad: impl Fn(u8) -> bool) -> Result<(), EncodeError> {
    match text.iter().copied().find(|octet| bad(*octet)) {
        Some(octet) => Err(EncodeError::Octet { what, octet }),
        None => Ok(()),
    }
}
