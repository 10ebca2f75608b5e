//! The table: state x command.

use super::{command, dialogue_in};
use crate::command::Command;
use crate::command::CommandKind::{self, *};
use crate::negotiate::{ActionFlags, NegotiateError, Offer, ProtocolFlags, Wanted};
use crate::session::{DialogueState, Ended, Event, WireBounds};
use crate::session::{Error, SessionError};
use crate::testing::Dialogue;
use crate::testing::mta::OFFER;

/// The effect of a command in a state: the next state, and the part that ends; `None` if the command is an error.
type Row = [Option<(DialogueState, Option<Ended>)>; 15];

fn legal(next: DialogueState) -> Option<(DialogueState, Option<Ended>)> {
    Some((next, None))
}

fn ends(next: DialogueState, ended: Ended) -> Option<(DialogueState, Option<Ended>)> {
    Some((next, Some(ended)))
}

/// Sends each command to a fresh dialogue in `state`, and compares.
fn check(state: DialogueState, agreed: ProtocolFlags, row: Row) {
    for (kind, expected) in CommandKind::ALL.into_iter().zip(row) {
        let case = format!("{kind} {state}");
        let mut dialogue = dialogue_in(state, agreed);
        let mut data = bytes::BytesMut::new();
        crate::testing::mta::encode_command(&command(kind), true, &mut data).unwrap();
        let result = dialogue.say_raw(kind.byte(), &data[5..]);
        match (result, expected) {
            (Ok(received), Some((next, ended))) => {
                assert_eq!(dialogue.session.state(), next, "{case}");
                assert_eq!(received.ended, ended, "{case}");
                assert_eq!(event_kind(&received.event), kind, "{case}");
                assert_eq!(dialogue.session.reply_due(), kind.is_answered(agreed), "{case}");
            }
            (Err(error), None) => {
                let unexpected = SessionError::Unexpected { state, command: kind };
                assert_eq!(error, Error::Session(unexpected), "{case}");
            }
            (result, expected) => panic!("{case}: {result:?} instead of {expected:?}"),
        }
    }
}

fn event_kind(event: &Event) -> CommandKind {
    match event {
        Event::Macros => Macros,
        Event::Negotiate => Negotiate,
        Event::Connect(_) => Connect,
        Event::Helo(_) => Helo,
        Event::Mail(_) => Mail,
        Event::Rcpt(_) | Event::RejectedRcpt(_) => Rcpt,
        Event::Data => Data,
        Event::Header(_) => Header,
        Event::EndOfHeaders => EndOfHeaders,
        Event::BodyChunk(_) => BodyChunk,
        Event::EndOfMessage(_) => EndOfMessage,
        Event::Abort => Abort,
        Event::Quit => Quit,
        Event::QuitNewConnection => QuitNewConnection,
        Event::Unknown(_) => Unknown,
    }
}

const NOTHING: ProtocolFlags = ProtocolFlags::empty();

#[rustfmt::skip]
#[test]
fn the_table() {
    use Ended::{Connection, Message};
    use DialogueState::{Body, Closed, Connected, EndOfMessage, Envelope, Headers, Negotiated, Offered, Start};
    // In the order of CommandKind::ALL:
    // OPTNEG, MACRO, CONNECT, HELO, MAIL, RCPT, DATA, HEADER, EOH, BODY, EOM, ABORT, QUIT, QUIT_NC, UNKNOWN
    check(Start, NOTHING, [
        legal(Offered), None, None, None, None,
        None, None, None, None, None, None,
        legal(Start), legal(Closed), None, None,
    ]);
    check(Negotiated, NOTHING, [
        None, legal(Negotiated), legal(Connected), None, None,
        None, None, None, None, None, None,
        legal(Negotiated), legal(Closed), legal(Negotiated), legal(Negotiated),
    ]);
    check(Connected, NOTHING, [
        None, legal(Connected), ends(Connected, Connection), legal(Connected), legal(Envelope),
        None, None, None, None, None, None,
        legal(Connected), ends(Closed, Connection), ends(Negotiated, Connection), legal(Connected),
    ]);
    check(Envelope, NOTHING, [
        None, legal(Envelope), ends(Connected, Connection), ends(Connected, Message), ends(Envelope, Message),
        legal(Envelope), legal(Envelope), legal(Headers), legal(Body), legal(Body), legal(EndOfMessage),
        ends(Connected, Message), ends(Closed, Connection), ends(Negotiated, Connection), legal(Envelope),
    ]);
    check(Headers, NOTHING, [
        None, legal(Headers), ends(Connected, Connection), ends(Connected, Message), ends(Envelope, Message),
        None, None, legal(Headers), legal(Body), legal(Body), legal(EndOfMessage),
        ends(Connected, Message), ends(Closed, Connection), ends(Negotiated, Connection), legal(Headers),
    ]);
    check(Body, NOTHING, [
        None, legal(Body), ends(Connected, Connection), ends(Connected, Message), ends(Envelope, Message),
        None, None, None, None, legal(Body), legal(EndOfMessage),
        ends(Connected, Message), ends(Closed, Connection), ends(Negotiated, Connection), legal(Body),
    ]);
    check(Closed, NOTHING, [None; 15]);
}

#[rustfmt::skip]
#[test]
fn the_table_where_steps_are_switched_off() {
    use DialogueState::{Body, Closed, Connected, EndOfMessage, Envelope, Headers, Negotiated};
    check(Negotiated, ProtocolFlags::NO_CONNECT, [
        None, legal(Negotiated), legal(Connected), legal(Connected), legal(Envelope),
        None, None, None, None, None, None,
        legal(Negotiated), legal(Closed), legal(Negotiated), legal(Negotiated),
    ]);
    check(Negotiated, ProtocolFlags::NO_CONNECT | ProtocolFlags::NO_MAIL, [
        None, legal(Negotiated), legal(Connected), legal(Connected), legal(Envelope),
        legal(Envelope), legal(Envelope), legal(Headers), legal(Body), legal(Body), legal(EndOfMessage),
        legal(Negotiated), legal(Closed), legal(Negotiated), legal(Negotiated),
    ]);
    check(Connected, ProtocolFlags::NO_MAIL, [
        None, legal(Connected), ends(Connected, Ended::Connection), legal(Connected), legal(Envelope),
        legal(Envelope), legal(Envelope), legal(Headers), legal(Body), legal(Body), legal(EndOfMessage),
        legal(Connected), ends(Closed, Ended::Connection), ends(Negotiated, Ended::Connection), legal(Connected),
    ]);
}

#[test]
fn nothing_is_read_while_a_reply_is_due() {
    for (kind, state) in [
        (Negotiate, DialogueState::Start),
        (Connect, DialogueState::Negotiated),
        (Mail, DialogueState::Connected),
        (Rcpt, DialogueState::Envelope),
        (Header, DialogueState::Headers),
        (BodyChunk, DialogueState::Body),
        (EndOfMessage, DialogueState::Body),
        (Unknown, DialogueState::Connected),
    ] {
        for next in CommandKind::ALL {
            let mut dialogue = dialogue_in(state, NOTHING);
            let _ = dialogue.say(&command(kind)).unwrap();
            let error = dialogue.say_raw(next.byte(), b"").unwrap_err();
            assert_eq!(error, Error::Session(SessionError::ReplyDue(kind)), "{next} behind {kind}");
        }
    }
}

#[test]
fn a_waived_reply_is_not_due() {
    for kind in CommandKind::ALL {
        let everything = ProtocolFlags::from_bits_retain(0xf_f080);
        let answered = matches!(kind, Negotiate | EndOfMessage);
        assert_eq!(kind.is_answered(everything), answered, "{kind}");
    }
    let mut dialogue = dialogue_in(DialogueState::Envelope, ProtocolFlags::NO_REPLY_RCPT);
    let _ = dialogue.say(&command(Rcpt)).unwrap();
    assert!(!dialogue.session.reply_due());
    let _ = dialogue.say(&command(Data)).unwrap();
    assert!(dialogue.session.reply_due());
}

#[test]
fn an_unknown_command_byte_is_an_error_in_any_state() {
    for state in [DialogueState::Start, DialogueState::Negotiated, DialogueState::Connected, DialogueState::Body] {
        let mut dialogue = dialogue_in(state, NOTHING);
        let error = dialogue.say_raw(b'X', b"").unwrap_err();
        assert_eq!(error.kind(), "unknown_command");
    }
}

#[test]
fn no_offer_is_taken_after_one_that_was_refused() {
    let wanted = Wanted { actions: ActionFlags::QUARANTINE, ..Wanted::default() };
    let mut dialogue = Dialogue::unopened(OFFER, wanted, WireBounds::default());
    let too_little = Offer { actions: ActionFlags::ADD_HEADERS, ..OFFER };
    let error = dialogue.say(&Command::Negotiate(too_little)).unwrap_err();
    assert_eq!(error, Error::Negotiate(NegotiateError::Actions(ActionFlags::QUARANTINE)));
    let error = dialogue.say(&Command::Negotiate(OFFER)).unwrap_err();
    let state = DialogueState::Start;
    assert_eq!(error, Error::Session(SessionError::Unexpected { state, command: Negotiate }));
}
