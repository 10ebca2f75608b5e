//! Messages that Sendmail rewrites after all filters.

use postseal_protocol::Modification;

use super::support::{Mail, example, filter, inserted, pipeline};
use crate::dkim::{Canonicalization, DkimSettings};

/// The fields that were changed, and the names in `h=`.
fn sent(settings: &DkimSettings, fields: &[(&str, &str)]) -> (Vec<(String, String)>, String, Vec<String>) {
    let end = Mail::new(fields, "x\r\n").by_sendmail().send(&pipeline([filter(settings)]));
    let changed = end.modifications.iter().filter_map(|modification| match modification {
        Modification::ChangeHeader { field, .. } => {
            Some((String::from_utf8_lossy(&field.name).into(), String::from_utf8_lossy(&field.value).into()))
        }
        _ => None,
    });
    let signature = String::from_utf8_lossy(&inserted(&end)[0].value).replace(['\n', '\t', ' '], "");
    let (_, h) = signature.split_once(";h=").unwrap();
    (changed.collect(), h.split_once(';').unwrap().0.to_lowercase(), end.reasons())
}

#[test]
fn address_fields_are_written_as_sendmail_writes_them() {
    let (changed, h, reasons) = sent(
        &example(),
        &[
            ("From", "Dr. A <joe@example.com>"),
            ("To", "a@b.example,c@d.example"),
            ("Cc", "e@f.example, g@h.example"),
            ("X-To", "a@b.example,c@d.example"),
        ],
    );
    let expected = [("To", " a@b.example, c@d.example"), ("From", " \"Dr. A\" <joe@example.com>")];
    assert_eq!(changed, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert!(h.contains("from:from") && h.contains("to:to:cc:cc") && reasons.is_empty(), "{h} {reasons:?}");
}

#[test]
fn a_field_that_cannot_be_foreseen_is_not_signed() {
    let fields = [("From", "joe@example.com"), ("To", "a@localhost"), ("Reply-To", "b@c.example d@e.example")];
    let (changed, h, reasons) = sent(&example(), &fields);
    assert!(changed.is_empty() && !h.split(':').any(|name| ["to", "reply-to"].contains(&name)), "{h}");
    assert_eq!(reasons, ["dkim.rewritten_field"]);
}

#[test]
fn folds_matter_to_simple_canonicalization_only() {
    let list = (0..6).map(|number| format!("user{number}@dest.example")).collect::<Vec<_>>().join(", ");
    let fields = [("From", "joe@example.com"), ("To", &list)];
    assert!(sent(&example(), &fields).0.is_empty());
    let mut simple = example();
    simple.canonicalization.header = Canonicalization::Simple;
    let (changed, _, _) = sent(&simple, &fields);
    assert!(changed[0].1.contains(",\n        user"), "{changed:?}");
}

#[test]
fn an_address_without_a_domain_is_signed_for_the_host() {
    let end = Mail::new(&[("From", "joe")], "x\r\n").by_sendmail();
    let end = end.send(&pipeline([filter(&example())]));
    assert!(end.reasons().is_empty() && !inserted(&end).is_empty(), "{:?}", end.reasons());
}
