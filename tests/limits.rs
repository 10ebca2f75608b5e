//! Every bound on what an MTA may take of us, reached.

mod support;

use std::time::Duration;

use bytes::Bytes;
use postseal::connection::ConnectionBounds;
use postseal_protocol::{Address, Command, HeaderField, MacroList, Verdict};
use support::inside::{Behaviour, Inside, LIMITS};
use support::mta::FakeMta;
use support::{ONE_LISTENER, Service};

fn with(limits: &str) -> Service {
    Service::start(&format!("{ONE_LISTENER}[limits]\n{limits}\n"))
}

fn code(verdict: Verdict) -> u16 {
    match verdict {
        Verdict::Reply(reply) => reply.code(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn packet_size() {
    let mut service = with("packet_size = \"64KiB\"");
    let address = service.address("submission");
    let mut mta = FakeMta::connect(&address);
    mta.begin();
    let most = Bytes::from(vec![b'x'; 65_535 - "X\0\0".len()]);
    mta.tell(&Command::Header(HeaderField::new("X", most)));
    assert_eq!(mta.finish("4Q1"), Verdict::Accept, "as much data as MTAs put into a packet");
    mta.mail();
    // The length counts the command byte.
    mta.send(&[0, 1, 0, 2, b'L']);
    mta.closed();
    assert_eq!(service.wait_for("message")["verdict"], "accept");
    assert_eq!(service.wait_for("message")["verdict"], "abort");
    assert_eq!(service.wait_for("protocol_error")["kind"], "frame_too_long");
    assert_eq!(service.metric("postseal_protocol_errors_total{kind=\"frame_too_long\"}"), 1.0);

    let mut mta = FakeMta::silent(&address);
    mta.send(&[0xff; 5]);
    mta.closed();
}

#[test]
fn header_size() {
    let mut service = with("header_size = \"64KiB\"");
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    let value = Bytes::from(vec![b'x'; 1000]);
    for _ in 0..65 {
        mta.tell(&Command::Header(HeaderField::new("X-Long", value.clone())));
    }
    assert_eq!(code(mta.finish("4Q1")), 552);
    let line = service.wait_for("message");
    assert_eq!(
        (&line["verdict"], &line["reasons"]),
        (&"reject".into(), &serde_json::json!(["pipeline.header_too_large"]))
    );
    mta.mail();
    assert_eq!(mta.finish("4Q2"), Verdict::Accept, "the next message on the connection");
}

#[test]
fn header_fields() {
    let service = with("header_fields = 10");
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    for _ in 0..8 {
        mta.tell(&Command::Header(HeaderField::new("X", " y")));
    }
    assert_eq!(mta.finish("4Q1"), Verdict::Accept, "ten in all");
    mta.mail();
    for _ in 0..9 {
        mta.tell(&Command::Header(HeaderField::new("X", " y")));
    }
    assert_eq!(code(mta.finish("4Q2")), 552);
}

#[test]
fn recipients() {
    let service = with("recipients = 2");
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    mta.another_recipient();
    assert_eq!(mta.finish("4Q1"), Verdict::Accept);
    mta.mail();
    mta.another_recipient();
    mta.another_recipient();
    assert_eq!(code(mta.finish("4Q2")), 452);
}

#[test]
fn envelope_size() {
    let mut service = with("envelope_size = \"300B\"");
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    for _ in 0..2 {
        mta.another_recipient();
    }
    assert_eq!(mta.finish("4Q1"), Verdict::Accept, "four paths");
    mta.mail();
    for _ in 0..3 {
        mta.say(&Command::Rcpt(Address {
            arguments: vec!["NOTIFY=NEVER".into()],
            ..Address::new("<carol@example.net>")
        }));
    }
    assert_eq!(code(mta.finish("4Q2")), 452);
    assert_eq!(service.wait_for("message")["verdict"], "accept");
    assert_eq!(service.wait_for("message")["reasons"], serde_json::json!(["pipeline.envelope_too_large"]));
}

#[test]
fn header_edits() {
    let mut service = Service::start(&format!("{ONE_LISTENER}[header_checks]\n[limits]\nheader_edits = 2\n"));
    let mut mta = FakeMta::connect(&service.address("submission"));
    for (fields, expected) in [(2, None), (3, Some(550))] {
        if expected.is_none() {
            mta.begin()
        } else {
            mta.mail()
        }
        for number in 0..fields {
            mta.tell(&Command::Header(HeaderField::new(format!("X-{number}"), " Grüße")));
        }
        let verdict = mta.finish("4Q1");
        assert_eq!((verdict != Verdict::Accept).then(|| code(verdict)), expected, "{fields}");
    }
    assert_eq!(service.wait_for("message")["verdict"], "accept");
    let line = service.wait_for("message");
    assert!(line["reasons"].as_array().unwrap().contains(&"header_checks.many_repairs".into()), "{line}");
}

#[test]
fn a_log_line_stays_short() {
    let more = "[header_checks]\n[limits]\nheader_edits = 20000\n[sender]\ndefault_domain = \"a.example\"\n\
                [[sender.owner]]\nuser = \"*\"\nmay_use = [\"*\"]\n";
    let mut service = Service::start(&format!("{ONE_LISTENER}{more}"));
    let mut mta = FakeMta::connect(&service.address("submission"));
    let login = MacroList { command: b'M', values: vec![("{auth_authen}".into(), "alice".into())] };
    mta.greet();
    mta.say(&Command::Macros(login.clone()));
    mta.mail();
    for number in 0..9900 {
        mta.tell(&Command::Header(HeaderField::new(format!("X-{}{number}", "a".repeat(60)), " Grüße")));
    }
    mta.finish("4Q1");
    let line = service.wait_for("message");
    assert!(line.to_string().len() < 8192, "{line}");
    let told = line["edits"].as_array().unwrap().len();
    assert!(told >= 5 && line["edits_more"].as_u64() >= Some(9900 - told as u64), "{line}");
    mta.say(&Command::Macros(login));
    mta.mail();
    let names = (0..900).map(|number| format!("user{number}")).collect::<Vec<_>>().join(", ");
    for _ in 0..31 {
        mta.tell(&Command::Header(HeaderField::new("Reply-To", format!(" {names}"))));
    }
    mta.finish("4Q2");
    let line = service.wait_for("message");
    assert!(line.to_string().len() < 8192, "{line}");
    assert!(!line["reasons"].as_array().unwrap().is_empty(), "{line}");
    assert_eq!(service.metric("postseal_log_dropped_total"), 0.0);
}

#[test]
fn idle_timeout() {
    let mut service = with("idle_timeout = \"1s\"");
    let address = service.address("submission");
    let mut said_nothing = FakeMta::silent(&address);
    let mut between_messages = FakeMta::connect(&address);
    between_messages.message("4Q1");
    let mut within_a_message = FakeMta::connect(&address);
    within_a_message.begin();
    said_nothing.closed();
    between_messages.closed();
    within_a_message.closed();
    service.wait_for_metric("postseal_protocol_errors_total{kind=\"idle_timeout\"}", 3.0);
    service.wait_for("message");
    assert_eq!(service.wait_for("message")["verdict"], "abort");
}

#[test]
fn frame_timeout() {
    let mut service = with("frame_timeout = \"1s\"");
    let address = service.address("submission");
    let mut idle = FakeMta::connect(&address);
    let mut mta = FakeMta::connect(&address);
    // Half a packet.
    mta.send(&[0, 0, 0, 10, b'H', b'x']);
    mta.closed();
    assert_eq!(service.wait_for("protocol_error")["kind"], "slow_packet");
    assert_eq!(idle.message("4Q1"), Verdict::Accept, "silence between packets is no slow packet");
}

/// Time has to pass here: more than the timeout in all, and an eighth of it between two packets.
#[test]
fn frame_timeout_is_for_each_packet() {
    let service = with("frame_timeout = \"2s\"");
    let mut mta = FakeMta::connect(&service.address("submission"));
    // Packets that overlap what is written: there is always half of one on its way. ABORT is legal any time.
    let (first, second) = ([0, 0, 0], [1, b'A']);
    mta.send(&first);
    for _ in 0..9 {
        std::thread::sleep(Duration::from_millis(250));
        mta.send(&[&second[..], &first[..]].concat());
    }
    mta.send(&second);
    assert_eq!(mta.message("4Q1"), Verdict::Accept);
}

#[test]
fn filter_timeout() {
    let limits = ConnectionBounds { filter_timeout: Duration::from_millis(50), ..LIMITS };
    let inside = Inside::start(Behaviour::HangAtMail, limits);
    let mut mta = FakeMta::connect(&inside.address);
    mta.greet();
    let verdict = mta.say(&Command::Mail(Address::new("<alice@example.com>"))).unwrap();
    assert_eq!(code(verdict), 451);
    inside.wait_for_metric("postseal_messages_total{listener=\"test\",verdict=\"tempfail\"}", 1.0);
    assert_eq!(
        inside
            .metric("postseal_filter_verdicts_total{filter=\"misbehaving\",reason=\"deadline\",verdict=\"tempfail\"}"),
        1.0
    );
}

#[test]
fn end_of_message_timeout() {
    let mut limits = ConnectionBounds { end_of_message_timeout: Duration::from_millis(150), ..LIMITS };
    limits.protocol.progress = Duration::from_millis(20);
    let inside = Inside::start(Behaviour::HangAtEnd, limits);
    let mut mta = FakeMta::connect(&inside.address);
    assert_eq!(code(mta.message("4Q1")), 451);
    assert!(mta.progress > 1, "the MTA was told that we are at work");
    inside.wait_for_metric("postseal_messages_total{listener=\"test\",verdict=\"tempfail\"}", 1.0);
}
