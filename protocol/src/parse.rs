//! Packets to values: [`command`] reads an MTA's commands.
//!
//! One nom function reads one grammar rule. Above each function stands its rule (RFC 5234), or the layout of the packet's
//! data as octets:
//!
//! ```text
//! |        ends a part                     00     a NUL octet, which ends a string
//! [..]     may be missing                  ..*    any number of times, in order
//! u16 u32  numbers, big-endian             octets anything, up to the end of the packet
//! ```
//!
//! The rules run over a packet that is already complete, and return parts of its [`Bytes`](bytes::Bytes), so nothing is
//! copied. Every octet must be accounted for, except where MTAs are known to send more: a longer offer, data after the
//! family `U`, a macro name without a value.

use nom::combinator::eof;

use crate::command::{Command, CommandKind};
use crate::frame::Frame;

mod address;
mod connect;
mod error;
mod macros;
pub(crate) mod negotiate;
pub(crate) mod rule;

pub use error::ParseError;
pub(crate) use macros::macro_list;
use rule::{header, one_string, run};

/// Reads a command of an MTA.
///
/// ```text
/// O  offer     D  macros     C  connect   (see the functions of these names)
/// H  | name 00 |                          M R  | path 00 | argument 00 |*
/// L  | field name 00 | field body 00 |    B E  | octets |
/// U  | SMTP command 00 |                  T N A Q K  no data
/// ```
///
/// # Errors
/// If the command byte is unknown or the data does not follow the command's grammar.
pub fn command(frame: &Frame) -> Result<Command, ParseError> {
    let kind = CommandKind::from_byte(frame.code).ok_or(ParseError::UnknownCommand(frame.code))?;
    let data = &frame.data;
    let no_data = |command| run(frame.code, data, eof).map(|_| command);
    Ok(match kind {
        CommandKind::Negotiate => Command::Negotiate(negotiate::offer(data)?),
        CommandKind::Macros => Command::Macros(macro_list(data)?),
        CommandKind::Connect => Command::Connect(connect::connect(data)?),
        CommandKind::Helo => Command::Helo(one_string(frame)?),
        CommandKind::Mail => Command::Mail(address::address(frame)?),
        CommandKind::Rcpt => Command::Rcpt(address::address(frame)?),
        CommandKind::Data => no_data(Command::Data)?,
        CommandKind::Header => Command::Header(header(frame)?),
        CommandKind::EndOfHeaders => no_data(Command::EndOfHeaders)?,
        CommandKind::BodyChunk => Command::BodyChunk(data.clone()),
        CommandKind::EndOfMessage => Command::EndOfMessage(Some(data).filter(|data| !data.is_empty()).cloned()),
        CommandKind::Abort => no_data(Command::Abort)?,
        CommandKind::Quit => no_data(Command::Quit)?,
        CommandKind::QuitNewConnection => no_data(Command::QuitNewConnection)?,
        CommandKind::Unknown => Command::Unknown(one_string(frame)?),
    })
}

#[cfg(test)]
mod tests;
