//! What a filter answers (`SMFIR_*`), for the other side of the wire.
//!
//! Values are handed out raw: whether a header value has lost its leading space depends on the negotiation.

use bytes::Bytes;
use nom::combinator::opt;
use nom::sequence::pair;

use super::terminal::{Expected, string, u32};
use super::{negotiate, run};
use crate::action::{Action, Modification, Verdict};
use crate::command::{Address, HeaderField};
use crate::error::ParseError;
use crate::frame::Frame;
use crate::reply::Reply;

/// Reads an action of a filter.
///
/// # Errors
/// If the action byte is unknown or the data does not follow the action's grammar.
pub fn action(frame: &Frame) -> Result<Action, ParseError> {
    let verdict = match frame.code {
        b'c' => Verdict::Continue,
        b'a' => Verdict::Accept,
        b'd' => Verdict::Discard,
        b'r' => Verdict::Reject,
        b't' => Verdict::TempFail,
        b'y' => Verdict::Reply(reply(&frame.data)?),
        b'p' => return super::no_data(frame, Action::Progress),
        b's' => return super::no_data(frame, Action::Skip),
        b'O' => return negotiate::answer(&frame.data).map(Action::Negotiate),
        _ => return modification(frame).map(Action::Modify),
    };
    if !matches!(verdict, Verdict::Reply(_)) {
        super::no_data(frame, ())?;
    }
    Ok(Action::Verdict(verdict))
}

fn modification(frame: &Frame) -> Result<Modification, ParseError> {
    Ok(match frame.code {
        b'h' => Modification::AddHeader(super::header(frame)?),
        b'i' => {
            let (position, field) = numbered_header(frame)?;
            Modification::InsertHeader { position, field }
        }
        b'm' => {
            let (occurrence, field) = numbered_header(frame)?;
            Modification::ChangeHeader { occurrence, field }
        }
        b'e' => Modification::ChangeSender(address(frame)?),
        b'+' => Modification::AddRecipient(Address::new(super::one_string(frame)?)),
        b'2' => Modification::AddRecipient(address(frame)?),
        b'-' => Modification::DeleteRecipient(super::one_string(frame)?),
        b'b' => Modification::ReplaceBody(frame.data.clone()),
        b'q' => Modification::Quarantine(super::one_string(frame)?),
        _ => return Err(ParseError::UnknownAction(frame.code)),
    })
}

/// `numbered-header = u32 string string` - position or occurrence, field name, field body
fn numbered_header(frame: &Frame) -> Result<(u32, HeaderField), ParseError> {
    let (number, name, value) = run(frame.code, &frame.data, (u32, string, string))?;
    let field = HeaderField { name: frame.data.slice_ref(name), value: frame.data.slice_ref(value) };
    Ok((number, field))
}

/// `address-with-arguments = string [string]` - path, then all arguments in one string
fn address(frame: &Frame) -> Result<Address, ParseError> {
    let (path, arguments) = run(frame.code, &frame.data, pair(string, opt(string)))?;
    let arguments = arguments.unwrap_or_default().split(|octet| *octet == b' ');
    Ok(Address {
        path: frame.data.slice_ref(path),
        arguments: arguments
            .filter(|argument| !argument.is_empty())
            .map(|argument| frame.data.slice_ref(argument))
            .collect(),
    })
}

/// `reply = *(reply-code "-" enhanced SP text CRLF) reply-code SP enhanced SP text %x00`
fn reply(data: &Bytes) -> Result<Reply, ParseError> {
    let text = run(b'y', data, string)?;
    let malformed = || Expected::new("a reply that both MTAs take", text).at(b'y', text);
    let text = std::str::from_utf8(text).map_err(|_| malformed())?;
    let lines: Vec<&str> = text.split("\r\n").collect();
    let mut head = None;
    let mut texts = Vec::with_capacity(lines.len());
    for (number, line) in lines.iter().enumerate() {
        let separator = if number + 1 == lines.len() { ' ' } else { '-' };
        let (code, rest) = line.split_once(separator).ok_or_else(malformed)?;
        let (enhanced, text) = rest.split_once(' ').ok_or_else(malformed)?;
        let this = (code, enhanced);
        if *head.get_or_insert(this) != this || text.replace("%%", "").contains('%') {
            return Err(malformed());
        }
        texts.push(text.replace("%%", "%"));
    }
    let (code, enhanced) = head.ok_or_else(malformed)?;
    let code = code.parse().map_err(|_| malformed())?;
    let enhanced = status(enhanced).ok_or_else(malformed)?;
    Reply::multiline(code, enhanced, texts).map_err(|_| malformed())
}

/// `enhanced = class "." subject "." detail` (RFC 3463 section 2)
fn status(text: &str) -> Option<(u8, u16, u16)> {
    let mut parts = text.split('.');
    let status = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(status)
}
