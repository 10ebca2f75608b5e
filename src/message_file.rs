//! A message in a file, as an MTA would show it to a filter.

use bytes::Bytes;
use postseal_filters::Message;
use postseal_protocol::HeaderField;

/// A message taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageFile {
    /// Header fields, with LF at folds.
    pub fields: Vec<HeaderField>,
    /// The body, with CRLF line ends.
    pub body: Bytes,
}

impl MessageFile {
    /// Reads a message with CRLF or LF line ends, with or without the `From ` line of a mailbox. As in Postfix, a line
    /// that is no header field ends the header section.
    pub fn parse(text: &[u8]) -> Self {
        let mut rest = text;
        if text.starts_with(b"From ") {
            rest = line(text).1;
        }
        let mut fields: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        while !rest.is_empty() {
            let (this, after) = line(rest);
            if this.is_empty() {
                rest = after;
                break;
            }
            match fields.last_mut() {
                Some((_, value)) if this.starts_with(b" ") || this.starts_with(b"\t") => {
                    value.push(b'\n');
                    value.extend_from_slice(this);
                }
                _ => match split_field(this) {
                    Some((name, value)) => fields.push((name.to_vec(), value.to_vec())),
                    None => break,
                },
            }
            rest = after;
        }
        let fields = fields.into_iter().map(|(name, value)| HeaderField::new(name, value)).collect();
        Self { fields, body: with_crlf(rest).into() }
    }
}

/// A message as it leaves, with CRLF line ends: the fields as edited, and the body, replaced or as it came.
pub fn write(message: &Message, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (_, field) in message.fields.iter() {
        out.extend_from_slice(&field.name);
        out.push(b':');
        out.extend_from_slice(&with_crlf(&field.value));
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(message.new_body().map_or(body, |body| body));
    out
}

/// The first line without its end, and the text after it.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| *byte == b'\n');
    let (line, rest) = match end.and_then(|at| text.split_at_checked(at)) {
        Some((line, [_, rest @ ..])) => (line, rest),
        _ => (text, &[][..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, [_, value @ ..]) = line.split_at_checked(colon)? else { return None };
    // Postfix takes blanks and tabs before the colon, and no other white space (`is_header.c`).
    let blanks = name.iter().rev().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    let (name, _) = name.split_at_checked(name.len() - blanks)?;
    let valid = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    valid.then_some((name, value))
}

/// The same text with every line end a CRLF.
fn with_crlf(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32);
    let mut before = 0;
    for byte in text {
        if *byte == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(*byte);
        before = *byte;
    }
    out
}

#[cfg(test)]
mod tests;
