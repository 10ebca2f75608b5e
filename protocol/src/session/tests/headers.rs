//! Header values keep their leading space, with and without `LEADING_SPACE`.

use super::{command, wanted};
use crate::action::{Action, Modification, Verdict};
use crate::command::{Command, CommandKind, HeaderField};
use crate::negotiate::{Offer, ProtocolFlags};
use crate::session::Event;
use crate::testing::Dialogue;
use crate::testing::mta::OFFER;

const LEADING_SPACE: ProtocolFlags = ProtocolFlags::LEADING_SPACE;

fn in_headers(offered: ProtocolFlags) -> Dialogue {
    let offer = Offer { protocol: offered, ..OFFER };
    let mut dialogue = Dialogue::new(offer, wanted(LEADING_SPACE));
    dialogue.pass(&[CommandKind::Connect, CommandKind::Mail].map(command)).unwrap();
    dialogue
}

#[test]
fn received_values_have_it() {
    for (offered, on_wire, expected) in [
        (LEADING_SPACE, " hello", " hello"),
        (LEADING_SPACE, "hello", "hello"),
        (ProtocolFlags::NO_BODY, "hello", " hello"),
        (ProtocolFlags::NO_BODY, " hello", "  hello"),
        (ProtocolFlags::NO_BODY, "", " "),
    ] {
        let mut dialogue = in_headers(offered);
        let data = format!("Subject\0{on_wire}\0");
        let received = dialogue.say_raw(b'L', data.as_bytes()).unwrap();
        let field = HeaderField::new("Subject", expected);
        assert_eq!(received.event, Event::Header(field));
    }
}

#[test]
fn both_sides_agree_on_a_value() {
    for offered in [LEADING_SPACE, ProtocolFlags::NO_BODY] {
        let mut dialogue = in_headers(offered);
        let field = HeaderField::new("Subject", " hello\n world");
        let received = dialogue.say(&Command::Header(field.clone())).unwrap();
        assert_eq!(received.event, Event::Header(field.clone()));
        dialogue.reply(Verdict::Continue).unwrap();
        let _ = dialogue.say(&command(CommandKind::EndOfMessage)).unwrap();
        for edit in [
            Modification::AddHeader(field.clone()),
            Modification::InsertHeader { position: 0, field: field.clone() },
            Modification::ChangeHeader { occurrence: 1, field: field.clone() },
        ] {
            assert_eq!(dialogue.edit(edit.clone()), Ok(vec![Action::Modify(edit)]));
        }
    }
}
