//! The memory that a message takes: in proportion to its octets, however an MTA cuts them into packets.

mod support;

use std::fs;

use bytes::{Bytes, BytesMut};
use postseal_protocol::frame::put;
use postseal_protocol::testing::mta::OFFER;
use postseal_protocol::{Address, Command, HeaderField, Offer, ProtocolFlags, Verdict};
use support::mta::FakeMta;
use support::{ONE_LISTENER, Service};

const MIB: u64 = 1 << 20;

/// The most memory that the service has ever had in use, in octets.
#[expect(clippy::unwrap_used, reason = "a test may panic")]
fn memory(service: &Service) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", service.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}

/// An MTA that waits for an answer to each packet, so that each is read alone.
fn one_by_one(service: &Service) -> FakeMta {
    let answers = ProtocolFlags::NO_REPLY_HEADER
        | ProtocolFlags::NO_REPLY_RCPT
        | ProtocolFlags::NO_REPLY_MAIL
        | ProtocolFlags::NO_REPLY_DATA
        | ProtocolFlags::NO_REPLY_BODY;
    let offer = Offer { protocol: OFFER.protocol.difference(answers), ..OFFER };
    let mut mta = FakeMta::connect_with(&service.address("submission"), offer);
    mta.greet();
    mta
}

fn with_checks() -> Service {
    let service = Service::start(&format!("{ONE_LISTENER}[header_checks]\nlong_body_line = \"fix\"\n"));
    assert_eq!(FakeMta::connect(&service.address("submission")).message("4Q1"), Verdict::Accept);
    service
}

/// Says something, and returns how many octets of memory that took.
fn grown(service: &Service, say: impl FnOnce()) -> u64 {
    let before = memory(service);
    say();
    let grown = memory(service).saturating_sub(before);
    eprintln!("{:.1} MiB", grown as f64 / MIB as f64);
    grown
}

#[test]
fn fields_that_come_one_by_one() {
    let service = with_checks();
    let mut mta = one_by_one(&service);
    mta.mail();
    let grown = grown(&service, || {
        for _ in 0..9_900 {
            mta.say(&Command::Header(HeaderField::new("X", " y")));
        }
    });
    assert!(grown < 8 * MIB, "{grown}");
}

#[test]
fn a_body_in_pieces_of_three_octets() {
    let service = with_checks();
    let mut mta = one_by_one(&service);
    mta.mail();
    mta.say(&Command::Header(HeaderField::new("From", " alice@example.com")));
    mta.say(&Command::EndOfHeaders);
    let grown = grown(&service, || {
        for _ in 0..20_000 {
            mta.say(&Command::BodyChunk(Bytes::from_static(b"abc")));
        }
    });
    assert!(grown < 2 * MIB, "{grown}");
}

#[test]
fn empty_pieces_of_a_body() {
    let service = with_checks();
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    mta.say(&Command::Header(HeaderField::new("From", " alice@example.com")));
    mta.say(&Command::EndOfHeaders);
    let pieces = [0, 0, 0, 1, b'B'].repeat(200_000);
    let grown = grown(&service, || {
        for _ in 0..20 {
            mta.send(&pieces);
        }
        mta.say(&Command::EndOfMessage(None));
    });
    assert!(grown < 4 * MIB, "{grown}");
}

#[test]
fn recipients_of_a_mebibyte() {
    let service = with_checks();
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.begin();
    let path = format!("<{}@example.net>\0", "x".repeat((1 << 20) - 100));
    let mut packet = BytesMut::new();
    put(b'R', path.as_bytes(), &mut packet);
    let mut verdict = None;
    let grown = grown(&service, || {
        for _ in 0..60 {
            mta.send(&packet);
        }
        verdict = Some(mta.finish("4Q2"));
    });
    assert!(grown < 16 * MIB, "{grown}");
    assert!(format!("{verdict:?}").contains("452"), "{verdict:?}");
}

#[test]
fn recipients_with_a_thousand_arguments() {
    let service = with_checks();
    let mut mta = one_by_one(&service);
    mta.mail();
    let recipient = Address { arguments: vec![Bytes::from_static(b"x"); 1_000], ..Address::new("<bob@example.net>") };
    let grown = grown(&service, || {
        for _ in 0..9_000 {
            mta.say(&Command::Rcpt(recipient.clone()));
        }
    });
    assert!(grown < 16 * MIB, "{grown}");
    assert!(format!("{:?}", mta.finish("4Q2")).contains("452"));
}
