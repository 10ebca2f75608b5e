//! The answers of a filter (`SMFIR_*`), read by the other side of the wire.
//!
//! Header values are returned as they are on the wire: the caller knows from the negotiation whether they lack their
//! leading space.

use bytes::Bytes;
use nom::Parser as _;
use nom::combinator::{eof, map_opt, opt};
use nom::error::context;
use nom::multi::many0;
use nom::sequence::pair;

use crate::action::{Action, Modification, Verdict};
use crate::command::{Address, HeaderField};
use crate::frame::Frame;
use crate::macros::Stage;
use crate::negotiate::Negotiated;
use crate::parse::ParseError;
use crate::parse::negotiate::masks;
use crate::parse::rule::{Expected, Parsed, header, one_string, run, string, u32};
use crate::reply::Reply;

/// Reads an action of a filter.
///
/// ```text
/// O  answer    y  reply    (see the functions of these names)    c a d r t p s  no data
/// all others: edits
/// ```
///
/// # Errors
/// If the action byte is unknown or the data does not follow the action's grammar.
pub fn parse_action(frame: &Frame) -> Result<Action, ParseError> {
    let no_data = |action| run(frame.code, &frame.data, eof).map(|_| action);
    let verdict = match frame.code {
        b'c' => Verdict::Continue,
        b'a' => Verdict::Accept,
        b'd' => Verdict::Discard,
        b'r' => Verdict::Reject,
        b't' => Verdict::TempFail,
        b'y' => return reply(&frame.data).map(|reply| Action::Verdict(Verdict::Reply(reply))),
        b'p' => return no_data(Action::Progress),
        b's' => return no_data(Action::Skip),
        b'O' => return answer(&frame.data).map(Action::Negotiate),
        _ => return modification(frame).map(Action::Modify),
    };
    no_data(Action::Verdict(verdict))
}

/// Reads an edit.
///
/// ```text
/// h    | field name 00 | field body 00 |    i m  | position or occurrence: u32 | field name 00 | field body 00 |
/// + -  | path 00 |                          e 2  | path 00 | [arguments 00] |
/// q    | reason 00 |                        b    | octets |
/// ```
fn modification(frame: &Frame) -> Result<Modification, ParseError> {
    Ok(match frame.code {
        b'h' => Modification::AddHeader(header(frame)?),
        b'i' => {
            let (position, field) = numbered_header(frame)?;
            Modification::InsertHeader { position, field }
        }
        b'm' => {
            let (occurrence, field) = numbered_header(frame)?;
            Modification::ChangeHeader { occurrence, field }
        }
        b'e' => Modification::ChangeSender(address(frame)?),
        b'+' => Modification::AddRecipient(Address::new(one_string(frame)?)),
        b'2' => Modification::AddRecipient(address(frame)?),
        b'-' => Modification::DeleteRecipient(one_string(frame)?),
        b'b' => Modification::ReplaceBody(frame.data.clone()),
        b'q' => Modification::Quarantine(one_string(frame)?),
        _ => return Err(ParseError::UnknownAction(frame.code)),
    })
}

/// `| position or occurrence: u32 | field name 00 | field body 00 |`
fn numbered_header(frame: &Frame) -> Result<(u32, HeaderField), ParseError> {
    let (number, name, value) = run(frame.code, &frame.data, (u32, string, string))?;
    let field = HeaderField { name: frame.data.slice_ref(name), value: frame.data.slice_ref(value) };
    Ok((number, field))
}

/// `| path 00 | [arguments 00] |` - one string with all arguments, separated by spaces
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
///
/// Both codes are the same on all lines, and each `%` of the text is doubled.
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

/// ```text
/// O | version: u32 | actions: u32 | protocol steps: u32 | stage: u32 | macro names 00 |*
/// ```
/// A stage and its names follow each other, once for each macro list.
fn answer(data: &Bytes) -> Result<Negotiated, ParseError> {
    let (offer, lists) = run(b'O', data, pair(masks, many0(macro_list)))?;
    let lists = lists.into_iter().map(|(stage, names)| (stage, data.slice_ref(names)));
    Ok(Negotiated { version: offer.version, actions: offer.actions, protocol: offer.protocol, macros: lists.collect() })
}

/// `| stage: u32 | macro names 00 |` - names separated by spaces
fn macro_list(input: &[u8]) -> Parsed<'_, (Stage, &[u8])> {
    pair(context("a macro stage", map_opt(u32, Stage::from_wire_number)), string).parse(input)
}
