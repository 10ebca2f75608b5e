//! Every state against every command and every action; deadlines, lifetimes of macros, and header values.

use crate::command::{Address, Command, CommandKind, Connect, HeaderField};
use crate::macros::MacroList;
use crate::negotiate::{ActionFlags, ProtocolFlags, Wanted};
use crate::session::DialogueState;
use crate::testing::Dialogue;
use crate::testing::mta::OFFER;

mod commands;
mod headers;
mod lifetimes;
mod replies;
mod time;

/// All edits, and these protocol flags.
fn wanted(protocol: ProtocolFlags) -> Wanted {
    Wanted { actions: ActionFlags::from_bits_retain(0xff), protocol, ..Wanted::default() }
}

/// A dialogue that has come as far as `state`, every reply being `Continue`.
fn dialogue_in(state: DialogueState, protocol: ProtocolFlags) -> Dialogue {
    if state == DialogueState::Start {
        return Dialogue::unopened(OFFER, wanted(protocol), crate::WireBounds::default());
    }
    let mut dialogue = Dialogue::new(OFFER, wanted(protocol));
    let way: &[CommandKind] = match state {
        DialogueState::Start | DialogueState::Negotiated => &[],
        DialogueState::Connected => &[CommandKind::Connect],
        DialogueState::Envelope => &[CommandKind::Connect, CommandKind::Mail],
        DialogueState::Headers => &[CommandKind::Connect, CommandKind::Mail, CommandKind::Header],
        DialogueState::Body => &[CommandKind::Connect, CommandKind::Mail, CommandKind::BodyChunk],
        DialogueState::Closed => &[CommandKind::Quit],
        DialogueState::Offered | DialogueState::EndOfMessage => panic!("a reply is due in {state:?}"),
    };
    let way: Vec<Command> = way.iter().map(|kind| command(*kind)).collect();
    dialogue.pass(&way).unwrap();
    assert_eq!(dialogue.session.state(), state);
    dialogue
}

/// A typical command of each kind.
fn command(kind: CommandKind) -> Command {
    match kind {
        CommandKind::Negotiate => Command::Negotiate(OFFER),
        CommandKind::Macros => macros(b'R', &[]),
        CommandKind::Connect => Command::Connect(Connect::local()),
        CommandKind::Helo => Command::Helo("client.example.com".into()),
        CommandKind::Mail => Command::Mail(Address::new("<from@example.com>")),
        CommandKind::Rcpt => Command::Rcpt(Address::new("<to@example.com>")),
        CommandKind::Data => Command::Data,
        CommandKind::Header => Command::Header(HeaderField::new("Subject", " hello")),
        CommandKind::EndOfHeaders => Command::EndOfHeaders,
        CommandKind::BodyChunk => Command::BodyChunk("text\r\n".into()),
        CommandKind::EndOfMessage => Command::EndOfMessage(None),
        CommandKind::Abort => Command::Abort,
        CommandKind::Quit => Command::Quit,
        CommandKind::QuitNewConnection => Command::QuitNewConnection,
        CommandKind::Unknown => Command::Unknown("FOOBAR".into()),
    }
}

fn macros(command: u8, values: &[(&'static str, &'static str)]) -> Command {
    let values = values.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Command::Macros(MacroList { command, values: values.collect() })
}
