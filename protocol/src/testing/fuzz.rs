//! The fuzz targets: any input, no panic, no broken promise.

use crate::testing::mta::{encode_command, parse_action};
use bytes::{Bytes, BytesMut};

use super::source::Source;
use crate::action::{Action, Modification};
use crate::command::Command;
use crate::encode;
use crate::frame::{self, Frame};
use crate::parse;

mod session;

pub use session::fuzz_session;

/// Reads any octets, as a stream of packets and as one packet. A value that can be read can be written, and is the same
/// when it is read again.
pub fn fuzz_parse(data: &[u8]) {
    let mut input = BytesMut::from(data);
    loop {
        let before = input.clone();
        match frame::cut(&mut input, frame::MAX_RECEIVED_OCTETS) {
            Ok(Some(frame)) => {
                assert_eq!(before.len(), input.len() + frame.data.len() + 5);
                check_frame(&frame);
            }
            Ok(None) | Err(_) => {
                assert_eq!(before, input, "nothing was cut, yet something is gone");
                break;
            }
        }
    }
    if let Some((code, data)) = data.split_first() {
        check_frame(&Frame { code: *code, data: Bytes::copy_from_slice(data) });
    }
}

fn check_frame(frame: &Frame) {
    let mut out = BytesMut::new();
    if let Ok(command) = parse::command(frame)
        && encode_command(&command, true, &mut out).is_ok()
    {
        assert_eq!(read_command(&mut out), command);
    }
    out.clear();
    if let Ok(action) = parse_action(frame)
        && encode::action(&action, true, &mut out).is_ok()
    {
        assert_eq!(read_action(&mut out), canonical(action));
    }
}

/// Writes any values. A value that can be written is the same when it is read; a value that can't leaves no octet.
pub fn fuzz_round_trip(data: &[u8]) {
    let mut source = Source::new(data);
    let mut out = BytesMut::new();
    // A few at a time: a longer input would only be many inputs in one.
    for _ in 0..8 {
        if source.is_empty() {
            break;
        }
        out.clear();
        let command = source.command();
        match encode_command(&command, true, &mut out) {
            Ok(()) => assert_eq!(read_command(&mut out), command),
            Err(_) => assert!(out.is_empty(), "{command:?} was refused and written"),
        }
        out.clear();
        let action = source.action();
        match encode::action(&action, true, &mut out) {
            Ok(()) => assert_eq!(read_action(&mut out), canonical(action)),
            Err(_) => assert!(out.is_empty(), "{action:?} was refused and written"),
        }
    }
}

#[expect(clippy::expect_used, reason = "a broken invariant must panic")]
fn read_command(out: &mut BytesMut) -> Command {
    let frame = frame::cut(out, frame::MAX_DATA_OCTETS + 1).expect("our own packet");
    let command = parse::command(&frame.expect("all of it")).expect("our own command");
    assert!(out.is_empty(), "more than one packet");
    command
}

/// Reads one action. Pieces of a body are put together again.
#[expect(clippy::expect_used, reason = "a broken invariant must panic")]
fn read_action(out: &mut BytesMut) -> Action {
    let mut body = Vec::new();
    while let Some(frame) = frame::cut(out, frame::MAX_DATA_OCTETS + 1).expect("our own packet") {
        match parse_action(&frame).expect("our own action") {
            Action::Modify(Modification::ReplaceBody(piece)) => body.extend_from_slice(&piece),
            action => {
                assert!(out.is_empty() && body.is_empty(), "more than one packet");
                return action;
            }
        }
    }
    Action::Modify(Modification::ReplaceBody(body.into()))
}

/// The action as the wire carries it: paths in brackets, no CR in header values (encoding accepts CR only in a fold).
fn canonical(mut action: Action) -> Action {
    let Action::Modify(edit) = &mut action else {
        return action;
    };
    match edit {
        Modification::ChangeSender(address) | Modification::AddRecipient(address) => {
            address.path = [b"<", address.mailbox(), b">"].concat().into();
        }
        Modification::AddHeader(field)
        | Modification::InsertHeader { field, .. }
        | Modification::ChangeHeader { field, .. } => {
            let without_cr = field.value.iter().copied().filter(|octet| *octet != b'\r');
            field.value = without_cr.collect();
        }
        _ => {}
    }
    action
}
