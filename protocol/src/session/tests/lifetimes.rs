//! The ends of messages and connections, and the lifetimes of macros.

use super::{command, dialogue_in, macros};
use crate::action::Verdict;
use crate::command::{Command, CommandKind};
use crate::negotiate::{ProtocolFlags, Wanted};
use crate::session::{DialogueState, Ended, Session, WireBounds};
use crate::session::{Error, SessionError};
use crate::testing::Dialogue;
use crate::testing::mta::OFFER;

fn value(dialogue: &Dialogue, name: &str) -> Option<String> {
    let value = dialogue.session.macros().get(name)?;
    Some(String::from_utf8(value.to_vec()).unwrap())
}

/// A dialogue at end of message, with macros of each stage; the final reply is due.
fn at_end_of_message() -> Dialogue {
    let mut dialogue = dialogue_in(DialogueState::Negotiated, ProtocolFlags::empty());
    for (code, name, kind) in [
        (b'C', "{client_addr}", CommandKind::Connect),
        (b'H', "{tls_version}", CommandKind::Helo),
        (b'M', "{auth_authen}", CommandKind::Mail),
        (b'R', "{rcpt_addr}", CommandKind::Rcpt),
        (b'T', "i", CommandKind::Data),
        (b'N', "{eoh}", CommandKind::EndOfHeaders),
    ] {
        dialogue.pass(&[macros(code, &[(name, "1")]), command(kind)]).unwrap();
    }
    dialogue.pass(&[macros(b'E', &[("{msg_id}", "1")])]).unwrap();
    let _ = dialogue.say(&command(CommandKind::EndOfMessage)).unwrap();
    dialogue
}

const OF_CONNECTION: [&str; 2] = ["{client_addr}", "{tls_version}"];
const OF_MESSAGE: [&str; 5] = ["{auth_authen}", "{rcpt_addr}", "i", "{eoh}", "{msg_id}"];

fn assert_only_connection_macros(dialogue: &Dialogue) {
    for name in OF_CONNECTION {
        assert_eq!(value(dialogue, name).as_deref(), Some("1"), "{name}");
    }
    for name in OF_MESSAGE {
        assert_eq!(value(dialogue, name), None, "{name}");
    }
}

#[test]
fn the_final_reply_ends_the_message() {
    let mut dialogue = at_end_of_message();
    for name in OF_CONNECTION.into_iter().chain(OF_MESSAGE) {
        assert_eq!(value(&dialogue, name).as_deref(), Some("1"), "{name}");
    }
    assert!(dialogue.session.in_message());
    dialogue.reply(Verdict::Accept).unwrap();
    assert!(!dialogue.session.in_message());
    assert_only_connection_macros(&dialogue);
    let next = dialogue.say(&command(CommandKind::Abort)).unwrap();
    assert_eq!(next.ended, None);
}

#[test]
fn abort_ends_the_message_and_nothing_else() {
    let mut dialogue = at_end_of_message();
    dialogue.reply(Verdict::Continue).unwrap();
    dialogue.pass(&[macros(b'M', &[("i", "2")]), command(CommandKind::Mail)]).unwrap();
    let first = dialogue.say(&command(CommandKind::Abort)).unwrap();
    assert_eq!(first.ended, Some(Ended::Message));
    for _ in 0..3 {
        let again = dialogue.say(&command(CommandKind::Abort)).unwrap();
        assert_eq!(again.ended, None);
        assert_only_connection_macros(&dialogue);
    }
}

#[test]
fn mail_ends_an_open_message_and_keeps_its_own_macros() {
    let mut dialogue = dialogue_in(DialogueState::Envelope, ProtocolFlags::empty());
    dialogue.pass(&[macros(b'R', &[("{rcpt_addr}", "1")]), command(CommandKind::Rcpt)]).unwrap();
    dialogue.pass(&[macros(b'M', &[("i", "2")])]).unwrap();
    let received = dialogue.say(&command(CommandKind::Mail)).unwrap();
    assert_eq!(received.ended, Some(Ended::Message));
    assert_eq!(value(&dialogue, "i").as_deref(), Some("2"));
    assert_eq!(value(&dialogue, "{rcpt_addr}"), None);
}

#[test]
fn without_mail_its_macros_begin_a_message() {
    let mut dialogue = dialogue_in(DialogueState::Connected, ProtocolFlags::NO_MAIL);
    let first = dialogue.say(&macros(b'M', &[("i", "1")])).unwrap();
    assert_eq!(first.ended, None);
    dialogue.pass(&[command(CommandKind::Rcpt)]).unwrap();
    let second = dialogue.say(&macros(b'M', &[("i", "2")])).unwrap();
    assert_eq!(second.ended, Some(Ended::Message));
    assert_eq!(dialogue.session.state(), DialogueState::Connected);
    assert_eq!(value(&dialogue, "i").as_deref(), Some("2"));
    let mut with_mail = dialogue_in(DialogueState::Envelope, ProtocolFlags::empty());
    let stray = with_mail.say(&macros(b'M', &[("i", "2")])).unwrap();
    assert_eq!(stray.ended, None);
}

#[test]
fn a_new_connection_drops_everything() {
    for kind in [CommandKind::QuitNewConnection, CommandKind::Quit] {
        let mut dialogue = at_end_of_message();
        dialogue.reply(Verdict::Continue).unwrap();
        let received = dialogue.say(&command(kind)).unwrap();
        assert_eq!(received.ended, Some(Ended::Connection));
        for name in OF_CONNECTION.into_iter().chain(OF_MESSAGE) {
            assert_eq!(value(&dialogue, name), None, "{name} after {kind}");
        }
    }
}

#[test]
fn quit_new_connection_leads_back_to_connect() {
    let mut dialogue = dialogue_in(DialogueState::Envelope, ProtocolFlags::empty());
    let way = [CommandKind::QuitNewConnection, CommandKind::Connect, CommandKind::Mail];
    dialogue.pass(&way.map(command)).unwrap();
    assert!(dialogue.session.in_message());
}

#[test]
fn end_of_input_ends_what_is_open() {
    let ended = |state| dialogue_in(state, ProtocolFlags::empty()).session.end_of_input();
    assert_eq!(ended(DialogueState::Start), None);
    assert_eq!(ended(DialogueState::Negotiated), None);
    assert_eq!(ended(DialogueState::Connected), Some(Ended::Connection));
    assert_eq!(ended(DialogueState::Body), Some(Ended::Connection));
    assert_eq!(ended(DialogueState::Closed), None);
    let mut waiting = at_end_of_message();
    assert_eq!(waiting.session.end_of_input(), Some(Ended::Connection));
    assert!(!waiting.session.reply_due());
    assert!(waiting.say(&Command::Abort).is_err());
}

#[test]
fn macros_are_bounded_in_number_and_size() {
    let bounds = WireBounds { macros: 2, macro_octets: 40, ..WireBounds::default() };
    let open = || {
        let mut dialogue = Dialogue::unopened(OFFER, Wanted::default(), bounds);
        let _ = dialogue.say(&Command::Negotiate(OFFER)).unwrap();
        dialogue.accept_offer();
        dialogue
    };
    assert!(open().say(&macros(b'C', &[("a", "1"), ("b", "2")])).is_ok());
    let number = open().say(&macros(b'C', &[("a", "1"), ("b", "2"), ("c", "3")]));
    let error = SessionError::Macros { what: "number", count: 3, max: 2 };
    assert_eq!(number, Err(Error::Session(error)));
    let octets = open().say(&macros(b'C', &[("a", "0123456789012345678901234567890123456789")]));
    let error = SessionError::Macros { what: "octets", count: 44, max: 40 };
    assert_eq!(octets, Err(Error::Session(error)));
    let of_no_stage = open().say(&macros(b'L', &[("a", "1"), ("b", "2"), ("c", "3")]));
    assert!(of_no_stage.is_ok());
}

#[test]
fn macros_do_not_hold_on_to_the_read_buffer() {
    let mut dialogue = dialogue_in(DialogueState::Negotiated, ProtocolFlags::empty());
    let mut input = bytes::BytesMut::with_capacity(4_096);
    let start = input.as_ptr();
    let now = dialogue.now;
    for kind in [CommandKind::Connect, CommandKind::Helo] {
        let macros = macros(kind.byte(), &[("j", "mx.example.com")]);
        for command in [macros, command(kind)] {
            crate::testing::mta::encode_command(&command, true, &mut input).unwrap();
        }
    }
    let mut kept = Vec::new();
    while !input.is_empty() {
        kept.push(dialogue.session.receive(&mut input, now).unwrap());
        if dialogue.session.reply_due() {
            let verdict = crate::Action::Verdict(Verdict::Continue);
            dialogue.session.send(verdict, now, &mut bytes::BytesMut::new()).unwrap();
        }
    }
    assert!(input.try_reclaim(4_096), "macros, CONNECT or HELO hold on to the buffer");
    assert_eq!(input.as_ptr(), start);
    assert_eq!(value(&dialogue, "j").as_deref(), Some("mx.example.com"));
}

#[test]
fn an_idle_session_is_small() {
    assert!(size_of::<Session>() <= 512, "{}", size_of::<Session>());
}
