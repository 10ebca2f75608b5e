//! Deadlines.

use std::time::Duration;

use super::{command, dialogue_in};
use crate::action::{Modification, Verdict};
use crate::command::CommandKind;
use crate::negotiate::ProtocolFlags;
use crate::session::{DialogueState, Tick, WireBounds};
use crate::testing::Dialogue;

const SECOND: Duration = Duration::from_secs(1);

fn waiting_for(kind: CommandKind) -> Dialogue {
    let mut dialogue = dialogue_in(DialogueState::Body, ProtocolFlags::empty());
    let _ = dialogue.say(&command(kind)).unwrap();
    dialogue
}

#[test]
fn defaults() {
    let bounds = WireBounds::default();
    assert_eq!((bounds.idle, bounds.progress), (SECOND * 7_210, SECOND * 5));
    assert_eq!(bounds.frame, 1_048_577);
}

#[test]
fn an_idle_connection_is_given_up() {
    let mut dialogue = dialogue_in(DialogueState::Connected, ProtocolFlags::empty());
    assert_eq!(dialogue.session.deadline(), dialogue.now + SECOND * 7_210);
    assert_eq!(dialogue.wait(SECOND * 7_209), Tick::Waiting);
    dialogue.pass(&[command(CommandKind::Mail)]).unwrap();
    assert_eq!(dialogue.wait(SECOND * 7_209), Tick::Waiting);
    assert_eq!(dialogue.wait(SECOND), Tick::Idle);
}

#[test]
fn progress_every_5_seconds_at_end_of_message() {
    let mut dialogue = waiting_for(CommandKind::EndOfMessage);
    for _ in 0..10 {
        assert_eq!(dialogue.session.deadline(), dialogue.now + SECOND * 5);
        assert_eq!(dialogue.wait(SECOND * 4), Tick::Waiting);
        assert_eq!(dialogue.wait(SECOND), Tick::Progress);
        assert_eq!(dialogue.wait(Duration::ZERO), Tick::Waiting);
    }
    dialogue.reply(Verdict::Accept).unwrap();
    assert_eq!(dialogue.session.deadline(), dialogue.now + SECOND * 7_210);
    assert_eq!(dialogue.wait(SECOND * 10), Tick::Waiting);
}

#[test]
fn quirk_26_no_progress_elsewhere() {
    for kind in [CommandKind::BodyChunk, CommandKind::Unknown] {
        let mut dialogue = waiting_for(kind);
        assert_eq!(dialogue.wait(SECOND * 60), Tick::Waiting);
        assert!(dialogue.session.reply_due());
    }
}

#[test]
fn no_progress_between_the_pieces_of_a_body() {
    let mut dialogue = waiting_for(CommandKind::EndOfMessage);
    dialogue.edit(Modification::ReplaceBody("new\r\n".into())).unwrap();
    assert_eq!(dialogue.session.deadline(), dialogue.now + SECOND * 7_210);
    assert_eq!(dialogue.wait(SECOND * 60), Tick::Waiting);
}

#[test]
fn endless_bounds_do_not_overflow() {
    let bounds = WireBounds { idle: Duration::MAX, progress: Duration::MAX, ..WireBounds::default() };
    let offer = crate::testing::mta::OFFER;
    let mut dialogue = Dialogue::unopened(offer, crate::Wanted::default(), bounds);
    assert!(dialogue.session.deadline() > dialogue.now);
    assert_eq!(dialogue.wait(SECOND), Tick::Waiting);
}
