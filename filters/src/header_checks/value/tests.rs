use super::*;
use crate::connection::MtaKind;
use crate::message::Message;

fn found(name: &'static str, value: &str) -> Vec<(Check, &'static str, Option<u64>)> {
    let field = HeaderField::new(name, value.to_owned());
    let mut findings = CheckFindings::default();
    check(Message::new(MtaKind::Postfix).fields.append(field.clone()), &field, &mut findings);
    let offset = |finding: &CheckFinding| match finding.place {
        crate::header_checks::finding::FindingPlace::Field { at, .. } => at.map(|spot| spot.offset),
        _ => None,
    };
    findings.list.iter().map(|finding| (finding.check, finding.what, offset(finding))).collect()
}

#[test]
fn empty_fields() {
    for name in ["To", "cc", "Reply-To", "Sender", "Resent-To", "Errors-To", "References", "In-Reply-To"] {
        for value in ["", " ", "\n\t "] {
            assert_eq!(found(name, value), [(Check::EmptyField, "an empty field", None)], "{name}");
        }
    }
    assert_eq!(found("Date", " "), [(Check::DateSyntax, "an empty field", None)]);
    assert_eq!(found("Message-Id", ""), [(Check::MessageIdSyntax, "an empty field", None)]);
    for name in ["Bcc", "Resent-Bcc", "Subject", "Comments", "X-To"] {
        assert_eq!(found(name, " "), [], "{name}");
    }
}

#[test]
fn addresses_that_can_not_be_read() {
    let unread = "no address can be read";
    for (name, value, at, what) in [
        ("Cc", "\n\t<Ann Archer <ann@example.net, Ben <ben@example.net>", 7, unread),
        ("To", " Ann <ann@example.net", 20, unread),
        ("To", " \"Ann <ann@example.net>", 1, unread),
        ("To", " Ann", 3, unread),
        ("To", " Ann Archer", 10, unread),
        ("To", " ann@example.net; ben@example.net", 16, unread),
        ("Bcc", " <>", 2, unread),
        ("To", " ann@", 4, unread),
        ("To", " (nobody)", 0, "no address"),
        ("Reply-To", " ,", 0, "no address"),
        ("Resent-To", " friends: ann@example.net", 8, "a group without its semicolon"),
        ("To", " undisclosed-recipients:", 23, "a group without its semicolon"),
        ("Sender", " a@example.net, b@example.net", 0, "several addresses"),
        ("To", " =?utf-8?q?B_=3Cb=40example=2Enet=3E?=", 1, "an encoded-word in place of an address"),
        ("To", " a..b@example.net", 1, "an address with a dot too many before its @"),
        ("Cc", " x@example.net, Ann <ann.@example.net>", 21, "an address with a dot too many before its @"),
        ("To", " Archer, Ann <ann@example.net>", 1, "a name and a comma where an address belongs"),
    ] {
        // A single word may be the name of a mailbox of the server.
        let expected = if value == " Ann" { vec![] } else { vec![(Check::AddressSyntax, what, Some(at))] };
        assert_eq!(found(name, value), expected, "{value}");
    }
    for value in [
        " ann@example.net, \"Archer, Ann\" <ann@example.net>,",
        " friends: ann@example.net, ben@example.net;",
        " undisclosed-recipients:;",
        " a: b@example.net; , c: ; (d: e)",
        " \"a:\" <b@[IPv6:2001:db8::1]>",
        " root",
        " \"a..b\"@example.net",
        " <@a.example:b@c.example>",
        " J\u{f6}rg <joerg@example.net>",
        " j\u{f6}rg@example.net",
    ] {
        assert_eq!(found("To", value), [], "{value}");
    }
}

#[test]
fn dates_and_identifiers() {
    for (name, value, check, at) in [
        ("Date", " 2026-11-23T10:00:00+01:00", Check::DateSyntax, 1),
        ("Resent-Date", " Mon, 23 Nov 2026 10:00:00", Check::DateSyntax, 25),
        ("Message-ID", " 1@example.com", Check::MessageIdSyntax, 1),
        ("Resent-Message-ID", " <1@example.com", Check::MessageIdSyntax, 14),
    ] {
        let found = found(name, value);
        assert_eq!(
            found.iter().map(|(check, _, at)| (*check, *at)).collect::<Vec<_>>(),
            [(check, Some(at))],
            "{value}"
        );
    }
    for (name, value) in [("References", " nothing"), ("In-Reply-To", " your mail of Monday"), ("From", " nothing")] {
        assert_eq!(found(name, value), [], "{name}");
    }
}
