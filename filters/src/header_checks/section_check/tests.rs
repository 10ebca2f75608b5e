use proptest::prelude::*;

use super::*;
use crate::connection::MtaKind;
use crate::mail::quoted::tests::text;
use crate::message::Message;

fn found(fields: &[(&'static str, &str)]) -> Vec<String> {
    let mut message = Message::new(MtaKind::Postfix);
    for (name, value) in fields {
        message.fields.receive(HeaderField::new(*name, (*value).to_owned()));
    }
    let mut findings = CheckFindings::default();
    check(&HeaderSection::of(&message.fields), 1000, &mut findings);
    findings.list.iter().map(|finding| format!("{}: {}", finding.check, finding.what)).collect()
}

const GOOD: [(&str, &str); 4] =
    [("From", " a@example.com"), ("To", " b@example.com"), ("Date", " now"), ("Message-ID", " <1@example.com>")];

fn with(fields: &[(&'static str, &str)]) -> Vec<String> {
    let kept = GOOD.iter().filter(|(name, _)| !fields.iter().any(|(other, _)| other == name));
    found(&kept.chain(fields).copied().collect::<Vec<_>>())
}

#[test]
fn what_is_missing() {
    assert_eq!(found(&GOOD), [""; 0]);
    assert_eq!(
        found(&[]),
        [
            "missing_field: no From field",
            "missing_field: no Date field",
            "missing_field: no Message-ID field",
            "missing_recipient: no To, Cc or Bcc field"
        ]
    );
    assert_eq!(found(&[GOOD[0], GOOD[2], GOOD[3], ("bcc", " x@example.com")]), [""; 0]);
}

#[test]
fn what_is_allowed_once() {
    assert_eq!(with(&[("Subject", " a"), ("SUBJECT", " a")]), ["duplicate_field: several Subject fields"]);
    assert_eq!(with(&[("Received", " a"), ("Received", " b"), ("X-A", " 1"), ("X-A", " 2")]), [""; 0]);
    assert_eq!(
        with(&[("From", " a@example.com"), ("from", " b@example.com")]),
        ["duplicate_field: several From fields", "from_address: several From fields"]
    );
}

#[test]
fn from_is_one_address_with_a_domain() {
    for (value, what) in [
        (" me", "an address without a domain"),
        (" ", "no address"),
        (" a b c", "no address can be read"),
        (" a@example.com, b@example.com", "several addresses, and no Sender field"),
        (" friends: a@example.com;", "a group instead of an address"),
    ] {
        assert_eq!(with(&[("From", value)]), [format!("from_address: {what}")], "{value}");
    }
    for value in [
        " Alice <a@example.com>", " \"a: b\" <a@example.com>", " a@example.com (x: y)", " A: <a@[IPv6:::1]>",
        " J\u{f6}rg <a@example.com>",
    ] {
        let expected: &[&str] =
            if value.contains("A:") { &["from_address: a group instead of an address"] } else { &[] };
        assert_eq!(with(&[("From", value)]), expected, "{value}");
    }
    let several = [("From", " a@example.com, b@example.com"), ("Sender", " a@example.com")];
    assert_eq!(with(&several), [""; 0]);
}

#[test]
fn html_in_subject() {
    for value in [
        " <b>Sale</b>",
        " Gr&uuml;&szlig;e",
        " Gr&#252;&#223;e",
        " =?utf-8?Q?=3Cfont_color=3Dred=3ESale?=",
        " <a href=\"http://x\">y</a>",
        " line<br>line",
    ] {
        assert!(with(&[("Subject", value)])[0].starts_with("html_in_subject: "), "{value}");
    }
    for value in [
        " a <b> c", " vector<int> & co;", " AT&T; R&D", " mail from <a@b>", " if a<b and c>d", " use of <p> tags",
        " &c.; 5 &lt 6", " <i> think", " [PATCH] fix <linux/a.h>",
    ] {
        assert_eq!(with(&[("Subject", value)]), [""; 0], "{value}");
    }
}

#[test]
fn mime_version() {
    let what = "mime_version_missing: Content-Type without MIME-Version";
    assert_eq!(with(&[("Content-Type", " text/plain")]), [what]);
    assert_eq!(with(&[("Content-Type", " text/plain"), ("Mime-Version", " 1.0")]), [""; 0]);
}

#[test]
fn too_large() {
    assert_eq!(with(&[("X-Long", &"x".repeat(1000))]), ["oversized_header: the header section is too large"]);
}

#[test]
fn addressees_are_counted() {
    for (value, count) in [
        (" a@b", 1),
        (" a@b, \"c, d\" <e@f>, (g, h) i@j", 3),
        (" a@b,, c@d,", 2),
        (" friends: a@b, c@d;", 2),
        (" undisclosed-recipients:;", 0),
    ] {
        let field = HeaderField::new("To", value.to_owned());
        assert_eq!(addressees([&field].into_iter()), count, "{value}");
    }
}

/// The old code.
fn addresses_before(value: &[u8]) -> u64 {
    let (mut quoted, mut depth, mut escaped) = (false, 0u32, false);
    let (mut count, mut any) = (0, false);
    for octet in value {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' if depth == 0 => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b',' | b';' if depth == 0 => {
                count += u64::from(any);
                any = false;
            }
            b'@' if depth == 0 => any = true,
            _ => {}
        }
    }
    count + u64::from(any)
}

proptest! {
    #[test]
    fn addressees_as_before(text in text()) {
        prop_assert_eq!(addresses(text.as_bytes()), addresses_before(text.as_bytes()));
    }
}
