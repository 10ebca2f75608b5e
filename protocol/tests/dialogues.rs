//! Whole dialogues of both MTAs, played from `traces/`.
//!
//! A line of a trace: `#` comment; `wants ACTIONS PROTOCOL [STAGE NAMES]..` the filter's wishes; `> C DATA` a packet of
//! the MTA, `< C DATA` one of the filter, both with the command byte first and escapes `\0 \n \r \t \\ \xNN`; `= WORDS`
//! the result of the last packet (event, `ended` message or connection, `due`); `? NAME VALUE` a macro that is in force
//! now, `-` for none; `eof` the MTA closes.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use bytes::BytesMut;
use postseal_protocol::testing::any_time;
use postseal_protocol::testing::mta::parse_action;
use postseal_protocol::{
    Action, ActionFlags, DialogueState, Event, Modification, ProtocolFlags, Received, Session, Stage, Wanted,
    WireBounds, frame,
};

macro_rules! traces {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            play(include_str!(concat!("traces/", stringify!($name), ".trace")));
        }
    )* };
}

traces! {
    postfix_two_mails postfix_helo_in_transaction postfix_no_replies postfix_non_smtpd postfix_old_protocol
    postfix_reject_at_connect postfix_data_again sendmail_two_mails sendmail_reset_and_quit sendmail_rejected_recipient
    one_connection_for_several_clients
}

/// Dialogues of real MTAs with a filter, written by `traces/record.py`; they lack `=` and `?`.
#[expect(clippy::disallowed_methods, reason = "as many files as were recorded")]
#[test]
fn recorded() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/traces/recorded");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        play(&std::fs::read_to_string(path).unwrap());
        count += 1;
    }
    assert!(count >= 30, "{count} recordings");
}

fn play(trace: &str) {
    let mut player = Player::default();
    for (number, line) in trace.lines().enumerate() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        player.place = format!("line {}: {line}", number + 1);
        match word {
            "" | "#" => {}
            "wants" => player.session = Some(Session::new(wants(rest), WireBounds::default(), any_time())),
            ">" => player.mta_says(rest),
            "<" => player.filter_says(rest),
            "=" => assert_eq!(player.happened, rest, "{}", player.place),
            "?" => player.check_macro(rest),
            "eof" => {
                let ended = player.session().end_of_input();
                player.happened = ended.map_or_else(String::new, |ended| format!("ended {ended:?}"));
            }
            _ => panic!("{}", player.place),
        }
    }
    let place = player.place.clone();
    assert_eq!(player.session().state(), DialogueState::Closed, "{place}: the dialogue is not over");
}

#[derive(Default)]
struct Player {
    session: Option<Session>,
    happened: String,
    place: String,
}

impl Player {
    fn session(&mut self) -> &mut Session {
        self.session.as_mut().expect("the first line is `wants`")
    }

    fn mta_says(&mut self, packet: &str) {
        let mut input = packet_from(packet);
        let received = self.session().receive(&mut input, any_time());
        let received = received.unwrap_or_else(|error| panic!("{}: {error}", self.place));
        assert!(input.is_empty(), "{}", self.place);
        self.happened = summary(&received.unwrap(), self.session().reply_due());
    }

    fn filter_says(&mut self, packet: &str) {
        let expected = packet_from(packet);
        let frame = frame::cut(&mut expected.clone(), 100_000).unwrap().unwrap();
        let mut out = BytesMut::new();
        let mut action = parse_action(&frame).unwrap();
        let agreed = self.session().negotiated().unwrap().protocol;
        if let Action::Modify(
            Modification::AddHeader(field)
            | Modification::InsertHeader { field, .. }
            | Modification::ChangeHeader { field, .. },
        ) = &mut action
            && !agreed.contains(ProtocolFlags::LEADING_SPACE)
        {
            field.value = [b" ", &field.value[..]].concat().into();
        }
        let sent = match action {
            Action::Negotiate(_) => self.session().accept_offer(any_time(), &mut out),
            action => self.session().send(action, any_time(), &mut out),
        };
        sent.unwrap_or_else(|error| panic!("{}: {error}", self.place));
        assert_eq!(out, expected, "{}", self.place);
    }

    fn check_macro(&mut self, rest: &str) {
        let (name, expected) = rest.split_once(' ').unwrap();
        let value = self.session().macros().get(name).map(|value| String::from_utf8_lossy(value).into_owned());
        assert_eq!(value.as_deref().unwrap_or("-"), expected, "{}", self.place);
    }
}

fn summary(received: &Received, due: bool) -> String {
    let event = format!("{:?}", received.event);
    let mut words = vec![event.split(['(', ' ']).next().unwrap().to_owned()];
    match &received.event {
        Event::Mail(address) | Event::Rcpt(address) | Event::RejectedRcpt(address) => {
            words.push(format!("<{}>", String::from_utf8_lossy(address.mailbox())));
        }
        Event::Connect(connect) => {
            words.push(connect.peer.ip().map_or_else(|| "unknown".to_owned(), |ip| ip.to_string()));
        }
        Event::Header(field) => words.push(String::from_utf8_lossy(&field.value).escape_debug().to_string()),
        _ => {}
    }
    if let Some(ended) = received.ended {
        words.push(format!("ended {ended:?}"));
    }
    if due {
        words.push("due".to_owned());
    }
    words.join(" ")
}

fn wants(text: &str) -> Wanted {
    let mut words = text.split(' ');
    let mut bits = || u32::from_str_radix(words.next().unwrap(), 16).unwrap();
    let actions = ActionFlags::from_bits_retain(bits());
    let protocol = ProtocolFlags::from_bits_retain(bits());
    let mut macros = Vec::new();
    while let (Some(stage), Some(names)) = (words.next(), words.next()) {
        let stage = Stage::from_wire_number(stage.parse().unwrap()).unwrap();
        macros.push((stage, names.split(',').map(str::to_owned).collect()));
    }
    Wanted { actions, protocol, required: ProtocolFlags::empty(), macros }
}

fn packet_from(text: &str) -> BytesMut {
    let (code, data) = text.split_once(' ').unwrap_or((text, ""));
    let mut packet = BytesMut::new();
    frame::put(code.as_bytes()[0], &unescape(data), &mut packet);
    packet
}

fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'\\' => match rest.next().unwrap() {
                b'0' => 0,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            },
            octet => octet,
        });
    }
    octets
}
