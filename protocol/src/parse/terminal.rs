//! The rules that all others are made of, and how a rule says what it missed.

use nom::bytes::complete::{tag, take_till};
use nom::error::{ContextError, ErrorKind, ParseError as NomError, context};
use nom::number::complete;
use nom::sequence::terminated;
use nom::{IResult, Parser};

use crate::error::ParseError;

/// What a rule expected, and how much input was left there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected {
    what: Option<&'static str>,
    left: usize,
}

impl Expected {
    /// For a rule that fails on its own account.
    pub(super) fn new(what: &'static str, input: &[u8]) -> Self {
        Self { what: Some(what), left: input.len() }
    }

    pub(super) fn more() -> Self {
        Self { what: Some("more octets"), left: 0 }
    }

    pub(super) fn at(self, code: u8, data: &[u8]) -> ParseError {
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
    /// The innermost rule that has a name gives it.
    fn add_context(input: &[u8], what: &'static str, other: Self) -> Self {
        Self {
            what: other.what.or(Some(what)),
            left: if other.what.is_some() { other.left } else { input.len() },
        }
    }
}

/// `string = *%x01-FF %x00`
pub(super) fn string(input: &[u8]) -> IResult<&[u8], &[u8], Expected> {
    let text = take_till(|octet| octet == 0);
    context("a string that ends in NUL", terminated(text, tag(&b"\0"[..]))).parse(input)
}

/// `u32 = 4OCTET` - big-endian
pub(super) fn u32(input: &[u8]) -> IResult<&[u8], u32, Expected> {
    context("a 32-bit number", complete::be_u32).parse(input)
}

/// `u16 = 2OCTET` - big-endian
pub(super) fn u16(input: &[u8]) -> IResult<&[u8], u16, Expected> {
    context("a 16-bit number", complete::be_u16).parse(input)
}

/// `octet = OCTET`
pub(super) fn octet(input: &[u8]) -> IResult<&[u8], u8, Expected> {
    context("an octet", complete::u8).parse(input)
}
