use bytes::BytesMut;

use super::{Mta, MtaError, OFFER};
use crate::action::{Action, Modification, Verdict};
use crate::command::{Address, Command, CommandKind, HeaderField};
use crate::encode;
use crate::macros::{MacroList, Stage};
use crate::negotiate::{ActionFlags, Negotiated, ProtocolFlags};

fn answer(version: u32, actions: ActionFlags, protocol: ProtocolFlags) -> Negotiated {
    Negotiated { version, actions, protocol, macros: vec![(Stage::Mail, "i".into())] }
}

fn hear(mta: &mut Mta, action: &Action) -> Result<Option<Action>, MtaError> {
    let mut input = BytesMut::new();
    encode::action(action, true, &mut input).unwrap();
    mta.hear(&mut input)
}

fn negotiated(version: u32, actions: ActionFlags, protocol: ProtocolFlags) -> Mta {
    let mut mta = Mta::new(OFFER);
    mta.offer(&mut BytesMut::new()).unwrap();
    let answer = Action::Negotiate(answer(version, actions, protocol));
    assert_eq!(hear(&mut mta, &answer), Ok(Some(answer)));
    mta
}

fn say(mta: &mut Mta, command: &Command) -> bool {
    mta.say(command, &mut BytesMut::new()).unwrap()
}

#[test]
fn an_answer_with_more_than_was_offered() {
    let surplus = [
        answer(7, ActionFlags::empty(), ProtocolFlags::empty()),
        answer(1, ActionFlags::empty(), ProtocolFlags::empty()),
        answer(6, ActionFlags::from_bits_retain(0x200), ProtocolFlags::empty()),
        answer(6, ActionFlags::empty(), ProtocolFlags::DATA_SIZE_256K),
    ];
    for answer in surplus {
        let mut mta = Mta::new(OFFER);
        mta.offer(&mut BytesMut::new()).unwrap();
        let refused = hear(&mut mta, &Action::Negotiate(answer.clone()));
        assert_eq!(refused, Err(MtaError::Surplus(answer)));
    }
}

#[test]
fn what_was_negotiated_away_is_not_said() {
    let mut mta = negotiated(6, ActionFlags::empty(), ProtocolFlags::NO_HELO);
    assert!(!say(&mut mta, &Command::Helo("client".into())));
    assert!(say(&mut mta, &Command::Macros(MacroList { command: b'H', values: Vec::new() })));
    assert!(say(&mut mta, &Command::Data));
    let mut newer = negotiated(4, ActionFlags::empty(), ProtocolFlags::empty());
    assert!(say(&mut newer, &Command::Data));
    let mut old = negotiated(3, ActionFlags::empty(), ProtocolFlags::empty());
    assert!(!say(&mut old, &Command::Data));
    assert!(say(&mut old, &Command::Unknown("x".into())));
    let mut older = negotiated(2, ActionFlags::empty(), ProtocolFlags::empty());
    assert!(!say(&mut older, &Command::Unknown("x".into())));
}

#[test]
fn waived_replies_are_not_waited_for() {
    let mut mta = negotiated(6, ActionFlags::empty(), ProtocolFlags::NO_REPLY_MAIL);
    assert!(say(&mut mta, &Command::Mail(Address::new("<>"))));
    assert_eq!(mta.waiting(), None);
    let stray = hear(&mut mta, &Action::Verdict(Verdict::Continue));
    assert_eq!(stray, Err(MtaError::Unasked("continue")));
    assert!(say(&mut mta, &Command::Rcpt(Address::new("<a@b>"))));
    assert_eq!(mta.waiting(), Some(CommandKind::Rcpt));
    hear(&mut mta, &Action::Verdict(Verdict::Continue)).unwrap();
    assert_eq!(mta.waiting(), None);
}

#[test]
fn edits_are_heard_at_end_of_message_only_and_only_as_negotiated() {
    let mut mta = negotiated(6, ActionFlags::CHANGE_BODY | ActionFlags::QUARANTINE, ProtocolFlags::SKIP);
    let edit = |edit| Action::Modify(edit);
    let body = || edit(Modification::ReplaceBody("x".into()));
    let quarantine = || edit(Modification::Quarantine("x".into()));
    say(&mut mta, &Command::BodyChunk("x".into()));
    assert!(matches!(hear(&mut mta, &body()), Err(MtaError::Wrong { .. })));
    assert!(matches!(hear(&mut mta, &Action::Progress), Err(MtaError::Wrong { .. })));
    hear(&mut mta, &Action::Skip).unwrap();
    say(&mut mta, &Command::Macros(MacroList { command: b'B', values: Vec::new() }));
    assert!(mta.leaves_out(CommandKind::BodyChunk));
    assert!(!say(&mut mta, &Command::BodyChunk("y".into())));
    say(&mut mta, &Command::EndOfMessage(None));
    assert!(matches!(hear(&mut mta, &Action::Skip), Err(MtaError::Wrong { .. })));
    hear(&mut mta, &quarantine()).unwrap();
    let header = edit(Modification::AddHeader(HeaderField::new("A", " b")));
    assert_eq!(hear(&mut mta, &header), Err(MtaError::NotNegotiated("add header")));
    hear(&mut mta, &body()).unwrap();
    hear(&mut mta, &body()).unwrap();
    assert!(matches!(hear(&mut mta, &quarantine()), Err(MtaError::Wrong { .. })));
    hear(&mut mta, &Action::Verdict(Verdict::Accept)).unwrap();
    assert!(say(&mut mta, &Command::BodyChunk("of the next message".into())));
}

#[test]
fn header_values_have_their_space() {
    let mut mta = negotiated(6, ActionFlags::from_bits_retain(0xff), ProtocolFlags::empty());
    let mut out = BytesMut::new();
    mta.say(&Command::Header(HeaderField::new("A", " b")), &mut out).unwrap();
    assert_eq!(&out[4..], b"LA\0b\0");
    hear(&mut mta, &Action::Verdict(Verdict::Continue)).unwrap();
    say(&mut mta, &Command::EndOfMessage(None));
    let change = |value| {
        let field = HeaderField::new("A", value);
        Action::Modify(Modification::ChangeHeader { occurrence: 1, field })
    };
    assert_eq!(hear(&mut mta, &change("b")), Ok(Some(change(" b"))));
    assert_eq!(hear(&mut mta, &change("")), Ok(Some(change(""))));
}

#[test]
fn macros_wanted_by_stage() {
    let mta = negotiated(6, ActionFlags::SET_MACRO_LIST, ProtocolFlags::empty());
    assert_eq!(mta.macros_wanted(Stage::Mail), Some(&"i".into()));
    assert_eq!(mta.macros_wanted(Stage::Rcpt), None);
}
