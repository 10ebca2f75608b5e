//! Each command and each action, octet by octet, both ways; and every truncation of each.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

use bytes::{Bytes, BytesMut};
use postseal_protocol::frame::{self, Frame};
use postseal_protocol::testing::mta::{encode_command, parse_action};
use postseal_protocol::{
    Action, ActionFlags, Address, Command, Connect, HeaderField, MacroList, Modification, Negotiated, Offer, Peer,
    ProtocolFlags, Reply, Stage, Verdict, encode, parse,
};

fn address(path: &'static str, arguments: &[&'static str]) -> Address {
    let arguments = arguments.iter().map(|argument| Bytes::from(*argument));
    Address { path: path.into(), arguments: arguments.collect() }
}

fn macros(command: u8, values: &[(&'static str, &'static str)]) -> Command {
    let values = values.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Command::Macros(MacroList { command, values: values.collect() })
}

fn connect(hostname: &'static str, peer: Peer) -> Command {
    Command::Connect(Connect { hostname: hostname.into(), peer })
}

fn inet(address: &str) -> Peer {
    Peer::Inet(address.parse().unwrap())
}

/// Each command, and the packet without its length.
fn commands() -> Vec<(Command, &'static [u8])> {
    let offer = Offer {
        version: 6,
        actions: ActionFlags::from_bits_retain(0x1ff),
        protocol: ProtocolFlags::from_bits_retain(0x1f_ffff),
    };
    vec![
        (Command::Negotiate(offer), b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"),
        (macros(b'H', &[]), b"DH"),
        (macros(b'M', &[("i", "4fXyZ1"), ("{auth_authen}", "")]), b"DMi\x004fXyZ1\0{auth_authen}\0\0"),
        (connect("mx.example.com", inet("192.0.2.1:9999")), b"Cmx.example.com\x004\x27\x0f192.0.2.1\0"),
        (connect("[2001:db8::1]", inet("[2001:db8::1]:25")), b"C[2001:db8::1]\x006\0\x192001:db8::1\0"),
        (connect("localhost", Peer::Unix("/run/smtp".into())), b"Clocalhost\0L\0\0/run/smtp\0"),
        (connect("unknown", Peer::Unknown), b"Cunknown\0U"),
        (Command::Helo("client.example.com".into()), b"Hclient.example.com\0"),
        (Command::Mail(address("", &[])), b"M\0"),
        (Command::Mail(address("<>", &["BODY=8BITMIME", "SIZE=1000"])), b"M<>\0BODY=8BITMIME\0SIZE=1000\0"),
        (Command::Rcpt(address("<to@example.com>", &[])), b"R<to@example.com>\0"),
        (Command::Data, b"T"),
        (Command::Header(HeaderField::new("Subject", " a\n b\u{ff}")), b"LSubject\0 a\n b\xc3\xbf\0"),
        (Command::Header(HeaderField::new("X-Empty", "")), b"LX-Empty\0\0"),
        (Command::EndOfHeaders, b"N"),
        (Command::BodyChunk("text\r\n\0\r".into()), b"Btext\r\n\0\r"),
        (Command::BodyChunk("".into()), b"B"),
        (Command::EndOfMessage(None), b"E"),
        (Command::EndOfMessage(Some("rest\r\n".into())), b"Erest\r\n"),
        (Command::Abort, b"A"),
        (Command::Quit, b"Q"),
        (Command::QuitNewConnection, b"K"),
        (Command::Unknown("FOOBAR x y".into()), b"UFOOBAR x y\0"),
    ]
}

/// Each action, and the packet without its length.
fn actions() -> Vec<(Action, &'static [u8])> {
    let negotiated = Negotiated {
        version: 6,
        actions: ActionFlags::ADD_HEADERS | ActionFlags::SET_MACRO_LIST,
        protocol: ProtocolFlags::LEADING_SPACE | ProtocolFlags::NO_REPLY_HEADER,
        macros: vec![(Stage::EndOfHeaders, "i".into()), (Stage::EndOfMessage, "i {msg_id}".into())],
    };
    let field = || HeaderField::new("A", " b");
    let reply = |code, enhanced, lines: &[&str]| {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        Action::Verdict(Verdict::Reply(Reply::multiline(code, enhanced, lines).unwrap()))
    };
    let mut all = vec![
        (Action::Negotiate(negotiated), &b"O\0\0\0\x06\0\0\x01\x01\0\x10\0\x80\0\0\0\x06i\0\0\0\0\x05i {msg_id}\0"[..]),
        (Action::Progress, b"p"),
        (Action::Skip, b"s"),
        (reply(451, (4, 7, 1), &["try later"]), b"y451 4.7.1 try later\0"),
        (reply(550, (5, 7, 0), &["100% wrong", "", "bye"]), b"y550-5.7.0 100%% wrong\r\n550-5.7.0 \r\n550 5.7.0 bye\0"),
        (reply(421, (4, 3, 0), &["%d%%"]), b"y421 4.3.0 %%d%%%%\0"),
    ];
    let verdicts: [(Verdict, &'static [u8]); 5] = [
        (Verdict::Continue, b"c"),
        (Verdict::Accept, b"a"),
        (Verdict::Discard, b"d"),
        (Verdict::Reject, b"r"),
        (Verdict::TempFail, b"t"),
    ];
    all.extend(verdicts.map(|(verdict, packet)| (Action::Verdict(verdict), packet)));
    let edits: [(Modification, &'static [u8]); 12] = [
        (Modification::AddHeader(field()), b"hA\0 b\0"),
        (Modification::InsertHeader { position: 0, field: field() }, b"i\0\0\0\0A\0 b\0"),
        (Modification::ChangeHeader { occurrence: 258, field: field() }, b"m\0\0\x01\x02A\0 b\0"),
        (Modification::ChangeHeader { occurrence: 1, field: HeaderField::new("A", "") }, b"m\0\0\0\x01A\0\0"),
        (Modification::ChangeSender(address("<>", &[])), b"e<>\0"),
        (Modification::ChangeSender(address("<a@b>", &["RET=HDRS", "ENVID=1"])), b"e<a@b>\0RET=HDRS ENVID=1\0"),
        (Modification::AddRecipient(address("<a@b>", &[])), b"+<a@b>\0"),
        (Modification::AddRecipient(address("<a@b>", &["NOTIFY=NEVER"])), b"2<a@b>\0NOTIFY=NEVER\0"),
        (Modification::DeleteRecipient("<a@b>".into()), b"-<a@b>\0"),
        (Modification::ReplaceBody("new\r\n".into()), b"bnew\r\n"),
        (Modification::ReplaceBody("".into()), b"b"),
        (Modification::Quarantine("too many mails".into()), b"qtoo many mails\0"),
    ];
    all.extend(edits.map(|(edit, packet)| (Action::Modify(edit), packet)));
    all
}

fn with_length(packet: &[u8]) -> Vec<u8> {
    let length = u32::try_from(packet.len()).unwrap();
    [&length.to_be_bytes(), packet].concat()
}

fn frame(packet: &'static [u8]) -> Frame {
    Frame { code: packet[0], data: Bytes::from_static(&packet[1..]) }
}

#[test]
fn commands_both_ways() {
    for (command, packet) in commands() {
        let mut out = BytesMut::new();
        encode_command(&command, true, &mut out).unwrap();
        assert_eq!(out, with_length(packet), "{command:?}");
        let frame = frame::cut(&mut out, 100).unwrap().unwrap();
        assert_eq!(parse::command(&frame), Ok(command));
    }
}

#[test]
fn actions_both_ways() {
    for (action, packet) in actions() {
        let mut out = BytesMut::new();
        encode::action(&action, true, &mut out).unwrap();
        assert_eq!(out, with_length(packet), "{action:?}");
        let frame = frame::cut(&mut out, 100).unwrap().unwrap();
        assert_eq!(parse_action(&frame), Ok(action));
    }
}

/// A truncated packet is an error, or the packet of another value; missing parts are not made up.
#[test]
fn truncated_commands() {
    for (command, packet) in commands() {
        for length in 1..packet.len() {
            let Ok(shorter) = parse::command(&frame(&packet[..length])) else {
                continue;
            };
            assert_ne!(shorter, command);
            let mut out = BytesMut::new();
            encode_command(&shorter, true, &mut out).unwrap();
            assert!(packet[..length].starts_with(&out[4..]), "{shorter:?} from {length} octets of {command:?}");
        }
    }
}

#[test]
fn truncated_actions() {
    for (action, packet) in actions() {
        for length in 1..packet.len() {
            let Ok(shorter) = parse_action(&frame(&packet[..length])) else {
                continue;
            };
            assert_ne!(shorter, action);
            let mut out = BytesMut::new();
            encode::action(&shorter, true, &mut out).unwrap();
            let code = &out[4..5];
            assert!(matches!(code, b"b" | b"O" | b"e" | b"+"), "{shorter:?} from {action:?}");
            assert_eq!(out[5..], packet[1..length], "{shorter:?} from {length} octets of {action:?}");
        }
    }
}

#[test]
fn a_stream_that_ends_early_has_no_packet() {
    for (_, packet) in commands() {
        let whole = with_length(packet);
        for length in 0..whole.len() {
            let mut input = BytesMut::from(&whole[..length]);
            assert_eq!(frame::cut(&mut input, 100), Ok(None));
        }
    }
}

#[test]
fn longer_offers_are_read() {
    let longer = frame(b"O\0\0\0\x07\0\0\x01\xff\0\x1f\xff\xffmore");
    let Ok(Command::Negotiate(offer)) = parse::command(&longer) else {
        panic!("not an offer");
    };
    assert_eq!(offer.version, 7);
}

/// The other way to write some actions.
#[test]
fn recipients_without_arguments_in_the_long_form() {
    let long = parse_action(&frame(b"2<a@b>\0"));
    let plain = Action::Modify(Modification::AddRecipient(address("<a@b>", &[])));
    assert_eq!(long, Ok(plain));
}
