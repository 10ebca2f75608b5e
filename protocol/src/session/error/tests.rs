use super::{DialogueState, EncodeError, Error, FrameError, NegotiateError, ParseError, SessionError};
use crate::command::CommandKind;
use crate::negotiate::{ActionFlags, ProtocolFlags};

/// Whether an MTA can cause the error. A new variant does not compile until it has its place here.
fn caused_by_mta(error: &Error) -> bool {
    match error {
        Error::Frame(FrameError::Empty | FrameError::TooLong { .. }) => true,
        Error::Parse(ParseError::UnknownCommand(_) | ParseError::Malformed { .. }) => true,
        Error::Parse(ParseError::UnknownAction(_)) => false,
        Error::Negotiate(NegotiateError::Version(_) | NegotiateError::Actions(_) | NegotiateError::Protocol(_)) => true,
        Error::Session(SessionError::Unexpected { .. } | SessionError::Macros { .. }) => true,
        Error::Session(
            SessionError::ReplyDue(_)
            | SessionError::NoReplyDue { .. }
            | SessionError::NotAllowed { .. }
            | SessionError::NotNegotiated { .. }
            | SessionError::BehindBody { .. }
            | SessionError::Encode(
                EncodeError::TooLong { .. }
                | EncodeError::Octet { .. }
                | EncodeError::NotAFold
                | EncodeError::Empty(_)
                | EncodeError::Occurrence,
            ),
        ) => false,
    }
}

/// One error of each kind.
fn one_of_each() -> Vec<Error> {
    let (action, what, command, state) = ("skip", "number", CommandKind::Mail, DialogueState::Start);
    vec![
        FrameError::Empty.into(),
        FrameError::TooLong { length: 2, max: 1 }.into(),
        ParseError::UnknownCommand(b'x').into(),
        ParseError::Malformed { code: b'H', expected: "the end", at: 0 }.into(),
        NegotiateError::Version(1).into(),
        NegotiateError::Actions(ActionFlags::QUARANTINE).into(),
        NegotiateError::Protocol(ProtocolFlags::SKIP).into(),
        SessionError::Unexpected { state, command }.into(),
        SessionError::Macros { what, count: 2, max: 1 }.into(),
        ParseError::UnknownAction(b'x').into(),
        SessionError::ReplyDue(command).into(),
        SessionError::NoReplyDue { action, state }.into(),
        SessionError::NotAllowed { action, command }.into(),
        SessionError::NotNegotiated { action }.into(),
        SessionError::BehindBody { action }.into(),
        SessionError::Encode(EncodeError::TooLong { what, length: 1 }).into(),
        SessionError::Encode(EncodeError::Octet { what, octet: 0 }).into(),
        SessionError::Encode(EncodeError::NotAFold).into(),
        SessionError::Encode(EncodeError::Empty(what)).into(),
        SessionError::Encode(EncodeError::Occurrence).into(),
    ]
}

#[test]
fn the_list_of_kinds_is_complete() {
    let errors = one_of_each();
    let kinds: Vec<_> = errors.iter().filter(|error| caused_by_mta(error)).map(Error::kind).collect();
    assert_eq!(kinds, Error::KINDS);
}

#[test]
fn no_two_errors_share_a_kind() {
    let mut kinds: Vec<_> = one_of_each().iter().map(Error::kind).collect();
    kinds.sort_unstable();
    let count = kinds.len();
    kinds.dedup();
    assert_eq!(kinds.len(), count);
}
