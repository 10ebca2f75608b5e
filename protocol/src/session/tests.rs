use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::{Event, Limits, Session};
use crate::action::{Action, Modification, Verdict};
use crate::command::{Command, HeaderField};
use crate::encode;
use crate::negotiate::{ActionFlags, Offer, ProtocolFlags, Wanted};

#[test]
fn a_dialogue_from_offer_to_quit() {
    let now = Instant::now();
    let wanted = Wanted {
        actions: ActionFlags::ADD_HEADERS,
        protocol: ProtocolFlags::LEADING_SPACE,
        ..Wanted::default()
    };
    let mut session = Session::new(wanted, Limits::default(), now);
    let mut input = BytesMut::new();
    let mut out = BytesMut::new();
    let offer = Offer {
        version: 6,
        actions: ActionFlags::from_bits_retain(0x1ff),
        protocol: ProtocolFlags::from_bits_retain(0x1f_ffff),
    };
    encode::command(&Command::Negotiate(offer), true, &mut input).unwrap();
    let received = session.receive(&mut input, now).unwrap().unwrap();
    assert_eq!(received.event, Event::Negotiate);
    session.accept_offer(now, &mut out).unwrap();
    assert_eq!(&out[..], b"\0\0\0\x0dO\0\0\0\x06\0\0\0\x01\0\x10\0\0");
    out.clear();
    input.extend_from_slice(b"\0\0\0\x16Clocalhost\x004\0\x19127.0.0.1\0");
    input.truncate(input.len());
    let _ = Bytes::new();
    let _ = session.receive(&mut input, now);
    let _ = Action::Modify(Modification::AddHeader(HeaderField::new("a", "b")));
    let _ = Verdict::Continue;
}
