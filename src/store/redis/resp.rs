//! RESP2, the protocol of Redis and Valkey: commands out, replies in, as bytes.
//!
//! A reply is taken from the buffer only when it is there as a whole. What it may be is bounded before anything is
//! reserved for it: its length, its depth, its elements. Whatever else arrives is [`Garbage`], and the connection ends.

use bytes::{BufMut, Bytes, BytesMut};

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
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
pub(super) struct Garbage;

/// Appends a command.
pub(super) fn command<'a>(
    out: &mut BytesMut,
    arguments: impl IntoIterator<Item = &'a [u8], IntoIter: ExactSizeIterator>,
) {
    let arguments = arguments.into_iter();
    header(out, b'*', arguments.len());
    for argument in arguments {
        header(out, b'$', argument.len());
        out.put_slice(argument);
        out.put_slice(b"\r\n");
    }
}

fn header(out: &mut BytesMut, kind: u8, number: usize) {
    out.put_u8(kind);
    let mut digits = [0; 20];
    let mut rest = number;
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        (rest, used) = (rest / 10, used + 1);
        if rest == 0 {
            break;
        }
    }
    out.put_slice(digits.get(digits.len() - used..).unwrap_or_default());
    out.put_slice(b"\r\n");
}

/// Takes a reply off the buffer; `None` if it is not complete.
///
/// # Errors
/// If it will never be a reply.
pub(super) fn take(input: &mut BytesMut) -> Result<Option<Value>, Garbage> {
    let mut reader = Reader { input, at: 0, elements: 0 };
    match reader.value(0) {
        Ok(value) => {
            let length = reader.at;
            let _ = input.split_to(length);
            Ok(Some(value))
        }
        Err(Stop::Incomplete) if input.len() > LONGEST => Err(Garbage),
        Err(Stop::Incomplete) => Ok(None),
        Err(Stop::Garbage) => Err(Garbage),
    }
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    elements: usize,
}

enum Stop {
    Incomplete,
    Garbage,
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        let kind = *self.input.get(self.at).ok_or(Stop::Incomplete)?;
        // Looked at first, so that a peer that speaks something else is found out by its first byte.
        if !b"+-:$*_".contains(&kind) {
            return Err(Stop::Garbage);
        }
        self.at += 1;
        let line = self.line()?;
        match kind {
            b'+' => Ok(Value::Text(Bytes::copy_from_slice(line))),
            b'-' => Ok(Value::Error(String::from_utf8_lossy(line).into_owned())),
            b':' => Ok(Value::Integer(integer(line)?)),
            b'$' => self.bulk(integer(line)?),
            b'*' => self.list(integer(line)?, depth),
            _ => Ok(Value::Nil),
        }
    }

    fn bulk(&mut self, length: i64) -> Result<Value, Stop> {
        let Some(length) = counted(length, LONGEST)? else { return Ok(Value::Nil) };
        let end = self.at + length;
        let text = self.input.get(self.at..end).ok_or(Stop::Incomplete)?;
        match self.input.get(end..end + 2) {
            Some(b"\r\n") => {}
            Some(_) => return Err(Stop::Garbage),
            None => return Err(Stop::Incomplete),
        }
        self.at = end + 2;
        Ok(Value::Text(Bytes::copy_from_slice(text)))
    }

    fn list(&mut self, length: i64, depth: usize) -> Result<Value, Stop> {
        let Some(length) = counted(length, MOST_ELEMENTS)? else { return Ok(Value::Nil) };
        self.elements += length;
        if depth == DEEPEST || self.elements > MOST_ELEMENTS {
            return Err(Stop::Garbage);
        }
        let mut values = Vec::new();
        for _ in 0..length {
            values.push(self.value(depth + 1)?);
        }
        Ok(Value::List(values))
    }

    fn line(&mut self) -> Result<&'a [u8], Stop> {
        let input: &'a [u8] = self.input;
        let rest = input.get(self.at..).unwrap_or_default();
        let Some(length) = rest.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n') else {
            return Err(if rest.len() < LONGEST_LINE { Stop::Incomplete } else { Stop::Garbage });
        };
        let line = rest.get(..length).and_then(|line| line.strip_suffix(b"\r")).ok_or(Stop::Garbage)?;
        self.at += length + 1;
        Ok(line)
    }
}

fn integer(line: &[u8]) -> Result<i64, Stop> {
    std::str::from_utf8(line).ok().and_then(|text| text.parse().ok()).ok_or(Stop::Garbage)
}

/// A length; `None` stands for nil.
fn counted(length: i64, most: usize) -> Result<Option<usize>, Stop> {
    match usize::try_from(length) {
        Ok(length) if length <= most => Ok(Some(length)),
        Err(_) if length == -1 => Ok(None),
        _ => Err(Stop::Garbage),
    }
}

/// Octets of a reply. The longest are those to SCAN and to CLUSTER SLOTS.
const LONGEST: usize = 4 << 20;
/// Octets of an error message and the like.
const LONGEST_LINE: usize = 4 << 10;
/// Elements of a reply, all its lists together.
const MOST_ELEMENTS: usize = 100_000;
/// Lists within lists.
const DEEPEST: usize = 6;

#[cfg(test)]
mod tests;
