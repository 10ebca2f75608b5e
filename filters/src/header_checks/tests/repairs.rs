//! Messages before and after their repair.

use super::{edits, message, reply, run, run_on};
use crate::Role;

#[test]
fn what_is_missing_is_added() {
    let fields = [("To".to_owned(), b" bob@example.net".to_vec()), ("From".to_owned(), b" a@example.com".to_vec())];
    let end = run_on(Role::Submission, "", "<a@example.com>", &fields, b"Hello\r\n");
    let edits = edits(&end);
    assert_eq!(edits[0], "+Date: Tue, 14 Nov 2023 22:13:20 +0000");
    assert!(edits[1].starts_with("+Message-ID: <6553f100."), "{edits:?}");
    assert_eq!(edits[2], "+X-Postseal-Fixed: missing_field");
}

#[test]
fn a_charset_is_named_where_it_is_certain() {
    let text = "Gr\u{fc}\u{df}e\r\n";
    for (fields, expected) in [
        (
            vec![],
            vec![
                "+Content-Type: text/plain; charset=utf-8",
                "+MIME-Version: 1.0",
                "+Content-Transfer-Encoding: 8bit",
                "+X-Postseal-Fixed: charset_missing",
            ],
        ),
        (
            vec![
                ("MIME-Version", " 1.0"),
                ("Content-Type", " text/plain; charset=\"us-ascii\"; format=flowed"),
                ("Content-Transfer-Encoding", " 7bit"),
            ],
            vec![
                "Content-Transfer-Encoding: 8bit",
                "Content-Type: text/plain; charset=utf-8; format=flowed",
                "+X-Postseal-Fixed: charset_mismatch, transfer_encoding_mismatch",
            ],
        ),
    ] {
        let end = run("", &message(&fields, text));
        assert!(end.accepted());
        assert_eq!(edits(&end), expected);
    }
    let end = run(
        "",
        &message(
            &[("MIME-Version", " 1.0"), ("Content-Type", " multipart/mixed; boundary=a")],
            "--a\r\n\r\nGr\u{fc}\u{df}e\r\n--a--\r\n",
        ),
    );
    assert_eq!(edits(&end), [""; 0]);
    let detail = end.record.report.reasons[0].detail.as_deref().unwrap();
    assert_eq!(
        detail,
        "log: body: 8-bit text without a charset (octet C3 at offset 9) (not repaired: only a message of one text part is repaired)"
    );
}

#[test]
fn a_charset_that_is_wrong_for_the_text_is_not_believed_for_the_header_section() {
    let fields = [("MIME-Version", " 1.0"), ("Content-Type", " text/plain; charset=x-unknown")];
    let encoded = Some("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=");
    for (body, settings, subject) in [
        ("Gr\u{fc}\u{df}e\r\n", "", None),
        ("Hello\r\n", "", None),
        ("Gr\u{fc}\u{df}e\r\n", "fallback_charset = \"iso-8859-2\"", encoded),
        ("Hello\r\n", "fallback_charset = \"iso-8859-2\"", encoded),
    ] {
        let (mut fields, body) = message(&fields, body);
        fields.retain(|(name, _)| name != "Subject");
        fields.push(("Subject".to_owned(), b" Gr\xfc\xdfe".to_vec()));
        let edits = edits(&run(settings, &(fields, body)));
        assert_eq!(edits.iter().find(|edit| edit.starts_with("Subject")).map(String::as_str), subject, "{edits:?}");
    }
}

#[test]
fn a_field_is_not_taken_away_with_its_blank_lines() {
    let end = run("", &message(&[("Subject", "\n "), ("Comments", " a\n \n b")], ""));
    assert_eq!(edits(&end), ["Comments: a\n b", "+X-Postseal-Fixed: blank_fold"]);
    let details: Vec<_> = end.record.report.reasons.iter().map(|reason| reason.detail.as_deref()).collect();
    assert!(details[0].is_some_and(|detail| detail.contains("no repair is certain")), "{details:?}");
}

#[test]
fn a_raw_name_of_a_file_becomes_an_extended_parameter() {
    let fields = [
        ("MIME-Version", " 1.0"),
        ("Content-Type", " application/pdf; name=\"Gr\u{fc}\u{df}e.pdf\""),
        ("Content-Disposition", " attachment;\n\tfilename=\"Gr\u{fc}\u{df}e.pdf\""),
        ("Content-Transfer-Encoding", " base64"),
    ];
    let end = run("", &message(&fields, "JVBERi0K\r\n"));
    let expected = [
        "Content-Disposition: attachment;\n\tfilename*=utf-8''Gr%C3%BC%C3%9Fe.pdf",
        "Content-Type: application/pdf; name*=utf-8''Gr%C3%BC%C3%9Fe.pdf",
        "+X-Postseal-Fixed: raw_8bit_header",
    ];
    assert_eq!(edits(&end), expected);
    let end = run("", &message(&[("Content-Disposition", " attachment; filename=Gr\u{fc}n.pdf")], ""));
    assert!(reply(&end).starts_with("550 5.6.0 raw_8bit_header: Content-Disposition: 8-bit text"));
}

#[test]
fn a_long_line_is_encoded_and_too_long_a_body_is_not() {
    let line = "x".repeat(999);
    let long = message(&[], &format!("{line}\r\n"));
    let end = run("", &long);
    let edits = edits(&end);
    assert_eq!(edits[..2], ["+MIME-Version: 1.0", "+Content-Transfer-Encoding: quoted-printable"]);
    assert!(edits[3].starts_with("body xxx"), "{edits:?}");
    let end = run("body_limit = \"1000B\"", &long);
    assert_eq!(end.reasons(), ["header_checks.long_body_line", "header_checks.body_over_limit"]);
    assert!(end.accepted() && end.modifications.is_empty());
}

#[test]
fn what_is_named_8bit_and_is_not_becomes_7bit() {
    let fields = [("MIME-Version", " 1.0"), ("Content-Type", " text/plain"), ("Content-Transfer-Encoding", " 8bit")];
    let expected = ["Content-Transfer-Encoding: 7bit", "+X-Postseal-Fixed: transfer_encoding_mismatch"];
    assert_eq!(edits(&run("", &message(&fields, "Hello\r\n"))), expected);
    for (fields, body) in [(&fields[..2], "Hello\r\n"), (&fields, "Gr\u{fc}\u{df}e\r\n")] {
        let end = run("charset_missing = \"off\"", &message(fields, body));
        assert_eq!(edits(&end), [""; 0]);
    }
}

#[test]
fn parts_that_are_named_8bit_are_not_touched() {
    let part = |encoding: &str| format!("--b\r\nContent-Type: text/plain\r\n{encoding}\r\nHello\r\n--b--\r\n");
    let fields =
        |kind, encoding| [("MIME-Version", " 1.0"), ("Content-Type", kind), ("Content-Transfer-Encoding", encoding)];
    let expected = ["Content-Transfer-Encoding: 7bit", "+X-Postseal-Fixed: transfer_encoding_mismatch"];
    let multipart = " multipart/mixed; boundary=b";
    for (kind, encoding, body, repaired, found) in [
        (" application/x-y", " 8bit", "Hello\r\n".to_owned(), true, true),
        (" text/plain", " binary", "Hello\r\n".to_owned(), true, true),
        (multipart, " 8bit", part(""), true, true),
        (multipart, " 8bit", part("Content-Transfer-Encoding: 7bit\r\n"), true, true),
        (multipart, " 8bit", part("Content-Transfer-Encoding: 8bit\r\n"), false, true),
        (multipart, " 7bit", part("Content-Transfer-Encoding: 8bit\r\n"), false, true),
        (" message/rfc822", " 8bit", "Subject: a\r\n\r\nHello\r\n".to_owned(), false, true),
        (multipart, " 7bit", part(""), false, false),
    ] {
        let end = run("", &message(&fields(kind, encoding), &body));
        assert!(end.accepted());
        assert_eq!(edits(&end), if repaired { &expected[..] } else { &[] }, "{kind} {encoding} {body}");
        let reasons: &[&str] = if found { &["header_checks.transfer_encoding_mismatch"] } else { &[] };
        assert_eq!(end.reasons(), reasons, "{kind} {encoding} {body}");
    }
}
