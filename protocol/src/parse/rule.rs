//! The rules that all other rules are made of, the function that runs a rule, and the error of a rule.

use bytes::Bytes;
use nom::bytes::complete::{tag, take_till};
use nom::combinator::{all_consuming, rest};
use nom::error::{ContextError, ErrorKind, ParseError as NomError, context};
use nom::number::complete;
use nom::sequence::{pair, terminated};
use nom::{IResult, Parser};

use super::error::ParseError;
use crate::command::HeaderField;
use crate::frame::Frame;

pub(crate) type Parsed<'a, T> = IResult<&'a [u8], T, Expected>;

/// The error of a rule: the part that it expected, and the number of octets that were left there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    what: Option<&'static str>,
    left: usize,
}

impl Expected {
    /// The error of a check that is not a nom rule; `input` starts at the octet that failed.
    pub(crate) fn new(what: &'static str, input: &[u8]) -> Self {
        Self { what: Some(what), left: input.len() }
    }

    /// The error for a packet with this code and data; `self.left` counts octets at the end of `data`.
    pub(crate) fn at(self, code: u8, data: &[u8]) -> ParseError {
        debug_assert!(self.left <= data.len(), "a rule has run over other data");
        ParseError::Malformed {
            code,
            expected: self.what.unwrap_or("the end"),
            at: data.len().saturating_sub(self.left),
        }
    }
}

impl NomError<&[u8]> for Expected {
    fn from_error_kind(input: &[u8], _: ErrorKind) -> Self {
        Self { what: None, left: input.len() }
    }

    fn append(_: &[u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl ContextError<&[u8]> for Expected {
    /// The name of the innermost rule that has one counts.
    fn add_context(input: &[u8], what: &'static str, other: Self) -> Self {
        Self { what: other.what.or(Some(what)), left: if other.what.is_some() { other.left } else { input.len() } }
    }
}

/// Runs a rule over all data of a packet.
pub(crate) fn run<'a, T>(
    code: u8, data: &'a [u8], rule: impl Parser<&'a [u8], Output = T, Error = Expected>,
) -> Result<T, ParseError> {
    match all_consuming(rule).parse(data) {
        Ok((_, value)) => Ok(value),
        Err(nom::Err::Error(expected) | nom::Err::Failure(expected)) => Err(expected.at(code, data)),
        Err(nom::Err::Incomplete(_)) => Err(Expected::new("more octets", b"").at(code, data)),
    }
}

/// `| text 00 |`
pub(crate) fn one_string(frame: &Frame) -> Result<Bytes, ParseError> {
    let text = run(frame.code, &frame.data, string)?;
    Ok(frame.data.slice_ref(text))
}

/// `| field name 00 | field body 00 |`
pub(crate) fn header(frame: &Frame) -> Result<HeaderField, ParseError> {
    let (name, value) = run(frame.code, &frame.data, pair(string, string))?;
    Ok(HeaderField { name: frame.data.slice_ref(name), value: frame.data.slice_ref(value) })
}

/// `octets = *OCTET`
pub(crate) fn octets(input: &[u8]) -> Parsed<'_, &[u8]> {
    rest(input)
}

/// `string = *%x01-FF %x00`
pub(crate) fn string(input: &[u8]) -> Parsed<'_, &[u8]> {
    let text = take_till(|octet| octet == 0);
    context("a string that ends in NUL", terminated(text, tag(&b"\0"[..]))).parse(input)
}

/// `u32 = 4OCTET` - big-endian
pub(crate) fn u32(input: &[u8]) -> Parsed<'_, u32> {
    context("a 32-bit number", complete::be_u32).parse(input)
}

/// `u16 = 2OCTET` - big-endian
pub(crate) fn u16(input: &[u8]) -> Parsed<'_, u16> {
    context("a 16-bit number", complete::be_u16).parse(input)
}

/// `octet = OCTET`
pub(crate) fn octet(input: &[u8]) -> Parsed<'_, u8> {
    context("an octet", complete::u8).parse(input)
}
