//! Properties: every value that is written is the same when it is read, wherever the stream is cut.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use postseal_protocol::testing::mta::{encode_command, parse_action};
use std::net::SocketAddr;

use bytes::{Bytes, BytesMut};
use postseal_protocol::{
    Action, ActionFlags, Address, Command, Connect, HeaderField, MacroList, Modification, Negotiated, Offer, Peer,
    ProtocolFlags, Reply, Stage, Verdict, encode, frame, parse,
};
use proptest::collection::vec;
use proptest::prelude::*;

fn text() -> impl Strategy<Value = Bytes> {
    vec(1_u8.., 0..40).prop_map(Bytes::from)
}

fn address() -> impl Strategy<Value = Address> {
    (text(), vec(text(), 0..4)).prop_map(|(path, arguments)| Address { path, arguments })
}

fn field() -> impl Strategy<Value = HeaderField> {
    (text(), text()).prop_map(|(name, value)| HeaderField { name, value })
}

fn peer() -> impl Strategy<Value = Peer> {
    prop_oneof![
        any::<([u8; 4], u16)>().prop_map(|address| Peer::Inet(SocketAddr::from(address))),
        any::<([u8; 16], u16)>().prop_map(|address| Peer::Inet(SocketAddr::from(address))),
        text().prop_map(Peer::Unix),
        Just(Peer::Unknown),
    ]
}

fn offer() -> impl Strategy<Value = Offer> {
    any::<(u32, u32, u32)>().prop_map(|(version, actions, protocol)| Offer {
        version,
        actions: ActionFlags::from_bits_retain(actions),
        protocol: ProtocolFlags::from_bits_retain(protocol),
    })
}

fn command() -> impl Strategy<Value = Command> {
    let macros = (any::<u8>(), vec((text(), text()), 0..10));
    let body = || vec(any::<u8>(), 0..200).prop_map(Bytes::from);
    prop_oneof![
        offer().prop_map(Command::Negotiate),
        macros.prop_map(|(command, values)| Command::Macros(MacroList { command, values })),
        (text(), peer()).prop_map(|(hostname, peer)| Command::Connect(Connect { hostname, peer })),
        text().prop_map(Command::Helo),
        address().prop_map(Command::Mail),
        address().prop_map(Command::Rcpt),
        field().prop_map(Command::Header),
        body().prop_map(Command::BodyChunk),
        body().prop_map(|chunk| Command::EndOfMessage(Some(chunk).filter(|chunk| !chunk.is_empty()))),
        text().prop_map(Command::Unknown),
        prop_oneof![
            Just(Command::Data),
            Just(Command::EndOfHeaders),
            Just(Command::Abort),
            Just(Command::Quit),
            Just(Command::QuitNewConnection),
        ],
    ]
}

/// A field that a filter may send, and that both MTAs write unchanged.
fn good_field() -> impl Strategy<Value = HeaderField> {
    let value = "[ \t]?[!-~äöü ]{0,30}(\n[ \t][!-~ ]{0,30}){0,3}";
    ("[!-9;-~]{1,20}", value).prop_map(|(name, value)| HeaderField::new(name, value))
}

fn good_address() -> impl Strategy<Value = Address> {
    let arguments = vec("[!-~]{1,20}".prop_map(Bytes::from), 0..3);
    let path = "<([a-z0-9.]{1,10}|\"[ -!#-\\[\\]-~]{0,10}\")@[a-z0-9.-]{1,20}>".prop_map(Bytes::from);
    (path, arguments).prop_map(|(path, arguments)| Address { path, arguments })
}

fn reply() -> impl Strategy<Value = Reply> {
    let lines = vec("[ -~]{0,60}", 1..5);
    (400_u16..600, 0_u16..1000, 0_u16..1000, lines).prop_map(|(code, subject, detail, lines)| {
        let class = if code < 500 { 4 } else { 5 };
        Reply::multiline(code, (class, subject, detail), lines).unwrap()
    })
}

fn negotiated() -> impl Strategy<Value = Negotiated> {
    let stages = proptest::sample::subsequence(Stage::ALL.to_vec(), 0..=7);
    (offer(), stages, "[!-~]{1,10}( [!-~]{1,10}){0,3}").prop_map(|(offer, stages, names)| Negotiated {
        version: offer.version,
        actions: offer.actions,
        protocol: offer.protocol,
        macros: stages.into_iter().map(|stage| (stage, Bytes::from(names.clone()))).collect(),
    })
}

fn action() -> impl Strategy<Value = Action> {
    let body = vec(any::<u8>(), 0..200).prop_map(Bytes::from);
    let edit = prop_oneof![
        good_field().prop_map(Modification::AddHeader),
        (any::<u32>(), good_field()).prop_map(|(position, field)| Modification::InsertHeader { position, field }),
        (1_u32.., good_field()).prop_map(|(occurrence, field)| Modification::ChangeHeader { occurrence, field }),
        good_address().prop_map(Modification::ChangeSender),
        good_address().prop_map(Modification::AddRecipient),
        good_address().prop_map(|address| Modification::DeleteRecipient(address.path)),
        body.prop_map(Modification::ReplaceBody),
        "[ -~]{0,60}".prop_map(|reason| Modification::Quarantine(reason.into())),
    ];
    prop_oneof![
        edit.prop_map(Action::Modify),
        negotiated().prop_map(Action::Negotiate),
        reply().prop_map(|reply| Action::Verdict(Verdict::Reply(reply))),
        prop_oneof![
            Just(Action::Progress),
            Just(Action::Skip),
            Just(Action::Verdict(Verdict::Continue)),
            Just(Action::Verdict(Verdict::TempFail)),
        ],
    ]
}

proptest! {
    #[test]
    fn commands_are_read_as_written(commands in vec(command(), 1..8), cut in any::<prop::sample::Index>()) {
        let mut stream = BytesMut::new();
        for command in &commands {
            encode_command(command, true, &mut stream).unwrap();
        }
        let mut input = BytesMut::from(&stream[..cut.index(stream.len())]);
        let mut read = Vec::new();
        for part in [&b""[..], &stream[input.len()..]] {
            input.extend_from_slice(part);
            while let Some(frame) = frame::cut(&mut input, frame::MAX_RECEIVED_OCTETS).unwrap() {
                read.push(parse::command(&frame).unwrap());
            }
        }
        prop_assert_eq!(read, commands);
    }

    #[test]
    fn actions_are_read_as_written(action in action()) {
        let mut out = BytesMut::new();
        encode::action(&action, true, &mut out).unwrap();
        let frame = frame::cut(&mut out, frame::MAX_RECEIVED_OCTETS).unwrap().unwrap();
        prop_assert_eq!(parse_action(&frame).unwrap(), action);
        prop_assert!(out.is_empty());
    }

    #[test]
    fn any_data_of_any_packet(code in any::<u8>(), data in vec(any::<u8>(), 0..100)) {
        let frame = frame::Frame { code, data: Bytes::from(data) };
        let _ = parse::command(&frame);
        let _ = parse_action(&frame);
    }
}
