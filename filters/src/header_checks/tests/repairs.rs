//! Messages before and after their repair.

use super::{edits, message, reply, run, run_on};
use crate::Role;

const QUIET: &str = "eight_bit_body = \"off\"";

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

/// A library whose charset is not set writes UTF-8 under its default name.
#[test]
fn utf_8_under_the_name_of_another_charset() {
    let body = "Sch\u{f6}ne Gr\u{fc}\u{df}e\r\n";
    let text = |subject, name| {
        let kind = if name == "iso-8859-1" { " text/plain; charset=iso-8859-1" } else { " text/plain; charset=\"\"" };
        [
            ("From", " =?iso-8859-1?Q?J=C3=B6rg_M=C3=BCller?= <alice@example.com>"),
            ("Subject", subject),
            ("MIME-Version", " 1.0"),
            ("Content-Type", kind),
            ("Content-Transfer-Encoding", " 8bit"),
        ]
    };
    let fields = text(" =?iso-8859-1?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=", "iso-8859-1");
    let end = run(QUIET, &message(&fields, body));
    let expected = [
        "Content-Type: text/plain; charset=utf-8",
        "Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=",
        "From: =?utf-8?Q?J=C3=B6rg_M=C3=BCller?= <alice@example.com>",
        "+X-Postseal-Fixed: encoded_word, charset_mismatch",
    ];
    assert_eq!(edits(&end), expected);
    // One field is what it says, so nothing is certain.
    let fields = text(" =?iso-8859-1?Q?Gr=FC=DFe?=", "iso-8859-1");
    let end = run(QUIET, &message(&fields, body));
    assert_eq!(edits(&end), [""; 0]);
    assert_eq!(end.reasons(), ["header_checks.encoded_word", "header_checks.charset_mismatch"]);
    // Text that tells of such text.
    let fields = [
        ("MIME-Version", " 1.0"),
        ("Content-Type", " text/plain; charset=iso-8859-1"),
        ("Content-Transfer-Encoding", " 8bit"),
    ];
    let end = run(QUIET, &message(&fields, "What do \u{fc}, \u{f6} and \u{df} mean in my mail?\r\n"));
    assert_eq!((edits(&end), end.reasons()), (vec![], vec!["header_checks.charset_mismatch".to_owned()]));
}

#[test]
fn a_charset_that_nobody_knows_is_utf_8_where_the_text_is() {
    for name in ["unknown-8bit", "unknown", "x-unknown", "\"\"", "default", "utf8mb4"] {
        let kind = format!(" text/plain; charset={name}");
        let fields = [("MIME-Version", " 1.0"), ("Content-Type", &*kind), ("Content-Transfer-Encoding", " 8bit")];
        let end = run(QUIET, &message(&fields, "Gr\u{fc}\u{df}e\r\n"));
        let expected = ["Content-Type: text/plain; charset=utf-8", "+X-Postseal-Fixed: charset_mismatch"];
        assert_eq!(edits(&end), expected, "{name}");
    }
}

fn octets(fields: &[(&str, &[u8])], body: &[u8]) -> (Vec<(String, Vec<u8>)>, Vec<u8>) {
    let (mut all, _) = message(&[], "");
    all.retain(|(name, _)| !fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
    all.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_vec())));
    (all, body.to_vec())
}

#[test]
fn a_list_of_addresses_with_raw_text_is_mended_as_a_whole() {
    let message = octets(&[("To", b" M\xfcller <m@x.example>; Joe <j@x.example>")], b"test\r\n");
    let end = run("fallback_charset = \"windows-1252\"", &message);
    let to = "To: =?utf-8?Q?M=C3=BCller?= <m@x.example>, Joe <j@x.example>";
    assert!(edits(&end).iter().any(|edit| edit.contains(to)), "{:?}", edits(&end));
}

#[test]
fn raw_text_that_goes_says_nothing_about_other_text() {
    let message = octets(
        &[("Date", b" Mon, 23 Nov 2026 10:00:00 +0100 (Gr\xc3\xbc\xc3\x9fe)"), ("Subject", b" Gr\xfc\xdfe")],
        b"test\r\n",
    );
    let end = run("fallback_charset = \"windows-1252\"", &message);
    assert!(edits(&end).iter().any(|edit| edit.contains("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=")), "{:?}", edits(&end));
}

#[test]
fn a_charset_that_nothing_names_is_not_guessed() {
    let polish = octets(
        &[("From", b" \"\xa3ukasz \xafak\" <alice@example.com>"), ("Subject", b" Zam\xf3wienie cz\xea\xb6\xe6")],
        b"test\r\n",
    );
    let utf8: [(&str, &[u8]); 4] = [
        ("MIME-Version", b" 1.0"),
        ("Content-Type", b" text/plain; charset=utf-8"),
        ("Content-Transfer-Encoding", b" 8bit"),
        ("Subject", b" P\xf8\xedloha \xe8. 3"),
    ];
    let czech = octets(&utf8, "P\u{159}\u{ed}loha\r\n".as_bytes());
    // The Subject alone would be UTF-8, one character of it Cyrillic.
    let mixed = octets(&[("From", b" M\xf3j <alice@example.com>"), ("Subject", b" Gr\xc3\xbc\xc3\x9fe")], b"test\r\n");
    for message in [&polish, &czech, &mixed] {
        let end = run(QUIET, message);
        assert!(end.accepted(), "only logged");
        assert_eq!((edits(&end), end.reasons()), (vec![], vec!["header_checks.raw_8bit_header".to_owned()]));
        let detail = end.record.report.reasons[0].detail.clone().unwrap();
        assert!(
            detail.starts_with("log: ") && detail.contains("nothing tells the charset; see fallback_charset"),
            "{detail}"
        );
        let end =
            run("eight_bit_body = \"off\"\nraw_8bit_header = { action = \"fix\", otherwise = \"reject\" }", message);
        assert!(reply(&end).starts_with("550 5.6.0 raw_8bit_header: "), "if the postmaster wants that");
    }
    let fallback = "fallback_charset = \"iso-8859-2\"";
    let expected = [
        "Subject: =?utf-8?Q?Zam=C3=B3wienie_cz=C4=99=C5=9B=C4=87?=",
        "From: =?utf-8?Q?=C5=81ukasz_=C5=BBak?= <alice@example.com>",
        "+X-Postseal-Fixed: raw_8bit_header",
    ];
    assert_eq!(edits(&run(fallback, &polish)), expected);
    assert_eq!(edits(&run(fallback, &czech))[0], "Subject: =?utf-8?Q?P=C5=99=C3=ADloha_=C4=8D=2E?= 3");
    let body = octets(&[], b"Zam\xf3wienie\r\n");
    assert_eq!(edits(&run(QUIET, &body)), [""; 0]);
    assert_eq!(edits(&run(fallback, &body))[0], "+Content-Type: text/plain; charset=ISO-8859-2");
}

#[test]
fn a_file_name_is_read_like_other_raw_text() {
    let name: [(&str, &[u8]); 1] = [("Content-Disposition", b" attachment; filename=\"Zam\xf3wienie.txt\"")];
    let end = run(QUIET, &octets(&name, b"test\r\n"));
    assert!(end.accepted() && edits(&end).is_empty());
    let end = run("fallback_charset = \"windows-1250\"", &octets(&name, b"test\r\n"));
    assert_eq!(edits(&end)[0], "Content-Disposition: attachment; filename*=utf-8''Zam%C3%B3wienie.txt");
}

#[test]
fn raw_text_beside_half_an_encoded_word_is_refused() {
    for value in [&b" =?utf-8?Q?Gr=C3=BC \xc3\xbc"[..], b" =?utf-8?Q?a?=\xc3\xbc"] {
        assert!(
            reply(&run(QUIET, &octets(&[("Subject", value)], b"test\r\n"))).starts_with("550 5.6.0 raw_8bit_header: ")
        );
    }
}

#[test]
fn lines_of_999_octets_are_folded_and_lines_of_998_stay() {
    // The last word makes up for what is missing.
    let words = |octets: usize| {
        let text = " abcdefg".repeat((octets - 1) / 8 - 1);
        let rest = octets - text.len() - 1;
        format!("{text} {}", "x".repeat(rest))
    };
    let long = |name: &'static str, length: usize| message(&[(name, &words(length - name.len() - 1))], "");
    let continued = |length: usize| message(&[("Cc", &format!(" a\n{}", words(length)))], "");
    for name in ["Subject", "Cc", "References", "X-A"] {
        for (length, found) in [(998, false), (999, true), (1000, true)] {
            for message in [long(name, length), continued(length)] {
                let end = run("fixed_field = \"none\"\naddress_syntax = \"off\"", &message);
                assert_eq!(!end.reasons().is_empty(), found, "{name} {length}");
                for edit in edits(&end) {
                    assert!(found && edit.lines().all(|line| line.len() <= 998), "{name} {length}: {edit}");
                }
                assert_eq!(end.modifications.len(), usize::from(found), "{name} {length}");
            }
        }
    }
}

#[test]
fn of_fields_that_are_alike_one_stays() {
    for (name, value) in
        [("MIME-Version", " 1.0"), ("Subject", " Hello"), ("From", " a@example.com"), ("To", " b@c.example ")]
    {
        let (mut fields, body) = message(&[], "Hello\r\n");
        fields.retain(|(other, _)| other != name);
        for value in [value, value.trim_end(), value] {
            fields.push((name.to_owned(), value.as_bytes().to_vec()));
        }
        let end = run("", &(fields.clone(), body.clone()));
        assert!(end.accepted(), "{name}: {:?}", end.verdict);
        let gone = format!("{name}:");
        assert_eq!(edits(&end).iter().filter(|edit| **edit == gone).count(), 2, "{:?}", edits(&end));
        fields.push((name.to_owned(), b" another".to_vec()));
        assert!(!run("", &(fields, body)).accepted(), "{name}");
    }
}

#[test]
fn a_line_end_at_the_end_of_an_encoded_word_is_taken_out() {
    let subject = |value: &'static str| run("", &message(&[("Subject", value)], "Hello\r\n"));
    for (value, expected) in [
        (" =?utf-8?Q?K=C3=B6ln=0A?=", "Subject: =?utf-8?Q?K=C3=B6ln?="),
        (" =?UTF-8?q?K=C3=B6ln=0d=0a?= ", "Subject: =?UTF-8?q?K=C3=B6ln?="),
        (" =?utf-8?B?S8O2bG4NCg==?=", "Subject: =?utf-8?B?S8O2bG4=?="),
        (" a =?utf-8?Q?K=C3=B6?=\n =?utf-8?Q?ln=0A=0A?=", "Subject: a =?utf-8?Q?K=C3=B6?=\n =?utf-8?Q?ln?="),
        (" =?utf-8?Q?K=C3=B6ln_=0D=0A=20=09_?=", "Subject: =?utf-8?Q?K=C3=B6ln?="),
        (" =?utf-8?B?S8O2bG4KIA==?=", "Subject: =?utf-8?B?S8O2bG4=?="),
        (" =?utf-8?Q?K=C3=B6ln?=\n =?utf-8?Q?=0A?=", "Subject: =?utf-8?Q?K=C3=B6ln?="),
        (" =?utf-8?Q?=0A?=", "Subject:"),
    ] {
        let end = subject(value);
        assert!(end.accepted() && edits(&end).contains(&expected.to_owned()), "{value}: {:?}", edits(&end));
    }
    for value in [
        " =?utf-8?Q?K=C3=B6ln=0A?= x", " =?utf-8?Q?a=0Ab?=", " =?utf-8?Q?a=0A?= =?utf-8?Q?b?=",
        " =?utf-8?Q?a=0A?= <b@c.example>", " =?utf-16?B?AEEACg==?=", " =?utf-8?Q?a=00=0A?=", " =?utf-8?Q?a=07?=",
    ] {
        assert!(!subject(value).accepted(), "{value}");
    }
    for (to, expected) in [
        (" =?utf-8?Q?K=C3=B6ln=0A?= <b@c.example>", Some("To: =?utf-8?Q?K=C3=B6ln?= <b@c.example>")),
        (" =?utf-8?Q?=0D=0A?= <b@c.example>, d@e.example", Some("To: <b@c.example>, d@e.example")),
        (" \"=?utf-8?Q?a=0A?=\" <b@c.example>", Some("To: \"=?utf-8?Q?a?=\" <b@c.example>")),
        (" =?utf-8?Q?a=0A?=, =?utf-8?Q?b=0A?= <b@c.example>", None),
    ] {
        let end = run("", &message(&[("To", to)], "Hello\r\n"));
        assert_eq!(edits(&end).first().map(String::as_str), expected, "{to}");
        assert_eq!(end.accepted(), expected.is_some(), "{to}");
    }
}

#[test]
fn raw_iso_2022_jp_is_encoded() {
    let subject = |value: &'static str| run("", &message(&[("Subject", value)], "Hello\r\n"));
    let end = subject(" \u{1b}$B$3$s$K$A$O\u{1b}(B");
    assert!(end.accepted(), "{:?}", end.verdict);
    assert!(edits(&end).contains(&"Subject: =?utf-8?B?44GT44KT44Gr44Gh44Gv?=".to_owned()), "{:?}", edits(&end));
    for value in [" \u{1b}[31mred", " \u{1b}$B$3\u{7}\u{1b}(B", " \u{1b}", " a\u{7}", " \u{1b}$B\u{1b}(B"] {
        assert!(!subject(value).accepted(), "{value}");
    }
}

#[test]
fn nobody_is_refused_for_the_message_id_of_another() {
    for name in ["References", "In-Reply-To"] {
        for value in [
            " <gr\u{fc}n@example.com>", " <a\u{7}@example.com>", " <1@example.com> <\u{e4}@b>",
            " <=?utf-8?Q?a=0A?=@example.com>",
        ] {
            assert!(run("", &message(&[(name, value)], "Hello\r\n")).accepted(), "{name}:{value}");
        }
    }
    assert!(!run("", &message(&[("Message-ID", " <gr\u{fc}n@example.com>")], "Hello\r\n")).accepted());
}

#[test]
fn encoded_words_in_list_fields_are_decoded_to_ascii() {
    let unsubscribe = " =?utf-8?q?=3Chttps=3A//shop=2Eexample/unsu?=\n =?utf-8?q?bscribe=3Fid=3D279=3E?=";
    for (value, expected) in [
        (unsubscribe, Some("List-Unsubscribe: <https://shop.example/unsubscribe?id=279>")),
        (
            " =?utf-8?B?PG1haWx0bzphQGIuZXhhbXBsZT4=?=, <https://b.example/>",
            Some("List-Unsubscribe: <mailto:a@b.example>, <https://b.example/>"),
        ),
        (" =?utf-8?q?=3Chttps=3A//b=2Eexample/=C3=BC=3E?=", None),
        (" =?utf-8?q?=3Chttps=3A//b=2Eexample/=3E?= =?utf-8?q?=ZZ?=", None),
    ] {
        let edits = edits(&run("fixed_field = 'none'", &message(&[("List-Unsubscribe", value)], "")));
        assert_eq!(edits.first().map(String::as_str), expected, "{value}");
    }
    let end = run("", &message(&[("Message-ID", " =?utf-8?q?=3C1=40example=2Ecom=3E?=")], ""));
    assert!(end.accepted() && end.modifications.is_empty());
}

#[test]
fn empty_fields_are_taken_out_or_filled() {
    let fields = [("To", ""), ("Reply-To", " "), ("Cc", "\n "), ("Bcc", ""), ("Date", ""), ("Message-ID", " ")];
    let edits = edits(&run("fixed_field = 'none'", &message(&fields, "Hello\r\n")));
    assert_eq!(edits.len(), 5, "{edits:?}");
    for edit in ["To:", "Reply-To:", "Cc:", "Date: Tue, 14 Nov 2023 22:13:20 +0000"] {
        assert!(edits.iter().any(|other| other == edit), "{edit} {edits:?}");
    }
    assert!(edits.iter().any(|edit| edit.starts_with("Message-ID: <") && edit.ends_with('>')), "{edits:?}");
}

#[test]
fn a_date_that_names_a_point_in_time_is_rewritten() {
    let edits = |date| edits(&run("fixed_field = 'none'", &message(&[("Date", date)], "Hello\r\n")));
    for date in [
        " 2026-11-23T10:00:00+01:00",
        " Mo, 23 Nov 2026 10:00:00 +0100",
        " Mon Nov 23 2026 10:00:00 GMT+0100 (Mitteleurop\u{e4}ische Normalzeit)",
    ] {
        assert_eq!(edits(date), ["Date: Mon, 23 Nov 2026 10:00:00 +0100"], "{date}");
    }
    for date in [" 2026-11-23T10:00:00", " Mo, 23 Nov 2026 10:00:00 MEZ", " 23.11.2026 10:00"] {
        assert_eq!(edits(date), [""; 0], "{date}");
    }
}

#[test]
fn nothing_is_repaired_where_the_header_section_was_cut() {
    let body = "Broken\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n\r\nHello\r\n";
    let (mut fields, body) = message(&[("Subject", " Gr\u{fc}\u{df}e")], body);
    fields.retain(|(name, _)| name != "Date" && name != "Message-ID");
    let settings = "field_syntax = 'log'\nraw_8bit_header = { action = 'fix', otherwise = 'log' }";
    let end = run(settings, &(fields.clone(), body.clone()));
    assert!(end.accepted() && end.modifications.is_empty(), "{:?}", edits(&end));
    assert_eq!(end.reasons(), ["header_checks.raw_8bit_header", "header_checks.field_syntax"]);
    assert!(reply(&run("", &(fields, body))).contains("field_syntax: body: a line that is no header field"));
}

#[test]
fn a_multipart_in_an_encoding_loses_its_name() {
    let run = |body: &str| {
        let fields = [
            ("MIME-Version", " 1.0"),
            ("Content-Type", " multipart/mixed; boundary=b"),
            ("Content-Transfer-Encoding", " base64"),
        ];
        let settings = "fixed_field = 'none'\nmime_structure = 'log'";
        edits(&run(settings, &message(&fields, body)))
    };
    let part = "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ";
    assert_eq!(run(&format!("{part}base64\r\n\r\nSGVsbG8=\r\n--b--\r\n")), ["Content-Transfer-Encoding:"]);
    let eight_bit = format!("{part}8bit\r\n\r\nGr\u{fc}\u{df}e\r\n--b--\r\n");
    assert_eq!(run(&eight_bit), ["Content-Transfer-Encoding: 8bit"]);
    // The parts may be in base64 after all, or not complete.
    assert_eq!(run("LS1iDQoNCnRleHQNCi0tYi0tDQo=\r\n"), [""; 0]);
    assert_eq!(run(&format!("{part}base64\r\n\r\nSGVsbG8=\r\n")), [""; 0]);
    // The fields of the part are in quoted-printable themselves.
    assert_eq!(run("--b\r\nContent-Type: text/plain; charset=3Dutf-8\r\n\r\na=3Db\r\n--b--\r\n"), [""; 0]);
}

#[test]
fn a_raw_file_name_in_a_part_is_told_of_and_not_refused() {
    let fields = [("MIME-Version", " 1.0"), ("Content-Type", " multipart/mixed; boundary=b")];
    let body = "--b\r\nContent-Disposition: attachment; filename=\"Gr\u{fc}\u{df}e.pdf\"\r\n\r\nx\r\n--b--\r\n";
    let end = run("", &message(&fields, body));
    assert!(end.accepted() && end.modifications.is_empty());
    assert_eq!(end.reasons(), ["header_checks.raw_8bit_header", "header_checks.eight_bit_body"]);
    let reply = reply(&run("raw_8bit_header = 'reject'", &message(&fields, body)));
    assert!(reply.contains("filename*=utf-8''") && !reply.contains("=?utf-8"), "{reply}");
}

#[test]
fn raw_text_behind_a_date_is_taken_out() {
    let date = "Date: Thu, 1 Oct 2026 14:40:57 +0200";
    for value in [
        &b" Thu, 1 Oct 2026 14:40:57 +0200 (Mitteleurop\xe4ische Sommerzeit)"[..],
        b" Thu, 1 Oct 2026 14:40:57 +0200 (Mitteleurop\xc3\xa4ische Sommerzeit)",
        b" Thu, 1 Oct 2026 14:40:57 +0200\n (Mitteleurop\xe4ische Sommerzeit)",
        b" Thu, 1 Oct 2026 14:40:57 +0200 Mitteleurop\xe4ische Sommerzeit",
    ] {
        assert_eq!(edits(&run("fixed_field = 'none'", &octets(&[("Date", value)], b"test\r\n"))), [date]);
    }
    for (value, date) in [
        (&b" 2026-11-23T10:00:00Z (\xe4)"[..], "Date: Mon, 23 Nov 2026 10:00:00 +0000"),
        (b" 23(\xe4)Nov 2026 10:00:00 +0100", "Date: 23 Nov 2026 10:00:00 +0100"),
    ] {
        assert_eq!(edits(&run("fixed_field = 'none'", &octets(&[("Date", value)], b"test\r\n"))), [date]);
    }
    let version = octets(&[("MIME-Version", &b" 1.0 (\xfc)"[..])], b"test\r\n");
    assert_eq!(edits(&run("fixed_field = 'none'", &version)), ["MIME-Version: 1.0"]);
    let id = octets(&[("Message-ID", &b" <1@example.com> (\xfc)"[..])], b"test\r\n");
    assert_eq!(edits(&run("fixed_field = 'none'", &id)), ["Message-ID: <1@example.com>"]);
    for value in [&b" Thu, 1 M\xe4r 2026 14:40:57 +0200"[..], b" Thu, 1 Oct 2026 14:40:57 Mitteleurop\xe4ische Zeit"] {
        let answer = reply(&run("fixed_field = 'none'", &octets(&[("Date", value)], b"test\r\n")));
        assert!(answer.starts_with("550 5.6.0 raw_8bit_header: Date: ") && !answer.contains("2047"), "{answer}");
    }
}

#[test]
fn no_charset_is_named_beside_a_comment() {
    for (content_type, count) in
        [(" text/plain(a)", 0), (" text/plain; charset=\"us-ascii\"(a)", 0), (" text/plain (a)", 1)]
    {
        let fields = [("MIME-Version", " 1.0"), ("Content-Type", content_type), ("Content-Transfer-Encoding", " 8bit")];
        let edits = edits(&run("fixed_field = 'none'", &message(&fields, "Gr\u{fc}\u{df}e\r\n")));
        assert_eq!(edits.len(), count, "{content_type} {edits:?}");
    }
}
