//! Messages that carry a signature of their author, through the whole filter.

use super::super::tests::{edits, message, run};
use crate::testing::End;

const NOW: u64 = 1_700_000_000;

/// The tags of a signature of example.com, the domain in From.
fn signature(h: &str) -> String {
    format!(" v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=s; h={h}; bh=YQ==; b=YWJj")
}

fn signed(signature: &str, fields: &[(&str, &str)], body: &str) -> End {
    signed_with("", signature, fields, body)
}

fn signed_with(configuration: &str, signature: &str, fields: &[(&str, &str)], body: &str) -> End {
    let fields: Vec<_> = [("DKIM-Signature", signature)].iter().chain(fields).copied().collect();
    run(configuration, &message(&fields, body))
}

const RAW_SUBJECT: (&str, &str) = ("Subject", " Gr\u{fc}\u{df}e");

#[test]
fn a_covered_field_is_logged_and_stays() {
    let end = signed(&signature("from:subject"), &[RAW_SUBJECT], "Hello\r\n");
    assert!(end.accepted());
    assert_eq!(edits(&end), [""; 0]);
    assert_eq!(end.reasons(), ["header_checks.raw_8bit_header", "header_checks.author_signed"]);
    let detail = end.record.report.reasons[0].detail.as_deref();
    let expected = "log: Subject: raw UTF-8 (octet C3 at offset 3) (not repaired: the author's signature covers it)";
    assert_eq!(detail, Some(expected));
    let end = signed_with("author_signed = \"repair\"", &signature("from:subject"), &[RAW_SUBJECT], "Hello\r\n");
    assert_eq!(edits(&end), ["Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "+X-Postseal-Fixed: raw_8bit_header"]);
    assert_eq!(end.reasons(), ["header_checks.raw_8bit_header"]);
}

#[test]
fn only_a_signature_of_the_author_that_can_verify_protects() {
    let good = signature("from:subject");
    let past = format!("{good}; x={}", NOW - 1);
    let future = format!("{good}; x={}", NOW + 1);
    for (signature, protects) in [
        (good.replace("d=example.com", "d=mail.EXAMPLE.com"), true),
        (good.replace("d=example.com", "d=list.example.net"), false),
        (good.replace("d=example.com", "d=com"), false),
        (good.replace("v=1; ", ""), false),
        (good.replace("rsa-sha256", "rsa-sha1"), false),
        (format!("{good}; i=alice@example.com"), true),
        (format!("{good}; i=alice@example.net"), false),
        (format!("{good}; l=0"), true),
        (future, true),
        (past, false),
        (" garbage".to_owned(), false),
    ] {
        let end = signed(&signature, &[RAW_SUBJECT], "Hello\r\n");
        assert_eq!(edits(&end).is_empty(), protects, "{signature}");
    }
    // From is in a domain below that of the signature.
    let end = signed(&good, &[("From", " Alice <alice@mail.example.com>"), RAW_SUBJECT], "Hello\r\n");
    assert_eq!(edits(&end), [""; 0]);
    // A list has signed as well, and two of the author's signatures cover different fields.
    let list = good.replace("example.com", "list.example.net");
    let fields = [("DKIM-Signature", &*list), ("DKIM-Signature", &*good), RAW_SUBJECT, ("X-A", " \u{fc}")];
    let end = signed(&signature("from:x-a"), &fields, "Hello\r\n");
    assert_eq!(edits(&end), [""; 0]);
}

#[test]
fn what_no_signature_covers_is_repaired() {
    let end = signed(&signature("from:to"), &[RAW_SUBJECT], "Hello\r\n");
    assert_eq!(edits(&end), ["Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "+X-Postseal-Fixed: raw_8bit_header"]);
    // The signature counts fields from the bottom: the upper X-A is not covered.
    let fields = [("X-A", " \u{fc}"), ("X-A", " \u{e4}")];
    let end = signed(&signature("from:x-a"), &fields, "Hello\r\n");
    assert_eq!(edits(&end), ["X-A: =?utf-8?Q?=C3=BC?=", "+X-Postseal-Fixed: raw_8bit_header"]);
    let end = signed(&signature("from:x-a:x-a"), &fields, "Hello\r\n");
    assert_eq!(edits(&end), [""; 0]);
}

#[test]
fn a_field_is_not_added_if_the_signature_covers_its_absence() {
    let without_date = |h: &str| {
        let fields = [("From", " alice@example.com"), ("To", " bob@example.net"), ("Message-ID", " <1@example.com>")];
        let fields: Vec<_> = [("DKIM-Signature".to_owned(), signature(h).into_bytes())]
            .into_iter()
            .chain(fields.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())))
            .collect();
        let end = run("", &(fields, b"Hello\r\n".to_vec()));
        assert!(end.accepted());
        edits(&end)
    };
    assert_eq!(without_date("from:date"), [""; 0]);
    let date = "+Date: Tue, 14 Nov 2023 22:13:20 +0000";
    assert_eq!(without_date("from"), [date, "+X-Postseal-Fixed: missing_field"]);
    assert_eq!(without_date("from:x-postseal-fixed"), [date]);
}

#[test]
fn content_fields_and_the_body_stay() {
    let text = "Gr\u{fc}\u{df}e\r\n";
    let mime = [("MIME-Version", " 1.0"), ("Content-Type", " text/plain")];
    for h in ["from", "from:content-type", "from:content-type:content-transfer-encoding"] {
        // Postfix encodes a body that is named 8bit for a next hop without 8BITMIME.
        assert_eq!(edits(&signed(&signature(h), &mime, text)), [""; 0], "{h}");
    }
    let long = format!("{}\r\n", "x".repeat(1200));
    let end = signed(&signature("from"), &[], &long);
    assert_eq!(
        (edits(&end), end.reasons()),
        (vec![], vec!["header_checks.long_body_line".to_owned(), "header_checks.author_signed".to_owned()])
    );
    let end = signed(&signature("from"), &[("Content-Type", " text/plain")], "Hello\r\n");
    assert_eq!(edits(&end), ["+MIME-Version: 1.0", "+X-Postseal-Fixed: mime_version_missing"]);
    let end = signed(&signature("from:mime-version"), &[("Content-Type", " text/plain")], "Hello\r\n");
    assert_eq!(edits(&end), [""; 0]);
    let ascii = [("MIME-Version", " 1.0"), ("Content-Type", " text/plain"), ("Content-Transfer-Encoding", " 8bit")];
    let seven = |h| edits(&signed_with("eight_bit_body = \"fix\"", &signature(h), &ascii, "Hello\r\n"));
    assert_eq!(seven("from")[0], "Content-Transfer-Encoding: 7bit");
    assert_eq!(seven("from:content-transfer-encoding"), [""; 0]);
}

#[test]
fn folding_is_harmless_in_relaxed_form_only() {
    let many = (0..60).map(|number| format!("user{number}@example.net")).collect::<Vec<_>>();
    let (with_space, without) = (format!(" {}", many.join(", ")), format!(" {}", many.join(",")));
    let relaxed = signature("from:to");
    let simple = relaxed.replace("relaxed/relaxed", "simple/relaxed");
    let folds = |signature: &str, to: &str| edits(&signed(signature, &[("To", to)], "Hello\r\n")).len() == 2;
    assert!(folds(&relaxed, &with_space));
    assert!(!folds(&simple, &with_space));
    assert!(!folds(&relaxed, &without));
    assert!(folds(&signature("from"), &without));
    // White space within its own b= means nothing to a signature.
    let long = format!("{}{}", signature("from"), "YWJj".repeat(300));
    assert_eq!(edits(&signed(&long, &[], "Hello\r\n")).len(), 2);
    let long = long.replace("relaxed/relaxed", "simple/relaxed");
    assert_eq!(edits(&signed(&long, &[], "Hello\r\n")).len(), 0);
}

#[test]
fn a_fault_without_a_repair_refuses_only_mail_that_no_author_signed() {
    let raw_address = [("Reply-To", " j\u{f6}rg@example.com")];
    assert!(!run("", &message(&raw_address, "Hello\r\n")).accepted());
    assert!(!signed(&signature("from"), &raw_address, "Hello\r\n").accepted());
    let end = signed(&signature("from:reply-to"), &raw_address, "Hello\r\n");
    assert!(end.accepted());
    assert_eq!(end.reasons(), ["header_checks.raw_8bit_header", "header_checks.author_signed"]);
    // A check whose action is to refuse still refuses.
    assert!(!signed(&signature("from:subject"), &[("Subject", " a\u{7}b")], "Hello\r\n").accepted());
}
