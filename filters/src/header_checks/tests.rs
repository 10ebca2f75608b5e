//! The filter as a whole: messages and their treatment.

use std::sync::Arc;

use super::*;
use crate::OnError;
use crate::connection::Role;
use crate::pipeline::{Pipeline, PipelineEntry};
use crate::testing::{End, TestClock, Transaction, settings};
use postseal_protocol::{HeaderField, Modification};

mod many_repairs;
mod readme;
mod repairs;

/// A message of these fields and this body. Fields of a good message that are not named are added.
pub(super) fn message(fields: &[(&str, &str)], body: &str) -> (Vec<(String, Vec<u8>)>, Vec<u8>) {
    let mut all: Vec<(String, Vec<u8>)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    for (name, value) in GOOD {
        if !fields.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            all.push((name.to_owned(), value.as_bytes().to_vec()));
        }
    }
    (all, body.as_bytes().to_vec())
}

const GOOD: [(&str, &str); 5] = [
    ("From", " Alice <alice@example.com>"),
    ("To", " bob@example.net"),
    ("Subject", " hello"),
    ("Date", " Tue, 14 Nov 2023 22:13:20 +0000"),
    ("Message-ID", " <1@example.com>"),
];

pub(super) fn run(configuration: &str, (fields, body): &(Vec<(String, Vec<u8>)>, Vec<u8>)) -> End {
    run_on(Role::Submission, configuration, "<alice@example.com>", fields, body)
}

fn run_on(role: Role, configuration: &str, sender: &str, fields: &[(String, Vec<u8>)], body: &[u8]) -> End {
    let configuration: HeaderCheckSettings = toml::from_str(configuration).unwrap();
    let filter = Arc::new(HeaderChecks::new(configuration.plan().unwrap()));
    let mut settings = settings(TestClock::at(1_700_000_000));
    settings.role = role;
    let pipeline = Pipeline::new(settings, vec![PipelineEntry { filter, on_error: OnError::Tempfail }]);
    let mut dialogue = Transaction::with(Arc::new(pipeline)).user("alice").mail(sender).rcpt("<bob@example.net>");
    for (name, value) in fields {
        dialogue = dialogue.header(name, value);
    }
    dialogue.body(body).end()
}

pub(super) fn edits(end: &End) -> Vec<String> {
    let show = |field: &HeaderField| {
        format!("{}:{}", String::from_utf8_lossy(&field.name), String::from_utf8_lossy(&field.value))
    };
    let edit = |edit: &Modification| match edit {
        Modification::AddHeader(field) => format!("+{}", show(field)),
        Modification::ChangeHeader { field, .. } => show(field),
        Modification::ReplaceBody(body) => format!("body {}", String::from_utf8_lossy(body)),
        other => format!("{other:?}"),
    };
    end.modifications.iter().map(edit).collect()
}

fn reply(end: &End) -> String {
    match &end.verdict {
        Verdict::Reply(reply) => reply.to_string(),
        other => other.name().to_owned(),
    }
}

#[test]
fn a_good_message_is_not_touched() {
    let end = run("", &message(&[], "Hello\r\n"));
    assert!(end.accepted());
    assert_eq!((end.modifications, end.record.report.reasons), (vec![], vec![]));
}

#[test]
fn a_raw_subject_is_encoded_and_told_of() {
    let end = run("", &message(&[("Subject", " Gr\u{fc}\u{df}e")], "Hello\r\n"));
    let expected = ["Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "+X-Postseal-Fixed: raw_8bit_header"];
    assert_eq!(edits(&end), expected);
    assert_eq!(end.reasons(), ["header_checks.raw_8bit_header"]);
    let detail = end.record.report.reasons[0].detail.as_deref();
    assert_eq!(detail, Some("fix: Subject: raw UTF-8 (octet C3 at offset 3)"));
    let [note] = end.record.report.checks[..] else { panic!() };
    assert_eq!((note.check, note.action), ("raw_8bit_header", "fix"));
}

#[test]
fn a_refusal_tells_what_and_where_and_what_to_do() {
    let end = run(
        "url = \"https://mail.example.com/help\"",
        &message(&[("From", " j\u{f6}rg@example.com"), ("Subject", " a\u{7}b")], "Hello\r\n"),
    );
    assert_eq!(
        reply(&end),
        "550 5.6.0 raw_8bit_header: From: raw UTF-8 (octet C3 at offset 2); write addresses in ASCII, with domains such \
         as xn--grn-hoa.example, and without no-break spaces <https://mail.example.com/help#raw_8bit_header> control_character: Subject: a \
         control character (octet 07 at offset 2); take control characters out of what goes into header fields \
         <https://mail.example.com/help#control_character>"
    );
    assert_eq!(end.reasons(), ["header_checks.raw_8bit_header", "header_checks.control_character"]);
    assert_eq!(edits(&end), [""; 0]);
}

#[test]
fn control_characters_are_found_wherever_they_stand() {
    for control in ['\u{b}', '\u{c}', '\u{1}', '\u{7f}', '\0'] {
        for value in [format!(" a{control}"), format!("{control} a"), format!(" a\n {control}b"), format!(" {control}")]
        {
            for name in ["Subject", "To", "Date", "X-Note"] {
                let answer = reply(&run("", &message(&[(name, &value)], "Hello\r\n")));
                assert!(answer.contains("control_character: "), "{name} {value:?} {answer}");
            }
        }
    }
}

#[test]
fn fields_that_only_the_filter_writes_are_removed() {
    let forged = [
        ("X-Postseal-Fixed", " raw_8bit_header"),
        ("x-postseal-found", " nothing"),
        ("X-Postseal-Fixed ", " date"),
        ("Subject", " Gr\u{fc}\u{df}e"),
    ];
    let end = run("", &message(&forged, "Hello\r\n"));
    let expected = ["Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "+X-Postseal-Fixed: raw_8bit_header"];
    let (removed, rest) = edits(&end).into_iter().partition::<Vec<_>, _>(|edit| edit.ends_with(':'));
    assert_eq!((removed.len(), &rest[..]), (3, &expected.map(str::to_owned)[..]));
    assert!(end.accepted() && end.reasons().contains(&"header_checks.foreign_field".to_owned()));
    // Names that somebody has chosen, names of other programs, mail of others, and shadow mode.
    let chosen = "fixed_field = 'X-Mended'\ntag_field = 'none'";
    let all = [("X-Mended", " a"), ("X-Postseal-Fixed", " b"), ("X-Original-From", " c")];
    assert_eq!(edits(&run(chosen, &message(&all, "Hello\r\n"))), ["X-Mended:"]);
    let (fields, body) = message(&all, "Hello\r\n");
    assert!(run_on(Role::Mx, chosen, "<>", &fields, &body).modifications.is_empty());
    let end = run("shadow = true", &message(&all, "Hello\r\n"));
    assert!(end.modifications.is_empty() && end.reasons() == ["header_checks.foreign_field"]);
}

#[test]
fn so_many_of_them_are_refused_and_not_signed() {
    let forged = |count| message(&vec![("X-Postseal-Fixed", " x"); count], "Hello\r\n");
    assert_eq!(edits(&run("", &forged(20))).len(), 20);
    let end = run("", &forged(21));
    assert_eq!(reply(&end), "550 5.6.0 The message has 21 fields that only this mail filter writes; remove them");
    assert!(run("max_foreign_fields = 21", &forged(21)).accepted());
    let (fields, body) = forged(21);
    let end = run_on(Role::Local, "", "", &fields, &body);
    assert!(end.accepted() && end.modifications.is_empty() && end.reasons() == ["header_checks.foreign_field"]);
}

#[test]
fn nothing_is_refused_of_the_machine_itself() {
    let (fields, body) = message(&[("Subject", " a\u{7}b")], "Hello\r\n");
    let end = run_on(Role::Local, "", "", &fields, &body);
    assert!(end.accepted());
    assert_eq!(end.reasons(), ["header_checks.control_character"]);
    let end = run_on(Role::Local, "refuse_on = [\"local\"]", "", &fields, &body);
    assert!(!end.accepted());
}

#[test]
fn mail_from_elsewhere_and_smtputf8_are_left_alone() {
    let (fields, body) = message(&[("Subject", " Gr\u{fc}\u{df}e")], "Hello\r\n");
    let end = run_on(Role::Mx, "", "<alice@example.com>", &fields, &body);
    assert_eq!((end.reasons(), edits(&end)), (vec![], vec![]));
    let end = run_on(Role::Submission, "", "<alice@example.com> SMTPUTF8", &fields, &body);
    // The test kit has no arguments of MAIL, so SMTPUTF8 becomes part of the sender. Nothing else is odd.
    assert!(end.accepted());
}

#[test]
fn local_mail_that_postfix_marks_as_smtputf8_is_told_of() {
    for (role, subject, told) in [
        (Role::Local, &b" Gr\xc3\xbc\xc3\x9fe"[..], true),
        (Role::Local, b" Gr\xfc\xdfe", false),
        (Role::Submission, b" Gr\xc3\xbc\xc3\x9fe", false),
    ] {
        let (mut fields, body) = message(&[], "Hello\r\n");
        fields.push(("Comments".to_owned(), subject.to_vec()));
        let reasons = run_on(role, "", "<alice@example.com>", &fields, &body).reasons();
        assert_eq!(reasons.contains(&"header_checks.smtputf8_autodetect".to_owned()), told, "{role:?} {reasons:?}");
    }
}

#[test]
fn in_shadow_nothing_is_done_and_everything_told() {
    let fields = [("X-A", " a\u{7}"), ("Subject", " Gr\u{fc}\u{df}e")];
    let message = message(&fields, "Hello\r\n");
    for shadow in [
        "shadow = true",
        "raw_8bit_header = { action = \"fix\", shadow = true }\ncontrol_character = { action = \"reject\", shadow = true }",
    ] {
        let end = run(shadow, &message);
        assert!(end.accepted());
        assert_eq!(edits(&end), [""; 0]);
        let actions: Vec<_> = end.record.report.checks.iter().map(|note| note.action).collect();
        assert_eq!(actions, ["shadow_reject", "shadow_fix"]);
    }
}

#[test]
fn a_tag_is_a_field() {
    let end =
        run("html_only = \"tag\"", &message(&[("Content-Type", " text/html"), ("MIME-Version", " 1.0")], "<p>\r\n"));
    assert_eq!(edits(&end), ["+X-Postseal-Found: html_only"]);
}

#[test]
fn exceptions_change_the_action() {
    let message = message(&[("Subject", " a\u{7}b")], "Hello\r\n");
    let exception = |who: &str| {
        let text = format!("[[exception]]\nchecks = [\"control_character\"]\n{who}\naction = \"log\"");
        run(&text, &message).accepted()
    };
    assert!(exception("user = \"ali*\""));
    assert!(exception("client = \"192.0.2.0/24\"\nlistener = \"test\""));
    assert!(!exception("user = \"bob\""));
    assert!(!exception("user = \"alice\"\nclient = \"10.0.0.0/8\""));
}
