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

/// The first line without its end, and what follows.
fn line(text: &[u8]) -> (&[u8], &[u8]) {
    let (line, rest) = match text.iter().position(|byte| *byte == b'\n') {
        Some(at) => (text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default()),
        None => (text, &b""[..]),
    };
    (line.strip_suffix(b"\r").unwrap_or(line), rest)
}

fn split_field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    let valid = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    valid.then_some((name, line.get(colon + 1..)?))
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
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_an_mta_would_show_it() {
        for text in [
            &b"From someone Mon\nA: 1\nB:2\n\tfold\nC : 3\n\nbody\nend"[..],
            b"A: 1\r\nB:2\r\n\tfold\r\nC : 3\r\n\r\nbody\r\nend",
        ] {
            let file = MessageFile::parse(text);
            let expected = [("A", " 1"), ("B", "2\n\tfold"), ("C", " 3")];
            assert_eq!(file.fields, expected.map(|(name, value)| HeaderField::new(name, value)));
            assert_eq!(file.body, "body\r\nend");
        }
    }

    #[test]
    fn odd_files_are_read_too() {
        for (text, fields, body) in [
            (&b""[..], 0, &b""[..]),
            (b"\n\nbody", 0, b"\r\nbody"),
            (b"A: 1", 1, b""),
            (b"A: 1\nno field here\nx", 1, b"no field here\r\nx"),
            (b" leading\nA: 1\n", 0, b" leading\r\nA: 1\r\n"),
        ] {
            let file = MessageFile::parse(text);
            assert_eq!((file.fields.len(), &file.body[..]), (fields, body), "{text:?}");
        }
    }
}
