mod directions;
mod scripted;

use std::sync::Arc;

use postseal_protocol::{ActionFlags, Address, ProtocolFlags, Reply, Stage, Verdict};

use super::{OnError, Pipeline, PipelineEntry};
use crate::filter::{BodyNeed, Context, Filter, FilterError, FilterSession, Flow, Needs, Steps};
use crate::message::{Message, MessageEnd};
use crate::testing::{TestClock, Transaction, settings};
use scripted::{Log, Scripted};

fn refusal() -> Verdict {
    Verdict::Reply(Reply::new(550, (5, 7, 1), "no").unwrap())
}

fn pipeline(filters: Vec<Scripted>, on_error: OnError) -> Arc<Pipeline> {
    let entries = filters.into_iter().map(|filter| PipelineEntry { filter: filter.boxed(), on_error }).collect();
    Arc::new(Pipeline::new(settings(TestClock::at(0)), entries))
}

fn lines(log: &Log) -> Vec<String> {
    std::mem::take(&mut log.lock().unwrap())
}

fn code(verdict: &Verdict) -> u16 {
    match verdict {
        Verdict::Reply(reply) => reply.code(),
        other => panic!("{other:?} is no reply of ours"),
    }
}

#[test]
fn what_nobody_looks_at_is_switched_off_and_what_nobody_answers_is_waived() {
    let wanted = pipeline(vec![Scripted::sees(Steps::empty())], OnError::Tempfail).wanted();
    let expected = ProtocolFlags::LEADING_SPACE
        | ProtocolFlags::SKIP
        | ProtocolFlags::NO_HELO
        | ProtocolFlags::NO_DATA
        | ProtocolFlags::NO_UNKNOWN
        | ProtocolFlags::NO_BODY
        | ProtocolFlags::NO_END_OF_HEADERS
        | ProtocolFlags::NO_REPLY_CONNECT
        | ProtocolFlags::NO_REPLY_HELO
        | ProtocolFlags::NO_REPLY_MAIL
        | ProtocolFlags::NO_REPLY_RCPT
        | ProtocolFlags::NO_REPLY_DATA
        | ProtocolFlags::NO_REPLY_HEADER
        | ProtocolFlags::NO_REPLY_END_OF_HEADERS
        | ProtocolFlags::NO_REPLY_BODY;
    assert_eq!(wanted.protocol, expected);
    assert_eq!(wanted.actions, ActionFlags::SET_MACRO_LIST);
    assert_eq!(wanted.required, ProtocolFlags::empty());

    let mut limits = Scripted::sees(Steps::MAIL | Steps::REJECTED_RCPT).answers(Steps::MAIL);
    limits.needs.edits = ActionFlags::QUARANTINE;
    limits.needs.macros = vec![(Stage::Rcpt, "{rcpt_addr}".to_owned())];
    let signer = Scripted::sees(Steps::END_OF_HEADERS).body(BodyNeed::Stream);
    let wanted = pipeline(vec![limits, signer], OnError::Tempfail).wanted();
    assert!(
        !wanted
            .protocol
            .intersects(ProtocolFlags::NO_REPLY_MAIL | ProtocolFlags::NO_BODY | ProtocolFlags::NO_END_OF_HEADERS)
    );
    assert!(wanted.protocol.contains(ProtocolFlags::NO_REPLY_RCPT | ProtocolFlags::REJECTED_RECIPIENTS));
    assert_eq!(wanted.required, ProtocolFlags::REJECTED_RECIPIENTS);
    assert!(wanted.actions.contains(ActionFlags::QUARANTINE));
    let rcpt = wanted.macros.iter().find(|(stage, _)| *stage == Stage::Rcpt).unwrap();
    assert!(rcpt.1.contains(&"{rcpt_addr}".to_owned()));
    let own: Vec<_> = wanted.macros.iter().map(|(stage, _)| *stage).collect();
    let all_but_helo: Vec<_> = Stage::ALL.into_iter().filter(|stage| *stage != Stage::Helo).collect();
    assert_eq!(own, all_but_helo, "own lists for every stage at which something is read");
}

#[test]
fn accept_of_one_filter_does_not_skip_the_next() {
    let log = Log::default();
    let first = Scripted::sees(Steps::MAIL).at(Steps::MAIL, Ok(Verdict::Accept));
    let signer = Scripted::sees(Steps::HEADER).log(&log);
    let end = Transaction::with(pipeline(vec![first, signer], OnError::Tempfail))
        .mail("<a@b>")
        .header("From", " a@b")
        .body("x")
        .end();
    assert!(end.accepted());
    assert_eq!(lines(&log), ["header From", "end streamed", "finish Accept", "reset"]);
}

#[test]
fn a_refusal_that_can_be_said_ends_the_message_there() {
    let log = Log::default();
    let no = Scripted::sees(Steps::empty()).at(Steps::MAIL, Ok(refusal())).answers(Steps::MAIL).log(&log);
    let end = Transaction::with(pipeline(vec![no], OnError::Tempfail)).mail("<a@b>").end();
    assert_eq!(end.verdict, refusal());
    assert_eq!(end.record.end, MessageEnd::Reject);
    assert_eq!(end.record.reply.unwrap().code(), 550);
    assert_eq!(lines(&log), ["finish Reject", "reset"]);
}

#[test]
fn a_refusal_that_was_waived_is_held_until_end_of_message() {
    for step in [Steps::CONNECT, Steps::MAIL, Steps::HEADER, Steps::END_OF_HEADERS] {
        let log = Log::default();
        let no = Scripted::sees(Steps::empty()).at(step, Ok(refusal())).log(&log);
        let mut transaction = Transaction::with(pipeline(vec![no], OnError::Tempfail));
        for _ in 0..2 {
            transaction = transaction.mail("<a@b>").header("From", " a@b").body("x");
            let end = transaction.end_and_go_on();
            assert_eq!(end.verdict, refusal(), "{step:?}");
            assert_eq!(end.record.end, MessageEnd::Reject);
            assert!(!lines(&log).iter().any(|line| line.starts_with("end ")), "{step:?}");
        }
    }
}

#[test]
fn a_recipient_that_is_refused_is_gone_for_the_next_filter_and_the_envelope() {
    let log = Log::default();
    let no = Scripted::sees(Steps::empty()).at(Steps::RCPT, Ok(refusal())).answers(Steps::RCPT);
    let next = Scripted::sees(Steps::RCPT).log(&log);
    let mut transaction = Transaction::with(pipeline(vec![no, next], OnError::Tempfail)).mail("<a@b>");
    assert_eq!(transaction.rcpt_verdict("<bad@x>"), refusal());
    assert_eq!(transaction.rcpt_verdict("<good@x>"), Verdict::Continue);
    let end = transaction.body("x").end();
    assert!(end.accepted());
    assert_eq!(end.record.rcpt_count, 1);
    assert_eq!(lines(&log), ["rcpt good@x", "end streamed", "finish Accept", "reset"]);
}

#[test]
fn a_message_of_which_every_recipient_is_refused_is_refused() {
    let no = Scripted::sees(Steps::empty()).at(Steps::RCPT, Ok(refusal())).answers(Steps::RCPT);
    let mut session = pipeline(vec![no], OnError::Tempfail).start();
    let macros = postseal_protocol::MacroTable::default();
    for (recipients, summary) in [
        (&["<bad@x>", "<bad@y>"][..], MessageEnd::Reject),
        (&["<bad@x>", "<good@x>"], MessageEnd::Abort),
        (&[], MessageEnd::Abort),
    ] {
        pollster::block_on(session.mail(Address::new("<a@b>"), &macros));
        for recipient in recipients {
            pollster::block_on(session.rcpt(Address::new(*recipient), &macros));
        }
        pollster::block_on(session.abort(&macros));
        assert_eq!(session.take_record().unwrap().end, summary, "{recipients:?}");
    }
}

#[test]
fn a_failing_filter_is_a_temporary_failure_unless_configured_otherwise() {
    for (on_error, summary) in [
        (OnError::Tempfail, MessageEnd::Tempfail),
        (OnError::Reject, MessageEnd::Reject),
        (OnError::Pass, MessageEnd::Accept),
    ] {
        for step in [Steps::MAIL, Steps::HEADER, Steps::BODY, Steps::END_OF_HEADERS] {
            let broken =
                Scripted::sees(Steps::empty()).body(BodyNeed::Stream).at(step, Err(())).end(Ok(Verdict::Continue));
            let end = Transaction::with(pipeline(vec![broken], on_error))
                .mail("<a@b>")
                .header("From", " a@b")
                .body("x")
                .end();
            assert_eq!(end.record.end, summary, "{step:?}");
            assert_eq!(end.record.report.failures.len(), 1, "{step:?}");
            assert_eq!(end.record.report.failures[0].code, "broken");
        }
        let broken = Scripted::sees(Steps::empty()).end(Err(()));
        let end = Transaction::with(pipeline(vec![broken], on_error)).mail("<a@b>").body("x").end();
        assert_eq!(end.record.end, summary);
    }
}

#[test]
fn a_filter_that_hangs_is_a_temporary_failure_and_named() {
    let mut hangs = Scripted::sees(Steps::empty());
    hangs.hangs = true;
    let pipeline = pipeline(vec![hangs], OnError::Pass);
    let mut session = pipeline.start();
    let macros = postseal_protocol::MacroTable::default();
    pollster::block_on(session.mail(Address::new("<a@b>"), &macros));
    {
        let mut work = std::pin::pin!(session.end_of_message(&macros));
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(work.as_mut().poll(&mut cx).is_pending());
    }
    assert_eq!(code(&session.overrun(&macros)), 451);
    let record = session.take_record().unwrap();
    assert_eq!(record.end, MessageEnd::Tempfail);
    assert_eq!((record.report.failures[0].filter, record.report.failures[0].code), ("scripted", "deadline"));
    assert!(!session.in_message());
}

#[test]
fn an_edit_that_was_not_declared_is_a_temporary_failure() {
    let mut replaces = Scripted::sees(Steps::empty());
    replaces.body = Some("new\r\n");
    let end = Transaction::with(pipeline(vec![replaces], OnError::Tempfail)).mail("<a@b>").body("x").end();
    assert_eq!(code(&end.verdict), 451);
    assert_eq!(end.modifications, []);
    assert_eq!(end.record.report.failures[0].code, "edit_refused");
}

#[test]
fn nothing_is_edited_when_the_message_is_refused() {
    let mut replaces = Scripted::sees(Steps::empty()).body(BodyNeed::Buffer { max_octets: 100 });
    replaces.needs.edits = ActionFlags::CHANGE_BODY;
    replaces.body = Some("new\r\n");
    let no = Scripted::sees(Steps::empty()).end(Ok(refusal()));
    let end = Transaction::with(pipeline(vec![replaces, no], OnError::Tempfail)).mail("<a@b>").body("x").end();
    assert_eq!(end.modifications, []);
    assert_eq!(end.record.edits, []);
}

#[test]
fn a_later_streaming_filter_sees_the_replaced_body() {
    let (before, after) = (Log::default(), Log::default());
    let above = Scripted::sees(Steps::empty()).body(BodyNeed::Stream).log(&before);
    let mut replaces = Scripted::sees(Steps::empty()).body(BodyNeed::Buffer { max_octets: 100 });
    replaces.needs.edits = ActionFlags::CHANGE_BODY;
    replaces.body = Some("new\r\n");
    let below = Scripted::sees(Steps::empty()).body(BodyNeed::Stream).log(&after);
    let end = Transaction::with(pipeline(vec![above, replaces, below], OnError::Tempfail))
        .mail("<a@b>")
        .body_pieces([&b"ol"[..], b"d\r\n"])
        .end();
    assert!(end.accepted());
    assert_eq!(end.modifications.len(), 1);
    assert_eq!(lines(&before)[..2], ["body ol", "body d\r\n"]);
    assert_eq!(lines(&after)[..2], ["body new\r\n", "end new\r\n"]);
}

#[test]
fn a_body_over_the_limit_is_streamed_after_all() {
    let (large, below) = (Log::default(), Log::default());
    let buffers = Scripted::sees(Steps::empty()).body(BodyNeed::Buffer { max_octets: 4 }).log(&large);
    let streams = Scripted::sees(Steps::empty()).body(BodyNeed::Stream).log(&below);
    let end = Transaction::with(pipeline(vec![buffers, streams], OnError::Tempfail))
        .mail("<a@b>")
        .body_pieces([&b"123"[..], b"45", b"6"])
        .end();
    assert!(end.accepted());
    assert_eq!(lines(&large)[..3], ["body 12345", "body 6", "end too large"]);
    assert_eq!(lines(&below)[..2], ["body 12345", "body 6"], "the pieces that were kept come as one");
}

#[test]
fn enough_of_the_body_is_enough_when_all_say_so() {
    let mut short = Scripted::sees(Steps::empty()).body(BodyNeed::Stream);
    short.enough_after = 1;
    let mut long = short.clone();
    long.enough_after = 2;
    let pipeline = pipeline(vec![short, long], OnError::Tempfail);
    let mut session = pipeline.start();
    let macros = postseal_protocol::MacroTable::default();
    pollster::block_on(session.mail(Address::new("<a@b>"), &macros));
    assert_eq!(session.body_chunk("1".into(), &macros), Flow::More);
    assert_eq!(session.body_chunk("2".into(), &macros), Flow::Enough);
}

#[test]
fn quirk_03_nothing_of_a_message_is_left_for_the_next() {
    let log = Log::default();
    let filter = Scripted::sees(Steps::HEADER).log(&log);
    let mut transaction = Transaction::with(pipeline(vec![filter], OnError::Tempfail))
        .mail("<first@b>")
        .rcpt("<x@y>")
        .header("Message-ID", " <1@b>")
        .body("x");
    assert_eq!(transaction.end_and_go_on().record.message_id.as_deref(), Some(&b"<1@b>"[..]));
    transaction = transaction.mail("<second@b>").body("x");
    let end = transaction.end_and_go_on();
    assert_eq!((end.record.message_id, end.record.rcpt_count), (None, 0));
    assert_eq!(end.record.mail_from, "second@b");
    assert_eq!(end.record.report.reasons.len(), 1);
}

#[test]
fn an_abort_is_told_to_the_filters_and_recorded() {
    let log = Log::default();
    let pipeline = pipeline(vec![Scripted::sees(Steps::MAIL).log(&log)], OnError::Tempfail);
    let mut session = pipeline.start();
    let macros = postseal_protocol::MacroTable::default();
    pollster::block_on(session.mail(Address::new("<a@b>"), &macros));
    pollster::block_on(session.abort(&macros));
    assert_eq!(session.take_record().unwrap().end, MessageEnd::Abort);
    pollster::block_on(session.abort(&macros));
    assert!(session.take_record().is_none(), "quirk 3: every further ABORT does nothing");
    assert_eq!(lines(&log), ["finish Abort", "reset"]);
}

#[test]
fn a_header_section_over_its_limits_is_refused_for_good() {
    let mut settings = settings(TestClock::at(0));
    settings.bounds.header_fields = 3;
    settings.bounds.header_octets = 100;
    let pipeline = Arc::new(Pipeline::new(settings, Vec::new()));
    let many = (0..4).fold(Transaction::with(Arc::clone(&pipeline)).mail("<a@b>"), |t, _| t.header("X", " y"));
    let long = Transaction::with(pipeline).mail("<a@b>").header("X", "y".repeat(100));
    for transaction in [many, long] {
        let end = transaction.body("x").end();
        assert_eq!(code(&end.verdict), 552);
        assert_eq!(end.record.report.failures[0].code, "header_too_large");
    }
}

#[test]
fn too_many_recipients_are_refused_for_now() {
    let mut settings = settings(TestClock::at(0));
    settings.bounds.recipients = 2;
    let pipeline = Arc::new(Pipeline::new(settings, Vec::new()));
    let many = (0..50).fold(Transaction::with(pipeline).mail("<a@b>"), |t, n| t.rcpt(&format!("<{n}@x>")));
    let end = many.body("x").end();
    assert_eq!(code(&end.verdict), 452);
    assert_eq!((end.record.rcpt_count, end.record.report.failures.len()), (2, 1), "nothing beyond is kept");
}

#[test]
fn an_envelope_over_its_bound_is_refused_for_now() {
    let mut settings = settings(TestClock::at(0));
    settings.bounds.envelope_octets = 200;
    let pipeline = Arc::new(Pipeline::new(settings, Vec::new()));
    let send = |sender: &str, recipients: usize| {
        let transaction = Transaction::with(Arc::clone(&pipeline)).mail_with_arguments(sender);
        (0..recipients).fold(transaction, |t, n| t.rcpt(&format!("<{n}@x>"))).body("x").end()
    };
    assert!(send("<a@b>", 4).accepted());
    for (sender, recipients, kept) in [("<a@b>", 50, 4), ("<a@b> A=1 B=2 C=3 D=4", 1, 0), ("<a@b> X=@", 1, 0)] {
        let end = send(&sender.replace('@', &"@".repeat(if kept == 0 { 150 } else { 1 })), recipients);
        assert_eq!((code(&end.verdict), end.record.rcpt_count), (452, kept), "{sender}");
        assert_eq!(end.record.report.failures.len(), 1);
        assert_eq!(end.record.report.failures[0].code, "envelope_too_large");
    }
}

/// A filter that changes the first fields of each message, and adds others.
struct Editor(usize);

#[async_trait::async_trait]
impl FilterSession for Editor {
    async fn end_of_message(&mut self, _: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let ids: Vec<_> = message.fields.iter().map(|(id, _)| id).take(self.0).collect();
        for (at, id) in ids.into_iter().enumerate() {
            if at % 2 == 0 { message.fields.replace(id, " new") } else { message.fields.delete(id) }
        }
        for _ in 0..200 {
            message.fields.append(postseal_protocol::HeaderField::new("X-New", " x"));
        }
        Ok(Verdict::Continue)
    }

    fn reset(&mut self) {}
}

impl Filter for Editor {
    fn name(&self) -> &'static str {
        "editor"
    }

    fn needs(&self) -> Needs {
        Needs { edits: ActionFlags::ADD_HEADERS | ActionFlags::CHANGE_HEADERS, ..Needs::default() }
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(Self(self.0))
    }
}

#[test]
fn more_changed_fields_than_the_bound_are_refused_on_every_role() {
    for role in [crate::Role::Submission, crate::Role::Local, crate::Role::Reinject] {
        for (first, second, accepted) in [(100, 0, true), (60, 70, true), (101, 0, false), (60, 71, false)] {
            let mut settings = settings(TestClock::at(0));
            settings.role = role;
            let entry = |changes| PipelineEntry { filter: Arc::new(Editor(changes)), on_error: OnError::Tempfail };
            let pipeline = Arc::new(Pipeline::new(settings, vec![entry(first), entry(second)]));
            let transaction = Transaction::with(pipeline).user("alice").mail("<a@b>").rcpt("<c@d>");
            let end = (0..300).fold(transaction, |t, n| t.header(&format!("X-{n}"), " y")).body("x").end();
            assert_eq!(end.accepted(), accepted, "{first} {second}");
            if !accepted {
                assert_eq!((code(&end.verdict), end.modifications.len()), (552, 0));
                assert_eq!(end.record.report.failures[0].code, "too_many_edits");
            }
        }
    }
}
