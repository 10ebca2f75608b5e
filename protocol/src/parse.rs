//! Packets to values: [`command`] for what an MTA says, [`action`] for what a filter answers.
//!
//! One nom function per grammar rule, with the rule (RFC 5234) above it. The rules run over the octets of a packet that
//! is already complete; what they find is handed out as parts of the same [`Bytes`], so nothing is copied. Every octet
//! must be accounted for, except where MTAs are known to send more: a longer offer, something behind family `U`, an odd
//! macro name.

use bytes::Bytes;
use nom::combinator::{all_consuming, eof, rest};
use nom::sequence::pair;
use nom::{IResult, Parser};

use crate::command::{Command, CommandKind, HeaderField};
use crate::error::ParseError;
use crate::frame::Frame;

mod action;
mod address;
mod connect;
mod macros;
mod negotiate;
mod terminal;

pub use action::action;
pub(crate) use macros::macro_list;
use terminal::{Expected, string};

/// Reads a command of an MTA.
///
/// # Errors
/// If the command byte is unknown or the data does not follow the command's grammar.
pub fn command(frame: &Frame) -> Result<Command, ParseError> {
    let kind = CommandKind::from_byte(frame.code).ok_or(ParseError::UnknownCommand(frame.code))?;
    let data = &frame.data;
    Ok(match kind {
        CommandKind::Negotiate => Command::Negotiate(negotiate::offer(data)?),
        CommandKind::Macros => Command::Macros(macro_list(data)?),
        CommandKind::Connect => Command::Connect(connect::connect(data)?),
        CommandKind::Helo => Command::Helo(one_string(frame)?),
        CommandKind::Mail => Command::Mail(address::address(frame)?),
        CommandKind::Rcpt => Command::Rcpt(address::address(frame)?),
        CommandKind::Data => no_data(frame, Command::Data)?,
        CommandKind::Header => Command::Header(header(frame)?),
        CommandKind::EndOfHeaders => no_data(frame, Command::EndOfHeaders)?,
        CommandKind::BodyChunk => Command::BodyChunk(data.clone()),
        CommandKind::EndOfMessage => {
            Command::EndOfMessage(Some(data).filter(|data| !data.is_empty()).cloned())
        }
        CommandKind::Abort => no_data(frame, Command::Abort)?,
        CommandKind::Quit => no_data(frame, Command::Quit)?,
        CommandKind::QuitNewConnection => no_data(frame, Command::QuitNewConnection)?,
        CommandKind::Unknown => Command::Unknown(one_string(frame)?),
    })
}

/// `none = ""`
fn no_data<T>(frame: &Frame, value: T) -> Result<T, ParseError> {
    run(frame.code, &frame.data, eof)?;
    Ok(value)
}

/// `one-string = string`
fn one_string(frame: &Frame) -> Result<Bytes, ParseError> {
    let text = run(frame.code, &frame.data, string)?;
    Ok(frame.data.slice_ref(text))
}

/// `header = string string` - field name and field body
fn header(frame: &Frame) -> Result<HeaderField, ParseError> {
    let (name, value) = run(frame.code, &frame.data, pair(string, string))?;
    Ok(HeaderField { name: frame.data.slice_ref(name), value: frame.data.slice_ref(value) })
}

/// Runs a rule over the data of a packet, all of it.
fn run<'a, T>(
    code: u8,
    data: &'a [u8],
    rule: impl Parser<&'a [u8], Output = T, Error = Expected>,
) -> Result<T, ParseError> {
    match all_consuming(rule).parse(data) {
        Ok((_, value)) => Ok(value),
        Err(nom::Err::Error(expected) | nom::Err::Failure(expected)) => Err(expected.at(code, data)),
        Err(nom::Err::Incomplete(_)) => Err(Expected::more().at(code, data)),
    }
}

/// What a rule returns.
type Parsed<'a, T> = IResult<&'a [u8], T, Expected>;

/// `anything = *OCTET`
fn anything(input: &[u8]) -> Parsed<'_, &[u8]> {
    rest(input)
}

#[cfg(test)]
mod tests;
