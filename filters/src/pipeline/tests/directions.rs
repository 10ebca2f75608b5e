//! A filter is left out of messages whose direction it is not for.

use std::sync::Arc;

use postseal_protocol::ProtocolFlags;

use super::lines;
use super::scripted::{Log, Scripted};
use crate::connection::{Direction, Directions, Origin, Role};
use crate::filter::{BodyNeed, Steps};
use crate::pipeline::{OnError, Pipeline, PipelineEntry};
use crate::testing::{End, TestClock, Transaction, settings};

/// A filter of outgoing mail that looks at every step that it writes down.
fn outgoing(log: &Log) -> Scripted {
    let steps = Steps::CONNECT | Steps::HELO | Steps::RCPT | Steps::HEADER;
    let mut filter = Scripted::sees(steps).body(BodyNeed::Stream).log(log);
    filter.needs.directions = Directions::OUTGOING;
    filter.needs.left_out = Some("not_outgoing");
    filter
}

fn pipeline(role: Role, filters: impl IntoIterator<Item = Scripted>) -> Arc<Pipeline> {
    let entry = |filter: Scripted| PipelineEntry { filter: filter.boxed(), on_error: OnError::Tempfail };
    let mut settings = settings(TestClock::at(0));
    settings.role = role;
    Arc::new(Pipeline::new(settings, filters.into_iter().map(entry).collect()))
}

fn message(transaction: Transaction) -> End {
    transaction.mail("<a@b>").rcpt("<c@d>").header("From", " a@b").body("x").end()
}

#[test]
fn mail_that_origin_does_not_name_is_shown_to_no_outgoing_filter_after_helo() {
    let log = Log::default();
    let pipeline = pipeline(Role::Submission, [outgoing(&log)]);
    let end = message(Transaction::with(Arc::clone(&pipeline)));
    assert!(end.accepted());
    assert_eq!(end.record.direction, None);
    assert_eq!(lines(&log), ["connect", "helo", "reset"]);
    assert_eq!(end.reasons(), ["scripted.not_outgoing"]);

    let end = message(Transaction::with(pipeline).user("anna"));
    assert_eq!(end.record.direction, Some(Direction::Outgoing(Origin::Authenticated)));
    let called = ["connect", "helo", "rcpt c@d", "header From", "body x", "end streamed", "finish Accept", "reset"];
    assert_eq!(lines(&log), called);
    assert_eq!(end.reasons(), ["scripted.seen"]);
}

#[test]
fn on_role_mx_an_outgoing_filter_is_not_asked_for_and_the_reason_is_noted() {
    let log = Log::default();
    let pipeline = pipeline(Role::Mx, [outgoing(&log)]);
    let wanted = pipeline.wanted().protocol;
    assert!(
        wanted.contains(ProtocolFlags::NO_HELO | ProtocolFlags::NO_BODY),
        "its needs are not those of the listener"
    );
    let end = message(Transaction::with(pipeline));
    assert!(end.accepted());
    assert_eq!(end.record.direction, Some(Direction::Incoming));
    assert_eq!(lines(&log), ["reset"]);
    assert_eq!(end.reasons(), ["scripted.not_outgoing"]);
}

#[test]
fn on_role_mx_connect_and_helo_reach_an_outgoing_filter_if_another_looks_at_them() {
    let (log, other) = (Log::default(), Log::default());
    let sees_all = Scripted::sees(Steps::CONNECT | Steps::HELO | Steps::RCPT | Steps::HEADER).log(&other);
    let end = message(Transaction::with(pipeline(Role::Mx, [outgoing(&log), sees_all])));
    assert_eq!(lines(&log), ["connect", "helo", "reset"]);
    assert_eq!(lines(&other), ["connect", "helo", "rcpt c@d", "header From", "end streamed", "finish Accept", "reset"]);
    assert_eq!(end.reasons(), ["scripted.not_outgoing", "scripted.seen"]);
}

#[test]
fn a_filter_without_a_reason_to_note_is_not_part_of_a_listener_that_it_is_not_for() {
    let mut silent = outgoing(&Log::default());
    silent.needs.left_out = None;
    assert_eq!(pipeline(Role::Mx, [silent.clone()]).filters().count(), 0);
    assert_eq!(pipeline(Role::Submission, [silent]).filters().count(), 1);
}
