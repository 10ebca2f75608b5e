//! Every state against every command and every action, and what the two sides tell each other about time, macros and
//! memory.

use crate::command::{Address, Command, CommandKind, Connect, HeaderField};
use crate::macros::MacroList;
use crate::mta::OFFER;
use crate::negotiate::{ActionFlags, ProtocolFlags, Wanted};
use crate::session::State;
use crate::testing::Dialogue;

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
fn dialogue_in(state: State, protocol: ProtocolFlags) -> Dialogue {
    if state == State::Start {
        return Dialogue::unopened(OFFER, wanted(protocol), crate::Limits::default());
    }
    let mut dialogue = Dialogue::new(OFFER, wanted(protocol));
    let way: &[CommandKind] = match state {
        State::Start | State::Negotiated => &[],
        State::Connected => &[CommandKind::Connect],
        State::Envelope => &[CommandKind::Connect, CommandKind::Mail],
        State::Headers => &[CommandKind::Connect, CommandKind::Mail, CommandKind::Header],
        State::Body => &[CommandKind::Connect, CommandKind::Mail, CommandKind::BodyChunk],
        State::Closed => &[CommandKind::Quit],
        State::Offered | State::EndOfMessage => panic!("a reply is due in {state:?}"),
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
