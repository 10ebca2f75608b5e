use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::Duration;

use bytes::Bytes;
use postseal_filters::MessageEnd;
use postseal_filters::message::{EditNote, EditOp};
use postseal_filters::pipeline::Record;
use postseal_filters::report::{FilterFailure, Reason, Report, SignatureNote};
use prometheus::IntCounter;
use serde_json::{Value, json};

use super::*;
use crate::config::LogFormat;

/// A sink that hands on the octets written to it.
struct Sink(mpsc::Sender<Vec<u8>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn dropped() -> IntCounter {
    IntCounter::new("dropped", "lines").unwrap()
}

fn record() -> Record {
    Record {
        listener: "submission".into(),
        queue_id: Some(Bytes::from_static(b"4XyZ1234")),
        client: Some("192.0.2.1".parse().unwrap()),
        user: Some(Bytes::from_static(b"alice@example.com")),
        direction: None,
        mail_from: Bytes::from_static(b"alice@example.com"),
        rcpt_count: 2,
        message_id: Some(Bytes::from_static(b"<1@example.com>")),
        size: 4321,
        end: MessageEnd::Accept,
        reply: None,
        edits: vec![EditNote { op: EditOp::Insert, field: "DKIM-Signature".to_owned() }],
        report: Report {
            reasons: vec![Reason::new("dkim", "key_unusable")],
            signatures: vec![SignatureNote {
                domain: "example.com".into(),
                selector: "s1".into(),
                algorithm: "rsa-sha256",
                duration: Duration::from_micros(250),
            }],
            ..Report::default()
        },
        duration: Duration::from_micros(777),
    }
}

/// The output of a log with these settings.
fn written(settings: config::LogConfig, write: impl FnOnce(&Log)) -> String {
    let (sender, receiver) = mpsc::channel();
    let log = Log::start(settings, Sink(sender), dropped()).unwrap();
    write(&log);
    drop(log);
    String::from_utf8(receiver.iter().flatten().collect()).unwrap()
}

fn without_time(line: &str) -> Value {
    let mut value: Value = serde_json::from_str(line).unwrap();
    let time = value.as_object_mut().unwrap().remove("timestamp").unwrap();
    assert_eq!(time.as_str().unwrap().len(), "2026-03-01T08:30:00.000250Z".len());
    value
}

#[test]
fn message_as_json() {
    let text = written(config::LogConfig::default(), |log| log.message(&record()));
    let expected = json!({
        "level": "info", "event": "message", "listener": "submission", "queue_id": "4XyZ1234", "client": "192.0.2.1",
        "user": "a***@example.com", "mail_from": "a***@example.com", "rcpt_count": 2, "message_id": "<1@example.com>",
        "size": 4321, "verdict": "accept", "reply": null, "reasons": ["dkim.key_unusable"],
        "edits": [{"op": "insert", "field": "DKIM-Signature"}],
        "signatures": [{"domain": "example.com", "selector": "s1", "algorithm": "rsa-sha256"}], "duration_us": 777,
    });
    assert_eq!(without_time(&text), expected);
    assert!(text.starts_with("{\"timestamp\":\"20"), "the order is kept: {text}");
}

#[test]
fn message_as_text() {
    let settings = config::LogConfig { format: LogFormat::Text, ..config::LogConfig::default() };
    let mut record = record();
    (record.user, record.message_id) = (None, Some(Bytes::from_static(b"<a b\n\x1b[31m=>")));
    let text = written(settings, |log| log.message(&record));
    let (_, rest) = text.split_once(' ').unwrap();
    assert_eq!(
        rest,
        "info message listener=submission queue_id=4XyZ1234 client=192.0.2.1 user=- mail_from=a***@example.com \
         rcpt_count=2 message_id=\"<a b\\n\\u001b[31m=>\" size=4321 verdict=accept reply=- \
         reasons=[\"dkim.key_unusable\"] edits=[{\"op\":\"insert\",\"field\":\"DKIM-Signature\"}] \
         signatures=[{\"domain\":\"example.com\",\"selector\":\"s1\",\"algorithm\":\"rsa-sha256\"}] duration_us=777\n"
    );
}

#[test]
fn addresses_in_full_on_demand() {
    let default = config::LogConfig::default();
    for settings in [
        config::LogConfig { addresses: true, ..config::LogConfig::default() },
        config::LogConfig { level: Level::Debug, ..config::LogConfig::default() },
    ] {
        let line = without_time(&written(settings, |log| log.message(&record())));
        assert_eq!((&line["mail_from"], &line["user"]), (&json!("alice@example.com"), &json!("alice@example.com")));
    }
    let mut record = record();
    record.user = Some(Bytes::from_static(b"web1"));
    let line = without_time(&written(default, |log| log.message(&record)));
    assert_eq!(line["user"], "web1", "a login name is no address");
}

#[test]
fn failures_are_reasons_and_one_warning_a_second() {
    let mut record = record();
    let failure = FilterFailure { filter: "dkim", code: "deadline", detail: "took too long".to_owned() };
    record.report.failures.push(failure);
    let text = written(config::LogConfig::default(), |log| {
        log.message(&record);
        log.message(&record);
    });
    let lines: Vec<Value> = text.lines().map(without_time).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["reasons"], json!(["dkim.key_unusable", "dkim.deadline"]));
    let expected = json!({
        "level": "warn", "event": "filter_failed", "message": "took too long", "filter": "dkim", "code": "deadline",
        "listener": "submission", "queue_id": "4XyZ1234", "suppressed": 0,
    });
    assert_eq!(lines[1], expected);
}

#[test]
fn level_decides() {
    let settings = config::LogConfig { level: Level::Warn, ..config::LogConfig::default() };
    assert_eq!(written(settings, |log| log.message(&record())), "");
}

#[test]
fn events_have_the_same_form() {
    let text = written(config::LogConfig::default(), |log| {
        tracing::subscriber::with_default(event::Events::new(log.clone()), || {
            tracing::info!(event = "listening", listener = "submission", address = %"inet:127.0.0.1:1", "listens");
            tracing::warn!(count = 3, ok = true, name = Some("x"), "a \"quoted\" word");
            tracing::debug!("not at this level");
            tracing::info!(target: "hyper::proto", "not of a library");
            let _span = tracing::info_span!("spans are not kept").entered();
        });
    });
    let lines: Vec<Value> = text.lines().map(without_time).collect();
    assert_eq!(
        lines,
        [
            json!({"level": "info", "event": "listening", "message": "listens", "listener": "submission",
                   "address": "inet:127.0.0.1:1"}),
            json!({"level": "warn", "event": "service", "message": "a \"quoted\" word", "count": 3, "ok": true,
                   "name": "x"}),
        ]
    );
}

#[test]
fn words_in_text_are_one_line() {
    let settings = config::LogConfig { format: LogFormat::Text, ..config::LogConfig::default() };
    let text = written(settings, |log| {
        tracing::subscriber::with_default(event::Events::new(log.clone()), || {
            tracing::error!(event = "bind", error = "in use", "two\nlines");
        });
    });
    assert_eq!(text.split_once(' ').unwrap().1, "error bind: two lines error=\"in use\"\n");
}

#[test]
fn a_full_pipe_drops_lines_and_blocks_nobody() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let dropped = dropped();
    let log = Log::start(config::LogConfig::default(), ours, dropped.clone()).unwrap();
    let record = record();
    // Nobody reads: what neither the socket nor the queue can hold is lost, and push returns at once.
    while dropped.get() < 100 {
        log.message(&record);
    }
    drop(log);
    let mut text = String::new();
    theirs.read_to_string(&mut text).unwrap();
    assert!(text.lines().count() > 1_000, "what was taken is written as soon as somebody reads");
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()), "and no line is cut");
}

#[test]
fn a_closed_pipe_is_counted_and_survived() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    drop(theirs);
    let dropped = dropped();
    let log = Log::start(config::LogConfig::default(), ours, dropped.clone()).unwrap();
    log.message(&record());
    while dropped.get() < 1 {
        std::thread::yield_now();
    }
    log.message(&record());
    while dropped.get() < 2 {
        std::thread::yield_now();
    }
}

#[test]
fn one_warning_tells_how_many_lines_were_dropped() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let dropped = dropped();
    let log = Log::start(config::LogConfig::default(), ours, dropped.clone()).unwrap();
    let record = record();
    while dropped.get() < 100 {
        log.message(&record);
    }
    let all = dropped.get();
    drop(log);
    let mut text = String::new();
    theirs.read_to_string(&mut text).unwrap();
    let warnings: Vec<Value> = text.lines().map(without_time).filter(|line| line["event"] == "log_dropped").collect();
    let expected = json!({
        "level": "warn", "event": "log_dropped", "message": "lines of the log were dropped", "lines": all,
    });
    assert_eq!(warnings, [expected]);
}

#[test]
fn the_length_of_a_line_does_not_depend_on_the_message() {
    let mut record = record();
    record.edits = vec![EditNote { op: EditOp::Change, field: format!("X-{}\u{fc}", "a".repeat(90)) }; 9900];
    let detail = Some("n\u{9b}\u{202e}\n\"".repeat(990).into());
    record.report.reasons = vec![Reason { detail, ..Reason::new("sender", "rewritten") }; 500];
    let signature = record.report.signatures[0].clone();
    record.report.signatures = vec![signature; 300];
    (record.user, record.mail_from) = (Some("\u{9b}".repeat(500).into()), "\u{202e}".repeat(500).into());
    for format in [LogFormat::Json, LogFormat::Text] {
        for level in [Level::Info, Level::Debug] {
            let settings = config::LogConfig { format, level, ..config::LogConfig::default() };
            let text = written(settings, |log| log.message(&record));
            assert!(text.len() < 8192 && text.ends_with('\n'), "{} octets: {text}", text.len());
            assert!(!text.trim_end().contains(postseal_filters::visible::is_hidden), "{text}");
        }
    }
    let line = without_time(&written(config::LogConfig::default(), |log| log.message(&record)));
    for (list, all) in [("reasons", 500), ("edits", 9900), ("signatures", 300)] {
        let told = line[list].as_array().unwrap().len() as u64;
        assert!(told > 5, "{list}: {told}");
        assert_eq!(line[format!("{list}_more")], all - told);
    }
}

#[test]
fn hidden_characters_are_escaped_and_kept() {
    let mut record = record();
    record.user = Some("ann\nverdict=accept\u{9b}31m\u{202e}\x7f".into());
    let json = written(config::LogConfig::default(), |log| log.message(&record));
    assert!(json.contains(r#""user":"ann\nverdict=accept\u009b31m\u202e\u007f""#), "{json}");
    assert_eq!(without_time(&json)["user"], "ann\nverdict=accept\u{9b}31m\u{202e}\x7f");
    let settings = config::LogConfig { format: LogFormat::Text, ..config::LogConfig::default() };
    let text = written(settings, |log| log.message(&record));
    assert!(text.contains(r#" user="ann\nverdict=accept\u009b31m\u202e\u007f" "#), "{text}");
}
