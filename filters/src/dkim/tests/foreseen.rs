//! Messages that Sendmail rewrites after all filters.

use postseal_protocol::Modification;

use super::support::{Mail, example, filter, inserted, pipeline};
use crate::dkim::{Canonicalization, DkimSettings, FieldList};

/// The fields that were changed, and the names in `h=`.
fn sent(settings: &DkimSettings, fields: &[(&str, &str)]) -> (Vec<(String, String)>, String, Vec<String>) {
    sent_with(settings, fields, "x\r\n")
}

fn sent_with(
    settings: &DkimSettings, fields: &[(&str, &str)], body: &str,
) -> (Vec<(String, String)>, String, Vec<String>) {
    let end = Mail::new(fields, body).by_sendmail().send(&pipeline([filter(settings)]));
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
    let fields = [("From", "joe@example.com"), ("To", "a@b.uucp"), ("Reply-To", "b@c.example d@e.example")];
    let (changed, h, reasons) = sent(&example(), &fields);
    assert!(changed.is_empty() && !h.split(':').any(|name| ["to", "reply-to"].contains(&name)), "{h}");
    assert_eq!(reasons, ["dkim.rewritten_field"]);
}

#[test]
fn from_is_signed_even_if_it_cannot_be_foreseen() {
    let fields = [("From", "joe@example.com (un \"quoted)"), ("To", "a@b.example")];
    let (changed, h, reasons) = sent(&example(), &fields);
    assert!(changed.is_empty() && h.starts_with("from:from:"), "{h}");
    assert!(reasons.is_empty(), "a quote in a comment is no quoted string: {reasons:?}");
    let long = format!("{} <joe@example.com>", "n".repeat(250));
    let (_, h, reasons) = sent(&example(), &[("From", &long)]);
    assert!(h.starts_with("from:from:"), "{h}");
    assert_eq!(reasons, ["dkim.rewritten_from"]);
}

#[test]
fn an_empty_date_is_not_signed() {
    let fields = [("From", "joe@example.com"), ("Date", " "), ("Message-ID", "<a@b>"), ("Resent-From", "a@b.example")];
    let (_, h, reasons) = sent(&example(), &fields);
    let signed = |name: &str| h.split(':').any(|other| other == name);
    assert!(!signed("date") && signed("message-id") && signed("resent-from") && !signed("resent-date"), "{h}");
    assert_eq!(reasons, ["dkim.rewritten_field"]);
}

#[test]
fn absent_fields_of_a_resent_message_are_not_sealed() {
    let mut settings = example();
    settings.oversign = FieldList::Names(
        ["From", "Resent-From", "Resent-Date", "Resent-Sender"].map(|name| name.parse().unwrap()).to_vec(),
    );
    let (_, h, _) = sent(&settings, &[("From", "joe@example.com"), ("Resent-To", "a@b.example")]);
    assert!(h.contains("resent-sender") && !h.contains("resent-from") && !h.contains("resent-date"), "{h}");
    let (_, h, _) = sent(&example(), &[("From", "joe@example.com"), ("Resent-To", "a@b.example")]);
    assert!(!h.split(':').any(|name| name == "to"), "NoRecipientAction adds To: {h}");
}

#[test]
fn quotes_are_put_around_a_boundary_and_broken_multiparts_told() {
    let with = |content_type, body: &str| {
        let fields = [("From", "joe@example.com"), ("Content-Type", content_type)];
        sent_with(&example(), &fields, body)
    };
    let (changed, _, reasons) = with("multipart/mixed; boundary=a=b", "--a=b\r\n\r\nhi\r\n--a=b--\r\n");
    assert_eq!(changed, [("Content-Type".to_owned(), " multipart/mixed; boundary=\"a=b\"".to_owned())]);
    assert!(reasons.is_empty(), "{reasons:?}");
    let (changed, _, reasons) = with("multipart/mixed; boundary=a", "--a\r\n\r\nhi\r\n");
    assert!(changed.is_empty());
    assert_eq!(reasons, ["dkim.rewritten_body"]);
}

#[test]
fn a_list_in_one_long_line_is_folded() {
    let list = (0..80).map(|number| format!("user{number}@dest.example")).collect::<Vec<_>>().join(", ");
    let (changed, _, reasons) = sent(&example(), &[("From", "joe@example.com"), ("To", &list)]);
    assert!(changed[0].1.contains(",\n        user") && reasons.is_empty(), "{changed:?} {reasons:?}");
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
    for from in ["joe", "joe@localhost"] {
        let end = Mail::new(&[("From", from)], "x\r\n").by_sendmail();
        let end = end.send(&pipeline([filter(&example())]));
        assert!(end.reasons().is_empty() && !inserted(&end).is_empty(), "{:?}", end.reasons());
    }
}
