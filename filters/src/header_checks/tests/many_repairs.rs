//! The bound on repaired fields.

use super::*;

/// A message with so many fields that have to be repaired.
fn faulty(fields: usize) -> (Vec<(String, Vec<u8>)>, Vec<u8>) {
    let names: Vec<String> = (0..fields).map(|n| format!("X-{n}")).collect();
    let fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), " Grüße")).collect();
    message(&fields, "Hello\r\n")
}

#[test]
fn as_many_fields_are_repaired_as_may_be_edited() {
    let end = run("", &faulty(100));
    assert!(end.accepted());
    assert_eq!(edits(&end).len(), 101, "the repairs, and the field that names them");
}

#[test]
fn more_are_refused_with_one_finding() {
    for fields in [101, 9_900] {
        let end = run("", &faulty(fields));
        let reply = end.record.reply.as_ref().unwrap().to_string();
        assert!(reply.starts_with("550") && reply.contains("limits.header_edits"), "{reply}");
        assert!(!reply.contains("raw_8bit_header"), "one finding: {reply}");
        let mut checks = end.record.report.checks.iter().map(|note| (note.check, note.action));
        assert_eq!(checks.next(), Some(("raw_8bit_header", "log")));
        assert_eq!(checks.next_back(), Some(("many_repairs", "reject")));
    }
}

#[test]
fn where_nothing_is_refused_nothing_is_repaired() {
    let (fields, body) = faulty(101);
    for (role, configuration) in [(Role::Local, ""), (Role::Reinject, ""), (Role::Submission, "many_repairs = \"log\"")]
    {
        let end = run_on(role, configuration, "<alice@example.com>", &fields, &body);
        assert!(end.accepted());
        assert_eq!(edits(&end), [""; 0], "{role:?}");
        let reasons = end.reasons();
        assert!(reasons.starts_with(&["header_checks.raw_8bit_header".into(), "header_checks.many_repairs".into()]));
    }
}

#[test]
fn shadow_mode_says_what_would_be_refused() {
    let end = run("shadow = true", &faulty(101));
    assert!(end.accepted());
    let actions: Vec<_> = end.record.report.checks.iter().map(|note| note.action).collect();
    assert_eq!((actions, edits(&end)), (vec!["log", "shadow_reject"], vec![]));
}

#[test]
fn the_bound_is_set_with_the_filter() {
    let plan = HeaderCheckSettings::default().plan().unwrap();
    let transaction = Transaction::new(vec![Arc::new(HeaderChecks::with_max_edits(plan, 1))]).user("alice");
    let mut transaction = transaction.mail("<alice@example.com>").rcpt("<bob@example.net>");
    for (name, value) in &faulty(2).0 {
        transaction = transaction.header(name, value);
    }
    assert_eq!(transaction.body("Hello\r\n").end().reasons()[1], "header_checks.many_repairs");
}
