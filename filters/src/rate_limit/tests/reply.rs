use super::*;
use crate::rate_limit::BreachAction;
use crate::rate_limit::reply::{ReplyTemplate, ReplyText, wait};
use crate::rate_limit::{form, path};

#[test]
fn places_are_filled() {
    let template = ReplyTemplate::new("{rule} {key} {used} of {limit} {count}, {wait}. See https://x/%20").unwrap();
    let text = ReplyText { rule: "r", key: "alice", limit: "3/1h", count: "messages", used: 3, wait: Some(61_000) };
    let verdict = template.reply(BreachAction::Reject, false, &text);
    let Verdict::Reply(reply) = verdict else { panic!("{verdict:?}") };
    assert_eq!(reply.to_string(), "550 5.7.1 r alice 3 of 3/1h messages, in 61 seconds. See https://x/%20");
}

#[test]
fn waits_are_said_so_that_they_are_long_enough() {
    for (millis, text) in [
        (0, "in 1 second"),
        (1_001, "in 2 seconds"),
        (119_000, "in 119 seconds"),
        (119_001, "in 2 minutes"),
        (3_540_001, "in 60 minutes"),
        (7_200_000, "in 2 hours"),
        (86_400_000, "in 24 hours"),
        (172_800_001, "in 3 days"),
    ] {
        assert_eq!(wait(Some(millis)), text);
    }
}

#[test]
fn names_of_counters_are_plain_and_short() {
    assert_eq!(form::plain("Jos\u{e9} <x>,%/".as_bytes()), "jos%c3%a9%20%3cx%3e%2c%25/");
    let long = form::counter_name("rule", &["x".repeat(300)]);
    let other = form::counter_name("rule", &[format!("{}y", "x".repeat(299))]);
    assert_eq!((long.len(), other.len()), (200, 200));
    assert_ne!(long, other);
    assert_eq!(path::sender_domain(b"a@b@EXAMPLE.com."), "example.com");
    assert_eq!(path::sender_domain("a@b\u{fc}cher.example".as_bytes()), "xn--bcher-kva.example");
    assert_eq!(path::sender_domain(b"postmaster"), "localhost");
}
