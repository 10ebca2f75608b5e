//! Quoted-printable (RFC 2045 section 6.7): a body encoded so that it survives any MTA, and a decoder to judge bodies by.

use encodify::hex::decode_pair;
use encodify::qp::BINARY;

const LINE: usize = 76;

/// A body as quoted-printable: lines of at most 76 characters, decoded the same to the octet.
pub(crate) fn encoded(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 8);
    let mut rest = body;
    while !rest.is_empty() {
        let (line, tail) = match memchr::memmem::find(rest, b"\r\n") {
            Some(at) => (rest.get(..at), rest.get(at + 2..)),
            None => (Some(rest), None),
        };
        encode_line(line.unwrap_or_default(), tail.is_some(), &mut out);
        // What ends without a line end must not get one.
        out.extend_from_slice(if tail.is_some() { b"\r\n" } else { b"=\r\n" });
        rest = tail.unwrap_or_default();
    }
    out
}

/// `ends`: a line end follows, and not another `=`.
fn encode_line(line: &[u8], ends: bool, out: &mut Vec<u8>) {
    let mut column = 0;
    for (at, octet) in line.iter().enumerate() {
        let last = at + 1 == line.len();
        let text = match octet {
            // White space at the end of a line gets lost.
            b' ' if last => "=20",
            b'\t' if last => "=09",
            // MTAs and mailboxes have a meaning for lines that begin so.
            b'.' if column == 0 => "=2E",
            b'F' if column == 0 && line.starts_with(b"From ") => "=46",
            octet => BINARY.encode_byte(*octet),
        };
        if column + text.len() > LINE - usize::from(!(last && ends)) {
            out.extend_from_slice(b"=\r\n");
            column = 0;
        }
        out.extend_from_slice(text.as_bytes());
        column += text.len();
    }
}

/// Decodes quoted-printable piece by piece.
#[derive(Clone, Debug, Default)]
pub(crate) struct QuotedPrintableDecoder {
    state: QuotedPrintableState,
    broken: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum QuotedPrintableState {
    #[default]
    Text,
    /// After `=`.
    Equals,
    /// After `=` and a digit.
    Digit(u8),
    /// After `=` and white space or a CR: a soft line break.
    LineEnd,
}

impl QuotedPrintableDecoder {
    pub(crate) fn push(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let mut rest = text;
        while !rest.is_empty() {
            if let QuotedPrintableState::Text = self.state {
                let (run, tail) = rest.split_at(memchr::memchr(b'=', rest).unwrap_or(rest.len()));
                out.extend_from_slice(run);
                let [_, tail @ ..] = tail else { return };
                self.state = QuotedPrintableState::Equals;
                rest = tail;
                continue;
            }
            let Some((octet, tail)) = rest.split_first() else { return };
            self.escaped(*octet, out);
            rest = tail;
        }
    }

    /// Whether there was an `=` that means nothing.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken || matches!(self.state, QuotedPrintableState::Digit(_))
    }

    fn escaped(&mut self, octet: u8, out: &mut Vec<u8>) {
        self.state = match (self.state, octet) {
            (QuotedPrintableState::Equals, high) if high.is_ascii_hexdigit() => QuotedPrintableState::Digit(high),
            (QuotedPrintableState::Digit(high), low) if let Some(octet) = decode_pair(high, low) => {
                out.push(octet);
                QuotedPrintableState::Text
            }
            (QuotedPrintableState::Equals | QuotedPrintableState::LineEnd, b' ' | b'\t' | b'\r') => {
                QuotedPrintableState::LineEnd
            }
            (QuotedPrintableState::Equals | QuotedPrintableState::LineEnd, b'\n') => QuotedPrintableState::Text,
            _ => {
                self.broken = true;
                out.push(octet);
                QuotedPrintableState::Text
            }
        };
    }
}

#[cfg(test)]
mod tests;
