//! Which fields are covered, and that nothing can be added to them.

use super::support::{Mail, assert_verified, example, filter, inserted, pipeline, tags, verify};
use crate::dkim::{DkimSettings, FieldList};

/// Every field that is signed by default.
fn rich() -> Mail {
    let fields = [
        ("Resent-From", "joe@example.com"),
        ("Resent-To", "a@example.net"),
        ("Resent-Date", "Sun, 22 Nov 2026 10:00:01 +0000"),
        ("Resent-Message-ID", "<2@example.com>"),
        ("From", "Joe <joe@example.com>"),
        ("Sender", "joe@example.com"),
        ("Reply-To", "joe@example.com"),
        ("To", "suzie@example.net"),
        ("To", "another@example.net"),
        ("Cc", "other@example.net"),
        ("Subject", "all of them"),
        ("Date", "Sun, 22 Nov 2026 10:00:00 +0000"),
        ("Message-ID", "<1@example.com>"),
        ("In-Reply-To", "<0@example.com>"),
        ("References", "<0@example.com>\n <1@example.com>"),
        ("MIME-Version", "1.0"),
        ("Content-Type", "text/plain; charset=us-ascii"),
        ("Content-Transfer-Encoding", "7bit"),
        ("Content-ID", "<part@example.com>"),
        ("Content-Description", "a letter"),
        ("Content-Disposition", "inline"),
        ("List-Id", "<list.example.com>"),
        ("List-Post", "<mailto:list@example.com>"),
        ("List-Unsubscribe", "<mailto:leave@example.com>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Help", "<mailto:help@example.com>"),
        ("List-Subscribe", "<mailto:join@example.com>"),
        ("List-Owner", "<mailto:owner@example.com>"),
        ("List-Archive", "<mailto:archive@example.com>"),
        ("Auto-Submitted", "no"),
        ("Autocrypt", "addr=joe@example.com"),
        ("Disposition-Notification-To", "joe@example.com"),
        ("Feedback-ID", "1:2:3:example"),
    ];
    Mail::new(&fields, "Hello.\r\n")
}

#[test]
fn one_more_of_any_signed_field_breaks_every_signature() {
    for mail in [rich(), Mail::ordinary(), Mail::new(&[("From", "joe@example.com")], "")] {
        let end = mail.send(&pipeline([filter(&example())]));
        let delivered = mail.delivered(&end);
        assert_verified(&delivered);
        let mut signed: Vec<_> = tags(&inserted(&end)[0])["h"].split(':').map(str::to_owned).collect();
        signed.dedup();
        for name in [
            "From", "Subject", "To", "Cc", "Date", "Reply-To", "Message-ID", "MIME-Version",
            "Content-Transfer-Encoding", "Content-Disposition", "In-Reply-To", "References", "Autocrypt",
        ] {
            assert!(signed.iter().any(|other| other == name), "{name} is not signed");
        }
        for name in signed {
            for forged in [format!("{name}: forged\r\n"), format!("{}: forged\r\n", name.to_lowercase())] {
                let forged = [forged.as_bytes(), &delivered].concat();
                assert!(verify(&forged).iter().all(|(_, _, passed)| !passed), "{name}");
            }
        }
    }
}

#[test]
fn a_list_may_add_its_fields() {
    let mail = Mail::ordinary();
    let end = mail.send(&pipeline([filter(&example())]));
    let added = b"Sender: owner-linux@lists.example\r\nList-Id: <linux.lists.example>\r\nPrecedence: bulk\r\n\
        List-Unsubscribe: <mailto:leave@lists.example>\r\nErrors-To: owner-linux@lists.example\r\n";
    assert_verified(&[&added[..], &mail.delivered(&end)].concat());
}

#[test]
fn the_encoding_of_text_stays_open_where_an_mta_may_change_it() {
    let fields = |encoding| [("From", "joe@example.com"), ("Content-Transfer-Encoding", encoding)];
    for (mail, signed) in [
        (Mail::new(&fields("7bit"), "x\r\n"), true),
        (Mail::new(&fields("8bit"), "x\r\n"), false),
        (Mail::new(&fields("8bit")[..1], "\u{fc}\r\n"), false),
        (Mail::new(&fields("8bit")[..1], "x\r\n"), true),
    ] {
        let end = mail.send(&pipeline([filter(&example())]));
        assert_verified(&mail.delivered(&end));
        assert_eq!(tags(&inserted(&end)[0])["h"].contains("Content-Transfer-Encoding"), signed);
        let added = [b"Content-Transfer-Encoding: base64\r\n", &mail.delivered(&end)[..]].concat();
        assert!(verify(&added).iter().all(|(_, _, passed)| *passed != signed));
    }
}

#[test]
fn what_breaks_a_signature_later_is_told_of() {
    let long = "a".repeat(1000);
    for (fields, body, expected) in [
        (vec![("From", "joe@example.com"), ("Cc", &*long)], "x\r\n".to_owned(), vec!["dkim.long_header_line"]),
        (vec![("From", "joe@example.com"), ("X-Not-Signed", &*long)], "x\r\n".to_owned(), vec![]),
        (vec![("From", "joe@example.com")], format!("{long}\r\n"), vec!["dkim.long_body_line"]),
        (vec![("From", "joe@example.com"), ("Subject", "a\u{c}b")], "x\r\n".to_owned(), vec!["dkim.form_feed"]),
        (vec![("From", "joe@example.com"), ("Subject", "a\u{b}")], "x\r\n".to_owned(), vec!["dkim.form_feed"]),
        (vec![("From", "joe@example.net"), ("Cc", &*long)], "x\r\n".to_owned(), vec!["dkim.no_key_for_domain"]),
    ] {
        let end = Mail::new(&fields, &body).send(&pipeline([filter(&example())]));
        assert_eq!(end.reasons(), expected);
        let signed = !expected.contains(&"dkim.no_key_for_domain");
        assert!(end.accepted() && end.record.report.signatures.is_empty() != signed);
    }
}

#[test]
fn behind_sendmail_what_it_adds_later_stays_open() {
    let mail = Mail::new(&[("From", "joe@example.com"), ("Subject", "x")], "x\r\n").by_sendmail();
    let end = mail.send(&pipeline([filter(&example())]));
    let delivered = mail.delivered(&end);
    assert_verified(&delivered);
    let added = [b"Date: now\r\nMessage-ID: <1@example.com>\r\n", &delivered[..]].concat();
    assert_verified(&added);
    let complete = Mail::ordinary().by_sendmail();
    let h = tags(&inserted(&complete.send(&pipeline([filter(&example())])))[0])["h"].clone();
    assert!(h.contains(":Date:Date:") && h.contains(":Message-ID:Message-ID:"), "what is there is sealed: {h}");
}

#[test]
fn lists_of_fields_from_the_configuration() {
    let names = |list: &[&str]| FieldList::Names(list.iter().map(|name| name.parse().unwrap()).collect());
    for (headers, oversign, expected) in [
        (Some(&["From", "Subject", "X-Own"][..]), None, "From:From:Subject:Subject"),
        (Some(&["From", "Subject", "Sender"]), Some(&[][..]), "From:Subject"),
        (Some(&["From", "Subject"]), Some(&["subject", "X-Own"]), "From:Subject:Subject:X-Own"),
        (Some(&["From", "To"]), Some(&["From"]), "From:From:To"),
    ] {
        let settings = DkimSettings {
            headers: headers.map_or_else(Default::default, names),
            oversign: oversign.map_or_else(Default::default, names),
            ..example()
        };
        let mail = Mail::ordinary();
        let end = mail.send(&pipeline([filter(&settings)]));
        assert_eq!(tags(&inserted(&end)[0])["h"], expected);
        assert_verified(&mail.delivered(&end));
    }
}
