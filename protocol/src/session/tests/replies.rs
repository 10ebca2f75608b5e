//! The table: command that waits x action.

use super::{command, dialogue_in, wanted};
use crate::action::{Action, Modification, Verdict};
use crate::command::{Address, CommandKind, HeaderField};
use crate::negotiate::{ActionFlags, Negotiated, ProtocolFlags, Wanted};
use crate::reply::Reply;
use crate::session::DialogueState;
use crate::session::SessionError;
use crate::testing::Dialogue;
use crate::testing::mta::OFFER;

const SKIP: ProtocolFlags = ProtocolFlags::SKIP;

/// Commands that wait for a reply, and the state in which the MTA sends them.
const QUESTIONS: [(CommandKind, DialogueState); 10] = [
    (CommandKind::Connect, DialogueState::Negotiated),
    (CommandKind::Helo, DialogueState::Connected),
    (CommandKind::Mail, DialogueState::Connected),
    (CommandKind::Rcpt, DialogueState::Envelope),
    (CommandKind::Data, DialogueState::Envelope),
    (CommandKind::Header, DialogueState::Envelope),
    (CommandKind::EndOfHeaders, DialogueState::Headers),
    (CommandKind::BodyChunk, DialogueState::Body),
    (CommandKind::EndOfMessage, DialogueState::Body),
    (CommandKind::Unknown, DialogueState::Connected),
];

fn asked(kind: CommandKind, state: DialogueState, protocol: ProtocolFlags) -> Dialogue {
    let mut dialogue = dialogue_in(state, protocol);
    let _ = dialogue.say(&command(kind)).unwrap();
    dialogue
}

fn verdicts() -> [Verdict; 6] {
    let reply = Reply::new(451, (4, 7, 1), "later").unwrap();
    [Verdict::Continue, Verdict::Accept, Verdict::Discard, Verdict::Reject, Verdict::TempFail, Verdict::Reply(reply)]
}

fn edits() -> [Modification; 9] {
    let field = || HeaderField::new("A", " b");
    let with_argument = Address { path: "<a@b>".into(), arguments: vec!["NOTIFY=NEVER".into()] };
    [
        Modification::AddHeader(field()),
        Modification::InsertHeader { position: 0, field: field() },
        Modification::ChangeHeader { occurrence: 1, field: field() },
        Modification::ChangeSender(Address::new("<>")),
        Modification::AddRecipient(Address::new("<a@b>")),
        Modification::AddRecipient(with_argument),
        Modification::DeleteRecipient("<a@b>".into()),
        Modification::Quarantine("why".into()),
        Modification::ReplaceBody("new\r\n".into()),
    ]
}

/// All actions except verdicts.
fn others() -> Vec<Action> {
    let answer =
        Negotiated { version: 6, actions: ActionFlags::empty(), protocol: ProtocolFlags::empty(), macros: Vec::new() };
    let mut actions = vec![Action::Negotiate(answer), Action::Progress, Action::Skip];
    actions.extend(edits().map(Action::Modify));
    actions
}

#[test]
fn every_action_against_every_command() {
    for (kind, state) in QUESTIONS {
        for action in verdicts().map(Action::Verdict).into_iter().chain(others()) {
            let mut dialogue = asked(kind, state, SKIP);
            let before_mail = matches!(kind, CommandKind::Connect | CommandKind::Helo | CommandKind::Unknown);
            let at_end = kind == CommandKind::EndOfMessage;
            let allowed = match &action {
                Action::Negotiate(_) => false,
                Action::Skip => kind == CommandKind::BodyChunk,
                Action::Progress | Action::Modify(_) => at_end,
                Action::Verdict(verdict) => *verdict != Verdict::Discard || !before_mail,
            };
            let final_reply = matches!(action, Action::Verdict(_) | Action::Skip);
            let name = action.name();
            match dialogue.send(action.clone()) {
                Ok(heard) => {
                    assert!(allowed, "{name} to {kind}");
                    assert_eq!(heard, [action]);
                    assert_eq!(dialogue.session.reply_due(), !final_reply, "{name} to {kind}");
                }
                Err(error) => {
                    assert!(!allowed, "{name} to {kind}: {error}");
                    let refused = SessionError::NotAllowed { action: name, command: kind };
                    assert_eq!(error, refused);
                    assert!(dialogue.session.reply_due());
                }
            }
        }
    }
}

#[test]
fn no_action_without_a_command_that_waits() {
    for state in [
        DialogueState::Start,
        DialogueState::Negotiated,
        DialogueState::Connected,
        DialogueState::Headers,
        DialogueState::Body,
        DialogueState::Closed,
    ] {
        for action in verdicts().map(Action::Verdict).into_iter().chain(others()) {
            let mut dialogue = dialogue_in(state, SKIP);
            let name = action.name();
            let refused = SessionError::NoReplyDue { action: name, state };
            assert_eq!(dialogue.send(action), Err(refused));
        }
        let accepted = dialogue_in(state, SKIP);
        let mut session = accepted.session;
        let mut out = bytes::BytesMut::new();
        let refused = session.accept_offer(accepted.now, &mut out).unwrap_err();
        assert_eq!(refused, SessionError::NoReplyDue { action: "negotiate", state });
    }
}

#[test]
fn nothing_but_the_answer_to_an_offer() {
    for action in verdicts().map(Action::Verdict).into_iter().chain(others()) {
        let mut dialogue = asked(CommandKind::Negotiate, DialogueState::Start, SKIP);
        let (action_name, command) = (action.name(), CommandKind::Negotiate);
        let refused = SessionError::NotAllowed { action: action_name, command };
        assert_eq!(dialogue.send(action), Err(refused));
        dialogue.accept_offer();
    }
}

/// The state after each verdict, in the order of [`verdicts`].
#[test]
fn where_a_verdict_leads() {
    use DialogueState::{Body, Connected, Envelope, Headers};
    let leads: [(CommandKind, DialogueState, [DialogueState; 6]); 10] = [
        (CommandKind::Connect, DialogueState::Negotiated, [Connected; 6]),
        (CommandKind::Helo, Connected, [Connected; 6]),
        (CommandKind::Unknown, Headers, [Headers; 6]),
        (CommandKind::Mail, Connected, [Envelope, Connected, Connected, Connected, Connected, Connected]),
        (CommandKind::Rcpt, Envelope, [Envelope, Connected, Connected, Envelope, Envelope, Envelope]),
        (CommandKind::Data, Envelope, [Envelope, Connected, Connected, Envelope, Envelope, Envelope]),
        (CommandKind::Header, Envelope, [Headers, Connected, Connected, Connected, Connected, Connected]),
        (CommandKind::EndOfHeaders, Headers, [Body, Connected, Connected, Connected, Connected, Connected]),
        (CommandKind::BodyChunk, Body, [Body, Connected, Connected, Connected, Connected, Connected]),
        (CommandKind::EndOfMessage, Body, [Connected; 6]),
    ];
    for (kind, state, after) in leads {
        for (verdict, after) in verdicts().into_iter().zip(after) {
            let mut dialogue = asked(kind, state, SKIP);
            let name = verdict.name();
            if dialogue.reply(verdict).is_ok() {
                assert_eq!(dialogue.session.state(), after, "{name} to {kind}");
            }
        }
    }
}

#[test]
fn a_late_command_of_a_message_that_is_over_is_an_error() {
    for late in [CommandKind::Rcpt, CommandKind::Header, CommandKind::BodyChunk, CommandKind::EndOfMessage] {
        let mut dialogue = asked(CommandKind::Header, DialogueState::Envelope, SKIP);
        dialogue.reply(Verdict::Reject).unwrap();
        let error = dialogue.say(&command(late)).unwrap_err();
        assert_eq!(error.kind(), "unexpected_command", "{late}");
    }
}

#[test]
fn the_reply_to_a_rejected_recipient_means_nothing() {
    for verdict in verdicts() {
        let mut dialogue = dialogue_in(DialogueState::Envelope, ProtocolFlags::REJECTED_RECIPIENTS);
        dialogue.pass(&[super::macros(b'R', &[("{rcpt_mailer}", "error")])]).unwrap();
        let received = dialogue.say(&command(CommandKind::Rcpt)).unwrap();
        assert!(matches!(received.event, crate::Event::RejectedRcpt(_)));
        assert!(dialogue.session.reply_due());
        dialogue.reply(verdict).unwrap();
        assert_eq!(dialogue.session.state(), DialogueState::Envelope);
    }
}

#[test]
fn edits_and_skip_must_be_negotiated() {
    for edit in edits() {
        let all_but_one = ActionFlags::from_bits_retain(0xff) - edit.needs();
        let wanted = Wanted { actions: all_but_one, ..wanted(SKIP) };
        let mut dialogue = Dialogue::new(OFFER, wanted);
        let way = [CommandKind::Connect, CommandKind::Mail, CommandKind::Rcpt, CommandKind::BodyChunk];
        dialogue.pass(&way.map(command)).unwrap();
        let _ = dialogue.say(&command(CommandKind::EndOfMessage)).unwrap();
        let refused = SessionError::NotNegotiated { action: edit.name() };
        assert_eq!(dialogue.edit(edit), Err(refused));
    }
    let mut dialogue = asked(CommandKind::BodyChunk, DialogueState::Body, ProtocolFlags::empty());
    let refused = SessionError::NotNegotiated { action: "skip" };
    assert_eq!(dialogue.send(Action::Skip), Err(refused));
}

#[test]
fn nothing_comes_between_the_pieces_of_a_body() {
    let body = || Modification::ReplaceBody("piece\r\n".into());
    for action in edits().map(Action::Modify).into_iter().chain([Action::Progress]) {
        let mut dialogue = asked(CommandKind::EndOfMessage, DialogueState::Body, SKIP);
        dialogue.edit(body()).unwrap();
        let is_body = matches!(&action, Action::Modify(edit) if edit.is_body());
        let expected = match is_body {
            true => Ok(vec![action.clone()]),
            false => Err(SessionError::BehindBody { action: action.name() }),
        };
        assert_eq!(dialogue.send(action), expected);
        dialogue.edit(body()).unwrap();
        dialogue.reply(Verdict::Accept).unwrap();
    }
}
