//! The answers of a filter (`SMFIR_*`).

use bytes::{BufMut, BytesMut};

use super::error::EncodeError;
use super::packet::{bare, packet};
use super::text::{arguments, field_body, field_name, line, path};
use crate::action::{Action, Modification, Verdict};
use crate::command::{Address, HeaderField};
use crate::frame::{self, MAX_DATA_OCTETS};
use crate::negotiate::Negotiated;
use crate::reply::Reply;

/// Writes an action. With `leading_space`, the MTA takes header values as they are; without, it adds a space to them.
///
/// A piece of the body that is too large for a packet becomes several packets.
///
/// # Errors
/// If the content can't be sent; `out` is unchanged then.
pub fn action(action: &Action, leading_space: bool, out: &mut BytesMut) -> Result<(), EncodeError> {
    match action {
        Action::Negotiate(negotiated) => negotiate(negotiated, out),
        Action::Modify(edit) => modification(edit, leading_space, out),
        Action::Progress => bare(b'p', out),
        Action::Skip => bare(b's', out),
        Action::Verdict(Verdict::Continue) => bare(b'c', out),
        Action::Verdict(Verdict::Accept) => bare(b'a', out),
        Action::Verdict(Verdict::Discard) => bare(b'd', out),
        Action::Verdict(Verdict::Reject) => bare(b'r', out),
        Action::Verdict(Verdict::TempFail) => bare(b't', out),
        Action::Verdict(Verdict::Reply(reply)) => packet(b'y', "reply", out, |out| {
            reply_text(reply, out);
            Ok(())
        }),
    }
}

fn modification(edit: &Modification, leading_space: bool, out: &mut BytesMut) -> Result<(), EncodeError> {
    let header = |field: &HeaderField, out: &mut BytesMut| {
        field_name(&field.name, out)?;
        field_body(&field.value, leading_space, out)
    };
    match edit {
        Modification::AddHeader(field) => packet(b'h', edit.name(), out, |out| header(field, out)),
        Modification::InsertHeader { position, field } => packet(b'i', edit.name(), out, |out| {
            out.put_u32(*position);
            header(field, out)
        }),
        Modification::ChangeHeader { occurrence: 0, .. } => Err(EncodeError::Occurrence),
        Modification::ChangeHeader { occurrence, field } => packet(b'm', edit.name(), out, |out| {
            out.put_u32(*occurrence);
            header(field, out)
        }),
        Modification::ChangeSender(address) => packet(b'e', edit.name(), out, |out| {
            path("sender", address, out)?;
            arguments(address, out)
        }),
        Modification::AddRecipient(address) => {
            let code = if address.arguments.is_empty() { b'+' } else { b'2' };
            packet(code, edit.name(), out, |out| {
                recipient(address)?;
                path("recipient", address, out)?;
                arguments(address, out)
            })
        }
        Modification::DeleteRecipient(text) => packet(b'-', edit.name(), out, |out| {
            recipient(&Address::new(text.clone()))?;
            line("recipient", text, out)
        }),
        Modification::ReplaceBody(piece) => {
            body(piece, out);
            Ok(())
        }
        Modification::Quarantine(reason) => packet(b'q', edit.name(), out, |out| line("reason", reason, out)),
    }
}

fn recipient(address: &Address) -> Result<(), EncodeError> {
    if address.is_null() {
        return Err(EncodeError::Empty("recipient"));
    }
    Ok(())
}

/// Writes a piece of the new body. An empty piece is a packet too: alone, it makes an empty body.
fn body(piece: &[u8], out: &mut BytesMut) {
    if piece.is_empty() {
        frame::put(b'b', piece, out);
    }
    for part in piece.chunks(MAX_DATA_OCTETS) {
        frame::put(b'b', part, out);
    }
}

fn negotiate(negotiated: &Negotiated, out: &mut BytesMut) -> Result<(), EncodeError> {
    packet(b'O', "negotiation", out, |out| {
        out.put_u32(negotiated.version);
        out.put_u32(negotiated.actions.bits());
        out.put_u32(negotiated.protocol.bits());
        for (stage, names) in &negotiated.macros {
            out.put_u32(stage.wire_number());
            line("macro list", names, out)?;
        }
        Ok(())
    })
}

/// Writes the lines of a reply. Each `%` is doubled, because both MTAs take the text for a format string.
fn reply_text(reply: &Reply, out: &mut BytesMut) {
    let (class, subject, detail) = reply.enhanced();
    for (number, text) in reply.lines().iter().enumerate() {
        let (separator, end) = if number + 1 == reply.lines().len() { (' ', "\0") } else { ('-', "\r\n") };
        let code = reply.code();
        let text = text.replace('%', "%%");
        out.put_slice(format!("{code}{separator}{class}.{subject}.{detail} {text}{end}").as_bytes());
    }
}
