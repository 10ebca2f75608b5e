use bytes::Bytes;
use postseal_filters::{EditNote, EditOp, Reason, Report};

use super::*;

fn record(end: MessageEnd) -> Record {
    Record {
        listener: "submission".into(),
        queue_id: Some(Bytes::from_static(b"4Q1")),
        client: Some("192.0.2.1".parse().unwrap()),
        user: Some(Bytes::from_static(b"alice@example.com")),
        direction: None,
        mail_from: Bytes::from_static(b"alice@example.com"),
        rcpt_count: 1,
        message_id: None,
        size: 1000,
        end,
        reply: None,
        edits: Vec::new(),
        report: Report::default(),
        duration: Duration::from_micros(5),
    }
}

#[test]
fn only_the_last_decisions_and_minutes_are_kept() {
    let mut recent = Recent::default();
    for minute in 0..70 {
        for summary in [MessageEnd::Accept, MessageEnd::Accept, MessageEnd::Reject] {
            recent.add(Duration::from_secs(60 * minute + 5), Arc::new(record(summary)));
        }
    }
    assert_eq!(recent.decisions.len(), MAX_DECISIONS);
    assert_eq!(recent.decisions.back().unwrap().number, 209);
    assert_eq!(recent.minutes.len(), MAX_MINUTES);
    let last = recent.minutes.back().unwrap();
    assert_eq!((last.number, last.verdicts), (69, [2, 0, 1, 0, 0, 0]));
    recent.add(Duration::from_secs(5), Arc::new(record(MessageEnd::Accept)));
    assert_eq!(recent.minutes.back().unwrap().verdicts[0], 3, "a clock that goes back makes no new minute");
}

#[test]
fn what_a_sender_makes_long_is_cut() {
    let long = Bytes::from(vec![b'x'; 100_000]);
    let mut record = record(MessageEnd::Accept);
    (record.mail_from, record.message_id, record.user) = (long.clone(), Some(long.clone()), Some(long));
    record.edits = vec![EditNote { op: EditOp::Delete, field: "X".to_owned() }; 5000];
    let reason = Reason { detail: Some("y".repeat(100_000).into()), ..Reason::new("dkim", "not_origin") };
    record.report.reasons = vec![reason; 5000];
    let kept = bounded(record);
    assert_eq!((kept.mail_from.len(), kept.user.unwrap().len()), (MAX_VALUE_OCTETS, MAX_VALUE_OCTETS));
    assert_eq!((kept.edits.len(), kept.report.reasons.len()), (MAX_LIST_ELEMENTS, MAX_LIST_ELEMENTS));
    assert!(kept.report.reasons.iter().all(|reason| reason.detail.as_ref().unwrap().len() == MAX_VALUE_OCTETS));
}

#[test]
fn a_decision_names_its_first_reasons_and_counts_the_others() {
    let mut record = record(MessageEnd::Accept);
    record.report.reasons = vec![Reason::new("sender", "rewritten"); 5000];
    record.report.more_reasons = 7;
    let status = Status::new(ConfigFacts::default());
    status.message(record);
    let services = crate::services::Services::offline().unwrap();
    let report = status.report(services.limits.metrics(), &crate::health::Health::default(), &services);
    let reasons = &report.decisions[0].reasons;
    assert_eq!((reasons.len(), reasons.last().map(String::as_str)), (21, Some("and 4987 more")));
}
