//! docs/header-checks.md is made of the checks themselves, and of what they really answer to its examples.

use std::fmt::Write as _;
use std::path::Path;

use super::super::*;
use super::{message, reply, run};

type Example = (Check, &'static [(&'static str, &'static str)], &'static str);

/// What shows each check at work: fields, and a body. Fields that a good message has are there too, unless named.
const EXAMPLES: [Example; 31] = [
    (Check::Raw8bitHeader, &[("Subject", " Grüße")], ""),
    (Check::EncodedWord, &[("Subject", " =?utf-8?Q?Gr=FC=DFe?=")], ""),
    (Check::EncodedWordControl, &[("Subject", " =?utf-8?Q?Hello=0D=0ABcc:_victim@example.net?=")], ""),
    (Check::ControlCharacter, &[("Subject", " Hello\u{7}")], ""),
    (
        Check::FieldSyntax,
        &[],
        "Content type text/plain\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHello\r\n",
    ),
    (Check::BlankFold, &[("Subject", " Hello\n \n you")], ""),
    (Check::LongHeaderLine, &[("References", LONG_REFERENCES)], ""),
    (Check::OversizedHeader, &[("X-Data", HUGE)], ""),
    (Check::MissingField, &[("From", GONE)], ""),
    (Check::MissingRecipient, &[("To", GONE)], ""),
    (Check::DuplicateField, &[("Subject", " Hello"), ("Subject", " Hello again")], ""),
    (Check::FromAddress, &[("From", " Booking System")], ""),
    (Check::EmptyField, &[("Cc", " ")], ""),
    (Check::AddressSyntax, &[("To", " Ann Archer <ann@example.net, ben@example.net")], ""),
    (Check::DateSyntax, &[("Date", " Mo, 23 Nov 2026 10:00:00 +0100")], ""),
    (Check::MessageIdSyntax, &[("Message-ID", " 1234@host.example.com")], ""),
    (Check::HtmlInSubject, &[("Subject", " Gr&uuml;&szlig;e")], ""),
    (Check::MimeVersionMissing, &[("Content-Type", " text/plain; charset=utf-8")], ""),
    (Check::CharsetMissing, &[("MIME-Version", " 1.0"), ("Content-Type", " text/plain")], "Grüße\r\n"),
    (
        Check::CharsetMismatch,
        &[("MIME-Version", " 1.0"), ("Content-Type", " text/plain; charset=us-ascii")],
        "Grüße\r\n",
    ),
    (
        Check::TransferEncodingMismatch,
        &[
            ("MIME-Version", " 1.0"),
            ("Content-Type", " text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", " 7bit"),
        ],
        "Grüße\r\n",
    ),
    (Check::HtmlWithoutMime, &[], "<html><body>Hello</body></html>\r\n"),
    (Check::HtmlOnly, &[("MIME-Version", " 1.0"), ("Content-Type", " text/html")], "<p>Hello</p>\r\n"),
    (Check::LongBodyLine, &[], LONG_LINE),
    (
        Check::EightBitBody,
        &[
            ("MIME-Version", " 1.0"),
            ("Content-Type", " text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", " 8bit"),
        ],
        "Grüße\r\n",
    ),
    (Check::NulOrBareCrLf, &[], "one line\nanother\r\n"),
    (
        Check::MimeStructure,
        &[("MIME-Version", " 1.0"), ("Content-Type", " multipart/mixed; boundary=a; boundary=b")],
        "--a\r\n\r\nHello\r\n--a--\r\n",
    ),
    (
        Check::UnclosedMultipart,
        &[("MIME-Version", " 1.0"), ("Content-Type", " multipart/mixed; boundary=a")],
        "--a\r\n\r\nHello\r\n",
    ),
    (Check::HeaderInjection, &[("Subject", " Contact\n Bcc: victim@example.net")], ""),
    (Check::ManyRepairs, &[("X-Text", REPEATED)], ""),
    (Check::ManyRecipients, &[("To", MANY)], ""),
];

/// Stands for a field that is not there.
const GONE: &str = "";
const LONG_REFERENCES: &str = "...";
const HUGE: &str = "....";
const LONG_LINE: &str = ".....\r\n";
const MANY: &str = "......";
/// Stands for a field that is there again and again.
const REPEATED: &str = ".......";
const REPETITIONS: usize = 101;

/// The example as it is run, and as it is printed.
fn example(fields: &[(&'static str, &'static str)], body: &str) -> (Vec<(&'static str, String)>, String) {
    let long = |value: &str| match value {
        LONG_REFERENCES => " <1@example.com>".repeat(80),
        HUGE => " data".repeat(7000),
        REPEATED => " Grüße".to_owned(),
        MANY => (1..=101).map(|at| format!(" b{at}@example.net,")).collect(),
        other => other.to_owned(),
    };
    let times = |value: &str| if value == REPEATED { REPETITIONS } else { 1 };
    let body = if body == LONG_LINE { format!("{}\r\n", "lorem ipsum ".repeat(90)) } else { body.to_owned() };
    let fields = fields.iter().flat_map(|(name, value)| std::iter::repeat_n((*name, long(value)), times(value)));
    (fields.collect(), body)
}

fn printed(fields: &[(&str, String)], body: &str) -> String {
    let mut out = String::new();
    let repeated = fields.len() == REPETITIONS;
    for (name, value) in fields.iter().take(if repeated { 1 } else { fields.len() }) {
        match value.as_str() {
            "" => writeln!(out, "(no {name})").unwrap(),
            value => writeln!(out, "{name}:{}", clipped(value)).unwrap(),
        }
    }
    if repeated {
        writeln!(out, "(and {} more such fields)", REPETITIONS - 1).unwrap();
    }
    if !body.is_empty() {
        writeln!(out, "\n{}", clipped(&body.replace("\r\n", "\n")).trim_end()).unwrap();
    }
    out.replace('\u{7}', "\\x07").trim_start().to_owned()
}

fn clipped(text: &str) -> String {
    if text.len() < 200 {
        text.to_owned()
    } else {
        format!("{} ... ({} octets)", text.get(..40).unwrap_or_default(), text.len())
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a test that mends the page")]
fn the_readme_says_what_the_checks_do() {
    assert_eq!(EXAMPLES.map(|(check, ..)| check), Check::ALL, "an example for each check, in their order");
    let mut text =
        String::from("| check | default | finds | refused by default, because |\n| --- | --- | --- | --- |\n");
    for check in Check::ALL {
        let profile = check.profile();
        let action = match profile.otherwise {
            Some(otherwise) => format!("fix, or else {}", otherwise.as_str()),
            None => profile.action.as_str().to_owned(),
        };
        let action = if check.can_fix() && profile.action != CheckAction::Fix { "log".to_owned() } else { action };
        let max = profile.max.map_or_else(String::new, |max| format!(" ({max})"));
        let refuses = profile.otherwise.unwrap_or(profile.action).refuses() || profile.action.refuses();
        assert_eq!(refuses, profile.refused_because.is_some(), "{check}");
        let because = profile.refused_because.unwrap_or_default();
        writeln!(text, "| [`{check}`](#{check}) | {action}{max} | {} | {because} |", check.about().trim()).unwrap();
    }
    for (check, fields, body) in EXAMPLES {
        let (fields, body) = example(fields, body);
        let mut answer = String::new();
        let mut settings = String::new();
        for other in Check::ALL {
            let action = match (check, other) {
                _ if *other == check => "reject",
                (Check::ManyRepairs, Check::Raw8bitHeader) => "fix",
                _ => "off",
            };
            writeln!(settings, "{other} = \"{action}\"").unwrap();
        }
        let gone = |name: &str| fields.iter().any(|(other, value)| *other == name && value.is_empty());
        let given: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let (mut all, body_octets) = message(&given, &body);
        all.retain(|(name, _)| !gone(name));
        let end = run(&settings, &(all, body_octets));
        write!(answer, "{}", reply(&end)).unwrap();
        assert!(answer.starts_with(&format!("550 5.6.0 {check}: ")), "{check}: {answer}");
        write!(text, "\n### {check}\n\n```text\n{}```\n\n```text\n{answer}\n```\n", printed(&fields, &body)).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/header-checks.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let wanted = format!("{before}{BEGIN}\n\n{text}\n{END}{after}");
    if wanted != readme {
        std::fs::write(&path, wanted).unwrap();
        panic!("docs/header-checks.md was out of date; it is written anew: commit it");
    }
}

const BEGIN: &str = "<!-- Made by the tests from here -->";
const END: &str = "<!-- to here -->";
