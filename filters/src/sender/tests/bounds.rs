//! Messages with very many addresses, and very long ones.

use super::*;

const COMPLETES: &str = "default_domain = 'own.example'\n[[owner]]\nuser = '*'\nmay_use = ['*']\n";

/// Lists of `each` bare names, in as many fields of that name as are asked for.
fn lists<'a>(name: &'a str, fields: usize, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![("From", " alice@example.com")];
    all.extend(std::iter::repeat_n((name, value), fields));
    all
}

fn names(count: usize) -> String {
    format!(" {}", vec!["a"; count].join(","))
}

#[test]
fn addresses_are_counted_over_all_fields() {
    let some = names(333);
    for (fields, accepted) in [(3, true), (4, false)] {
        for name in ["Reply-To", "From", "Sender", "Errors-To", "Resent-From", "reply-to "] {
            let end = send(&filter(COMPLETES), ALICE, "<>", &lists(name, fields, &some));
            assert_eq!(end.accepted(), accepted, "{name} {fields}: {}", reply(&end));
            if !accepted {
                let text =
                    "550 5.6.0 The message has more than 1000 addresses in From, Sender, Reply-To and similar fields";
                assert_eq!((&*reply(&end), &*end.reasons()), (text, &["sender.too_many_addresses".to_owned()][..]));
            }
        }
    }
    // To and Cc are none of this filter's business.
    assert!(send(&filter(COMPLETES), ALICE, "<>", &lists("To", 100, &some)).accepted());
}

#[test]
fn the_bound_can_be_set() {
    let config = format!("max_addresses = 3\n{COMPLETES}");
    assert!(send(&filter(&config), ALICE, "<>", &lists("Reply-To", 1, " a, b")).accepted());
    assert!(!send(&filter(&config), ALICE, "<>", &lists("Reply-To", 1, " a, b, c")).accepted());
    // A field without an address counts as one.
    assert!(!send(&filter(&config), ALICE, "<>", &lists("Reply-To", 3, " ")).accepted());
    // No field is read beyond 1,000 addresses.
    let config = format!("max_addresses = 100000\n{COMPLETES}");
    assert!(!send(&filter(&config), ALICE, "<>", &lists("Reply-To", 1, &names(1001))).accepted());
}

#[test]
fn mail_with_very_many_from_addresses_is_aligned_with_nothing() {
    let value = (0..990).map(|at| format!("u{at}@own.example")).collect::<Vec<_>>().join(",");
    for (fields, code) in [(1, "alignment.envelope_only"), (2, "alignment.not_aligned"), (50, "alignment.not_aligned")]
    {
        let alignment: Arc<dyn Filter> = Arc::new(AlignmentFilter { require_on: None });
        let transaction =
            Transaction::new(vec![alignment]).user("alice").mail("<a@own.example>").rcpt("<b@dest.example>");
        let end = (0..fields).fold(transaction, |all, _| all.header("From", &value)).body("x\r\n").end();
        assert_eq!(end.reasons(), [code], "{fields}");
    }
}

#[test]
fn over_the_bound_mail_that_is_not_refused_is_neither_signed_nor_edited() {
    let many = names(990);
    let end = start(&filter(COMPLETES), By::Client([127, 0, 0, 1]), Role::Local, "<>", &lists("Reply-To", 2, &many));
    let end = end.body("x\r\n").end();
    assert!(end.accepted() && end.modifications.is_empty());
    assert_eq!(end.reasons(), ["sender.too_many_addresses"]);
}

#[test]
fn notes_about_addresses_are_bounded_and_the_rest_is_counted() {
    let end = send(&filter(COMPLETES), ALICE, "<>", &lists("Reply-To", 1, &names(900)));
    assert!(end.accepted());
    let reasons = &end.record.report.reasons;
    assert_eq!(reasons.len(), 31);
    assert_eq!(reasons[30].detail.as_deref(), Some("and 870 more addresses"));
    // The edit is whole all the same; equal names have become one address.
    assert_eq!(edits(&end), ["Reply-To: a@own.example"]);
    let config = "header_mismatch = 'rewrite'";
    let others = (0..100).map(|at| format!("u{at}@victim.example")).collect::<Vec<_>>().join(", ");
    let end = send(&filter(config), ALICE, "<>", &[("From", &format!(" {others}"))]);
    assert_eq!(end.record.report.reasons.len(), 32);
    assert_eq!(edits(&end)[0], "From: alice@example.com");
}

#[test]
fn a_very_long_address_is_not_shown_whole() {
    for value in ["x".repeat(100_000), format!("{}@y.example", "x".repeat(600)), "x y ".repeat(100_000)] {
        let end = send(&filter(""), ALICE, "<>", &[("From", &format!(" {value}"))]);
        assert!(!end.accepted() && reply(&end).len() < 400);
        assert!(end.record.report.reasons[0].detail.as_ref().unwrap().len() < 400);
        let end = send(&filter(""), ALICE, &format!("<{value}>"), &[]);
        assert!(end.record.report.reasons[0].detail.as_ref().unwrap().len() < 400);
    }
}
