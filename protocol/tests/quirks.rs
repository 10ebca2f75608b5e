//! Quirks of MTAs: odd commands that they send, and answers that they punish. One test for each quirk that this crate
//! handles. A quirk has its own number in the whole project, so that its tests are found by name (`cargo test quirk_`);
//! some of this crate's tests stand beside the code.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use postseal_protocol::testing::mta::parse_action;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use postseal_protocol::testing::mta::OFFER;
use postseal_protocol::testing::{Dialogue, any_time};
use postseal_protocol::{
    Action, ActionFlags, Address, Command, Connect, EncodeError, Ended, Error, Event, HeaderField, MacroList,
    Modification, NegotiateError, Offer, ProtocolFlags, Reply, ReplyError, Session, SessionError, Tick, Verdict,
    Wanted, WireBounds, frame, negotiate,
};

fn open(protocol: ProtocolFlags) -> Dialogue {
    let wanted = Wanted { actions: ActionFlags::from_bits_retain(0xff), protocol, ..Wanted::default() };
    let mut dialogue = Dialogue::new(OFFER, wanted);
    dialogue.pass(&[Command::Connect(Connect::local()), Command::Helo("client".into())]).unwrap();
    dialogue
}

fn macros(command: u8, values: &[(&'static str, &'static str)]) -> Command {
    let values = values.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    Command::Macros(MacroList { command, values: values.collect() })
}

fn mail() -> Command {
    Command::Mail(Address::new("<a@example.com>"))
}

fn rcpt() -> Command {
    Command::Rcpt(Address::new("<b@example.org>"))
}

fn at_end_of_message(protocol: ProtocolFlags) -> Dialogue {
    let mut dialogue = open(protocol);
    dialogue.pass(&[mail(), rcpt()]).unwrap();
    let _ = dialogue.say(&Command::EndOfMessage(None)).unwrap();
    dialogue
}

#[test]
fn quirk_01_macros_are_never_answered_and_never_an_error() {
    let mut dialogue = open(ProtocolFlags::empty());
    dialogue.pass(&[mail()]).unwrap();
    for code in 0..=u8::MAX {
        for data in [&b""[..], b"i\x001\0", b"i\0", b"i", b"i\x001\0odd"] {
            let received = dialogue.say_raw(b'D', &[&[code], data].concat()).unwrap();
            assert_eq!((received.event, received.ended), (Event::Macros, None));
            assert!(!dialogue.session.reply_due());
        }
    }
    dialogue.pass(&[rcpt()]).unwrap();
}

#[test]
fn quirk_03_nothing_gets_from_one_message_to_the_next() {
    // With ABORT after each message as from Postfix, without as from Sendmail, and with a message that is cut off.
    for between in [vec![Command::Abort], vec![], vec![Command::Abort, Command::Abort]] {
        for finished in [true, false] {
            let mut dialogue = open(ProtocolFlags::empty());
            dialogue.pass(&[macros(b'M', &[("{auth_authen}", "alice"), ("i", "1")]), mail()]).unwrap();
            dialogue.pass(&[macros(b'R', &[("{rcpt_addr}", "b")]), rcpt()]).unwrap();
            if finished {
                dialogue.pass(&[Command::EndOfMessage(None)]).unwrap();
            }
            dialogue.pass(&between).unwrap();
            dialogue.pass(&[macros(b'M', &[])]).unwrap();
            let received = dialogue.say(&mail()).unwrap();
            let cut_off = !finished && between.is_empty();
            assert_eq!(received.ended, cut_off.then_some(Ended::Message));
            for name in ["{auth_authen}", "{rcpt_addr}", "i"] {
                assert_eq!(dialogue.session.macros().get(name), None, "{name}");
            }
        }
    }
}

#[test]
fn quirk_04_abort_keeps_what_connect_and_helo_brought() {
    let mut dialogue = open(ProtocolFlags::empty());
    dialogue.pass(&[mail()]).unwrap();
    dialogue.pass(&[macros(b'H', &[("{tls_version}", "TLSv1.3")])]).unwrap();
    let helo = dialogue.say(&Command::Helo("again".into())).unwrap();
    assert_eq!(helo.ended, Some(Ended::Message));
    dialogue.reply(Verdict::Continue).unwrap();
    let abort = dialogue.say(&Command::Abort).unwrap();
    assert_eq!(abort.ended, None);
    let version = dialogue.session.macros().get("{tls_version}");
    assert_eq!(version.map(Bytes::as_ref), Some(&b"TLSv1.3"[..]));
}

#[test]
fn quirk_05_there_is_no_second_reply() {
    let mut dialogue = open(ProtocolFlags::empty());
    let _ = dialogue.say(&mail()).unwrap();
    let reply = Reply::new(451, (4, 7, 1), "later").unwrap();
    dialogue.reply(Verdict::Reply(reply)).unwrap();
    let second = dialogue.reply(Verdict::Reject);
    assert!(matches!(second, Err(SessionError::NoReplyDue { action: "reject", .. })));
}

#[test]
fn quirk_05_pipelined_commands_get_one_reply_each() {
    let now = any_time();
    let wanted = Wanted { protocol: ProtocolFlags::NO_REPLY_RCPT, ..Wanted::default() };
    let mut session = Session::new(wanted, WireBounds::default(), now);
    let mut input = BytesMut::new();
    let mut out = BytesMut::new();
    frame::put(b'O', b"\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff", &mut input);
    for (code, data) in
        [(b'C', &b"localhost\0U"[..]), (b'M', b"<a@b>\0"), (b'R', b"<c@d>\0"), (b'R', b"<e@f>\0"), (b'T', b"")]
    {
        frame::put(b'D', &[code], &mut input);
        frame::put(code, data, &mut input);
    }
    while let Some(received) = session.receive(&mut input, now).unwrap() {
        if received.event == Event::Negotiate {
            session.accept_offer(now, &mut out).unwrap();
        } else if session.reply_due() {
            session.send(Action::Verdict(Verdict::Continue), now, &mut out).unwrap();
        }
    }
    let mut replies = Vec::new();
    while let Some(frame) = frame::cut(&mut out, 100).unwrap() {
        replies.push(frame.code);
    }
    assert_eq!(replies, b"Occc");
}

#[test]
fn quirk_06_a_reply_that_sendmail_leaves_as_it_is() {
    let reply = Reply::new(451, (4, 7, 1), "100% full, try %s later").unwrap();
    let mut dialogue = open(ProtocolFlags::empty());
    let _ = dialogue.say(&mail()).unwrap();
    let verdict = Verdict::Reply(reply);
    let heard = dialogue.reply(verdict.clone()).unwrap();
    assert_eq!(heard, [Action::Verdict(verdict)]);
    for text in ["ümlaut", "two\r\nlines", "nul\0", "tab\t"] {
        assert_eq!(Reply::new(451, (4, 7, 1), text), Err(ReplyError::Text(1)), "{text:?}");
    }
    let mixed = Reply::new(451, (5, 7, 1), "x");
    assert!(matches!(mixed, Err(ReplyError::EnhancedClass { .. })));
}

#[test]
fn quirk_07_only_4xx_and_5xx() {
    for code in [0, 200, 250, 354, 399, 600, 4510] {
        let class = u8::try_from(code / 100).unwrap();
        assert_eq!(Reply::new(code, (class, 0, 0), "x"), Err(ReplyError::Code(code)));
    }
}

#[test]
fn quirk_10_leading_space_is_negotiated_where_it_is_offered() {
    let wanted = || Wanted { protocol: ProtocolFlags::LEADING_SPACE, ..Wanted::default() };
    assert_eq!(negotiate(&OFFER, &wanted()).unwrap().protocol, ProtocolFlags::LEADING_SPACE);
    let old = Offer { protocol: ProtocolFlags::from_bits_retain(0x7f), ..OFFER };
    assert_eq!(negotiate(&old, &wanted()).unwrap().protocol, ProtocolFlags::empty());
}

#[test]
fn quirk_12_occurrence_0_is_refused() {
    let mut dialogue = at_end_of_message(ProtocolFlags::empty());
    let edit = |occurrence| Modification::ChangeHeader { occurrence, field: HeaderField::new("A", " b") };
    assert_eq!(dialogue.edit(edit(0)), Err(SessionError::Encode(EncodeError::Occurrence)));
    dialogue.edit(edit(1)).unwrap();
}

#[test]
fn quirk_18_paths_of_local_mail() {
    for null in ["", "<>", " <> "] {
        assert!(Address::new(null).is_null(), "{null:?}");
    }
    for path in ["a@example.com", "<a@example.com>"] {
        let address = Address::new(path);
        assert_eq!((address.mailbox(), address.is_null()), (&b"a@example.com"[..], false));
    }
    let mut dialogue = open(ProtocolFlags::empty());
    let received = dialogue.say_raw(b'M', b"\0").unwrap();
    assert_eq!(received.event, Event::Mail(Address::new("")));
}

#[test]
fn quirk_20_macros_are_asked_for() {
    let wanted = Wanted {
        macros: vec![(postseal_protocol::Stage::Mail, vec!["{auth_type}".to_owned(), "i".to_owned()])],
        ..Wanted::default()
    };
    let dialogue = Dialogue::new(OFFER, wanted);
    let asked = dialogue.mta.macros_wanted(postseal_protocol::Stage::Mail);
    assert_eq!(asked.map(Bytes::as_ref), Some(&b"{auth_type} i"[..]));
    let agreed = dialogue.mta.negotiated().unwrap().actions;
    assert!(agreed.contains(ActionFlags::SET_MACRO_LIST));
}

#[test]
fn quirk_22_the_queue_id_comes_when_it_comes() {
    let id = |dialogue: &Dialogue| dialogue.session.macros().get("i").cloned();
    // Postfix: with the second recipient. Sendmail: with MAIL, and not again.
    let mut postfix = open(ProtocolFlags::empty());
    postfix.pass(&[macros(b'M', &[]), mail(), macros(b'R', &[]), rcpt()]).unwrap();
    assert_eq!(id(&postfix), None);
    postfix.pass(&[macros(b'R', &[("i", "4fW")]), rcpt(), macros(b'E', &[("i", "4fW")])]).unwrap();
    assert_eq!(id(&postfix), Some("4fW".into()));
    let mut sendmail = open(ProtocolFlags::empty());
    sendmail.pass(&[macros(b'M', &[("i", "2AB")]), mail(), macros(b'R', &[]), rcpt()]).unwrap();
    let _ = sendmail.say(&Command::EndOfMessage(None)).unwrap();
    assert_eq!(id(&sendmail), Some("2AB".into()));
}

#[test]
fn quirk_23_skip_answers_nothing_but_the_body() {
    let mut dialogue = open(ProtocolFlags::SKIP);
    for command in [mail(), rcpt(), Command::Data, Command::Header(HeaderField::new("A", " b"))] {
        let _ = dialogue.say(&command).unwrap();
        let refused = SessionError::NotAllowed { action: "skip", command: command.kind() };
        assert_eq!(dialogue.send(Action::Skip), Err(refused));
        dialogue.reply(Verdict::Continue).unwrap();
    }
    let _ = dialogue.say(&Command::BodyChunk("text".into())).unwrap();
    dialogue.send(Action::Skip).unwrap();
    let said = dialogue.mta.say(&Command::BodyChunk("more".into()), &mut BytesMut::new());
    assert_eq!(said, Ok(false));
    let _ = dialogue.say(&Command::EndOfMessage(None)).unwrap();
}

#[test]
fn quirk_25_shutdown_and_connection_failure_do_not_exist() {
    for code in [b'4', b'f'] {
        let packet = frame::Frame { code, data: Bytes::new() };
        assert!(parse_action(&packet).is_err());
    }
}

#[test]
fn quirk_26_progress_at_end_of_message_only() {
    let mut dialogue = at_end_of_message(ProtocolFlags::empty());
    assert_eq!(dialogue.wait(Duration::from_secs(5)), Tick::Progress);
    dialogue.send(Action::Progress).unwrap();
    dialogue.reply(Verdict::Accept).unwrap();
    let _ = dialogue.say(&mail()).unwrap();
    assert!(matches!(dialogue.send(Action::Progress), Err(SessionError::NotAllowed { .. })));
}

#[test]
fn quirk_27_a_dead_peer_is_noticed() {
    let mut dialogue = open(ProtocolFlags::empty());
    dialogue.pass(&[mail()]).unwrap();
    assert_eq!(dialogue.wait(Duration::from_secs(7_209)), Tick::Waiting);
    assert_eq!(dialogue.wait(Duration::from_secs(1)), Tick::Idle);
    assert_eq!(dialogue.session.end_of_input(), Some(Ended::Connection));
    assert_eq!(dialogue.session.end_of_input(), None);
}

#[test]
fn quirk_28_the_body_comes_last_and_in_one_run() {
    let mut dialogue = at_end_of_message(ProtocolFlags::empty());
    let header = || Modification::AddHeader(HeaderField::new("A", " b"));
    let body = Modification::ReplaceBody(Bytes::from(vec![b'x'; 100_000]));
    dialogue.edit(header()).unwrap();
    assert_eq!(dialogue.edit(body).unwrap().len(), 2);
    let refused = SessionError::BehindBody { action: "add header" };
    assert_eq!(dialogue.edit(header()), Err(refused));
    dialogue.edit(Modification::ReplaceBody("end\r\n".into())).unwrap();
    dialogue.reply(Verdict::Accept).unwrap();
}

#[test]
fn quirk_29_offers_of_older_and_newer_mtas() {
    let wanted = || Wanted {
        actions: ActionFlags::ADD_HEADERS,
        protocol: ProtocolFlags::from_bits_retain(0x1f_ffff),
        ..Wanted::default()
    };
    for (version, protocol) in [(2, 0x7f), (3, 0x17f), (4, 0x37f), (6, 0x1f_ffff), (7, 0xffff_ffff)] {
        let offer = Offer { version, protocol: ProtocolFlags::from_bits_retain(protocol), ..OFFER };
        let dialogue = Dialogue::new(offer, wanted());
        let answer = dialogue.mta.negotiated().unwrap();
        assert_eq!((answer.version, answer.protocol.bits()), (version.min(6), protocol & 0x1f_ffff));
    }
    let poor = Offer { actions: ActionFlags::CHANGE_BODY, ..OFFER };
    let mut dialogue = Dialogue::unopened(poor, wanted(), WireBounds::default());
    let refused = dialogue.say(&Command::Negotiate(poor)).unwrap_err();
    assert_eq!(refused, Error::Negotiate(NegotiateError::Actions(ActionFlags::ADD_HEADERS)));
}

#[test]
fn quirk_30_odd_payloads() {
    for (code, data) in [
        (b'C', &b"localhost"[..]),
        (b'C', b"localhost\x004\0"),
        (b'H', b"client"),
        (b'M', b"<a@b>"),
        (b'L', b"Subject\0no end"),
        (b'L', b"Subject"),
        (b'R', b""),
    ] {
        let mut dialogue = open(ProtocolFlags::empty());
        if code != b'M' {
            dialogue.pass(&[mail()]).unwrap();
        }
        let error = dialogue.say_raw(code, data).unwrap_err();
        assert_eq!(error.kind(), "malformed_packet", "{:?}", data.escape_ascii().to_string());
    }
    let mut dialogue = open(ProtocolFlags::empty());
    dialogue.pass(&[mail(), rcpt()]).unwrap();
    for chunk in [&b"ends in CR\r"[..], b"\nstarts with LF", b"", b"\0"] {
        let received = dialogue.say(&Command::BodyChunk(Bytes::copy_from_slice(chunk))).unwrap();
        assert_eq!(received.event, Event::BodyChunk(Bytes::copy_from_slice(chunk)));
        dialogue.reply(Verdict::Continue).unwrap();
    }
    let received = dialogue.say_raw(b'E', b"the last of it\r\n").unwrap();
    assert_eq!(received.event, Event::EndOfMessage(Some("the last of it\r\n".into())));
}

#[test]
fn quirk_30_what_is_too_large_is_not_sent() {
    let mut dialogue = at_end_of_message(ProtocolFlags::LEADING_SPACE);
    let field = HeaderField::new("A", vec![b'x'; 65_536]);
    let refused = dialogue.edit(Modification::AddHeader(field));
    assert!(matches!(refused, Err(SessionError::Encode(EncodeError::TooLong { .. }))));
    let nul = Modification::Quarantine("a\0b".into());
    assert!(matches!(dialogue.edit(nul), Err(SessionError::Encode(EncodeError::Octet { .. }))));
    dialogue.reply(Verdict::TempFail).unwrap();
}
