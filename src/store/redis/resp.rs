//! RESP2, the protocol of Redis and Valkey: commands out, replies in, as bytes.
//!
//! A reply is taken from the buffer only when all of it has arrived. Its length, depth and number of elements are checked
//! before memory is reserved for it. Anything else is a [`MalformedReply`], and the connection ends.

use bytes::{BufMut, Bytes, BytesMut};

/// The longest replies are those to SCAN and to CLUSTER SLOTS.
const MAX_REPLY_OCTETS: usize = 4 << 20;
/// A line is a number, an error message or a short text.
const MAX_LINE_OCTETS: usize = 4 << 10;
/// Counted over all lists of one reply.
const MAX_REPLY_ELEMENTS: usize = 100_000;
const MAX_LIST_DEPTH: usize = 6;
/// Decimal digits of the largest `usize`.
const MAX_DIGITS: usize = 20;

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RespValue {
    Nil,
    Integer(i64),
    /// A bulk or a simple string.
    Text(Bytes),
    /// `-ERR ...`
    Error(String),
    List(Vec<Self>),
}

/// Bytes that are no reply, or one that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server answers what is not the Redis protocol")]
pub(super) struct MalformedReply;

/// Appends a command:
///
/// ```text
/// command  = "*" count CRLF 1*argument
/// argument = "$" octets CRLF *OCTET CRLF
/// ```
pub(super) fn command<'a>(
    out: &mut BytesMut, arguments: impl IntoIterator<Item = &'a [u8], IntoIter: ExactSizeIterator>,
) {
    let arguments = arguments.into_iter();
    header(out, b'*', arguments.len());
    for argument in arguments {
        header(out, b'$', argument.len());
        out.put_slice(argument);
        out.put_slice(b"\r\n");
    }
}

/// Appends the kind and the number. Written by hand because `write!` is slow, and every call has about twenty of them.
fn header(out: &mut BytesMut, kind: u8, number: usize) {
    out.put_u8(kind);
    let mut digits = [0; MAX_DIGITS];
    let mut first = MAX_DIGITS;
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        (rest, first) = (rest / 10, first - 1);
        if rest == 0 {
            break;
        }
    }
    #[expect(clippy::indexing_slicing, reason = "the loop runs at most once for each of the MAX_DIGITS digits")]
    out.put_slice(&digits[first..]);
    out.put_slice(b"\r\n");
}

/// Takes a reply off the buffer; `None` if it is not complete:
///
/// ```text
/// reply   = text / error / integer / bulk / list / nil
/// text    = "+" line CRLF
/// error   = "-" line CRLF
/// integer = ":" number CRLF
/// bulk    = "$" octets CRLF *OCTET CRLF / "$-1" CRLF
/// list    = "*" count CRLF *reply / "*-1" CRLF
/// nil     = "_" CRLF
/// ```
///
/// # Errors
/// If it will never be a reply.
pub(super) fn take(input: &mut BytesMut) -> Result<Option<RespValue>, MalformedReply> {
    let mut reader = ReplyReader { rest: input, elements: 0 };
    match reader.value(0) {
        Ok(value) => {
            let length = input.len() - reader.rest.len();
            let _ = input.split_to(length);
            Ok(Some(value))
        }
        Err(ReadStop::Incomplete) if input.len() > MAX_REPLY_OCTETS => Err(MalformedReply),
        Err(ReadStop::Incomplete) => Ok(None),
        Err(ReadStop::Malformed) => Err(MalformedReply),
    }
}

struct ReplyReader<'a> {
    rest: &'a [u8],
    elements: usize,
}

/// Why the reader has no reply.
enum ReadStop {
    Incomplete,
    Malformed,
}

impl<'a> ReplyReader<'a> {
    fn value(&mut self, depth: usize) -> Result<RespValue, ReadStop> {
        let (kind, rest) = self.rest.split_first().ok_or(ReadStop::Incomplete)?;
        // The first byte is looked at before there is a line, so that a peer that speaks another protocol is found out
        // at once.
        if !b"+-:$*_".contains(kind) {
            return Err(ReadStop::Malformed);
        }
        self.rest = rest;
        let line = self.line()?;
        match kind {
            b'+' => Ok(RespValue::Text(Bytes::copy_from_slice(line))),
            b'-' => Ok(RespValue::Error(String::from_utf8_lossy(line).into_owned())),
            b':' => Ok(RespValue::Integer(integer(line)?)),
            b'$' => self.bulk(integer(line)?),
            b'*' => self.list(integer(line)?, depth),
            _ => Ok(RespValue::Nil),
        }
    }

    fn bulk(&mut self, length: i64) -> Result<RespValue, ReadStop> {
        let Some(length) = counted(length, MAX_REPLY_OCTETS)? else { return Ok(RespValue::Nil) };
        let (text, rest) = self.rest.split_at_checked(length).ok_or(ReadStop::Incomplete)?;
        match rest {
            [b'\r', b'\n', rest @ ..] => self.rest = rest,
            [_, _, ..] => return Err(ReadStop::Malformed),
            _ => return Err(ReadStop::Incomplete),
        }
        Ok(RespValue::Text(Bytes::copy_from_slice(text)))
    }

    fn list(&mut self, length: i64, depth: usize) -> Result<RespValue, ReadStop> {
        let Some(length) = counted(length, MAX_REPLY_ELEMENTS)? else { return Ok(RespValue::Nil) };
        self.elements += length;
        if depth == MAX_LIST_DEPTH || self.elements > MAX_REPLY_ELEMENTS {
            return Err(ReadStop::Malformed);
        }
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(self.value(depth + 1)?);
        }
        Ok(RespValue::List(values))
    }

    fn line(&mut self) -> Result<&'a [u8], ReadStop> {
        let end = self.rest.iter().take(MAX_LINE_OCTETS).position(|byte| *byte == b'\n');
        let Some((line, rest)) = end.and_then(|end| self.rest.split_at_checked(end + 1)) else {
            let long = self.rest.len() >= MAX_LINE_OCTETS;
            return Err(if long { ReadStop::Malformed } else { ReadStop::Incomplete });
        };
        self.rest = rest;
        line.strip_suffix(b"\r\n").ok_or(ReadStop::Malformed)
    }
}

fn integer(line: &[u8]) -> Result<i64, ReadStop> {
    std::str::from_utf8(line).ok().and_then(|text| text.parse().ok()).ok_or(ReadStop::Malformed)
}

/// A length of at most `max`; -1 stands for nil and gives `None`.
fn counted(length: i64, max: usize) -> Result<Option<usize>, ReadStop> {
    match usize::try_from(length) {
        Ok(length) if length <= max => Ok(Some(length)),
        Err(_) if length == -1 => Ok(None),
        _ => Err(ReadStop::Malformed),
    }
}

#[cfg(test)]
mod tests;
