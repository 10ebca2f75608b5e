//! `postseal explain`, as a postmaster runs it.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::process::{Command, Output};

use mail_parser::MessageParser;
use serde_json::Value;
use tempfile::TempDir;

const CONFIG: &str = "[[listener]]\nname = \"submission\"\naddress = \"inet:127.0.0.1:1\"\n\
    [[listener]]\nname = \"mx\"\naddress = \"inet:127.0.0.1:2\"\nrole = \"mx\"\n\
    [origin]\nmacros = { \"{daemon_name}\" = [\"ORIGINATING\"] }\n[dkim]\nkey_dir = \"keys\"\n";
const MAIL: &str = "From: Alice <alice@example.com>\nTo: bob@example.net\nSubject: a\n folded one\n\nHello\n";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::write(place.0.path().join("postseal.toml"), CONFIG).unwrap();
        fs::write(place.0.path().join("mail.eml"), MAIL).unwrap();
        let made = place.run(&["keygen", "example.com", "--dir", "keys", "--algorithm", "ed25519", "--selector", "s"]);
        assert!(made.status.success());
        place
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postseal"));
        command.current_dir(self.0.path()).args(arguments).output().unwrap()
    }

    /// What `explain` prints about the mail, which must be a success.
    fn explain(&self, arguments: &[&str]) -> String {
        let output = self.run(&[&["explain", "mail.eml", "--config", "postseal.toml"], arguments].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn tells_why_and_why_not() {
    let place = Place::new();
    for (arguments, expected) in [
        (&[][..], "signature   d=example.com s=s a=ed25519-sha256"),
        (&["--auth", "alice", "--client", "192.0.2.7"], "ours        authenticated"),
        (&["--client", "192.0.2.7"], "reason      dkim.not_origin"),
        (&["--client", "192.0.2.7", "--macro", "{daemon_name}=ORIGINATING"], "ours        macro"),
        (&["--listener", "mx"], "reason      dkim.not_origin"),
    ] {
        let text = place.explain(arguments);
        assert!(text.lines().any(|line| line == expected), "{arguments:?}:\n{text}");
        assert!(text.lines().any(|line| line == "verdict     accept"), "{text}");
    }
}

#[test]
fn shows_what_was_repaired_before_and_after() {
    let place = Place::new();
    let config = format!("{CONFIG}[header_checks]\n");
    fs::write(place.0.path().join("postseal.toml"), config).unwrap();
    let long = "x".repeat(1000);
    let mail =
        [b"From: Alice <alice@example.com>\nTo: bob@example.net\nSubject: Gr\xfc\xdfe\n\n", long.as_bytes()].concat();
    fs::write(place.0.path().join("mail.eml"), mail).unwrap();
    let text = place.explain(&["--auth", "alice"]);
    for line in [
        "reason      header_checks.raw_8bit_header: fix: Subject: raw 8-bit text that is not UTF-8 (octet FC at offset 3)",
        "before      Subject: Gr\\xfc\\xdfe",
        "after       Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=",
        "after       Content-Transfer-Encoding: quoted-printable",
        "before      body of 1000 octets:",
        "after       X-Postseal-Fixed: raw_8bit_header, missing_field, long_body_line",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}:\n{text}");
    }
    // What tells of the repair is signed.
    let unfolded: String = text.split_whitespace().collect();
    assert!(unfolded.contains(":X-Postseal-Fixed:X-Postseal-Fixed;"), "{text}");
    let config = format!("{CONFIG}[header_checks]\nfixed_field = \"X-Mended\"\n");
    fs::write(place.0.path().join("postseal.toml"), config).unwrap();
    let unfolded: String = place.explain(&["--auth", "alice"]).split_whitespace().collect();
    assert!(unfolded.contains(":X-Mended:X-Mended;"), "{unfolded}");
}

#[test]
fn json_is_the_line_of_the_log() {
    let place = Place::new();
    let text = place.explain(&["--json", "--auth", "alice", "--from", "<a@example.com>", "--rcpt", "<b@example.net>"]);
    let line: Value = serde_json::from_str(&text).unwrap();
    for (key, value) in [
        ("event", Value::from("message")),
        ("user", "alice".into()),
        ("mail_from", "a@example.com".into()),
        ("rcpt_count", 1.into()),
        ("verdict", "accept".into()),
    ] {
        assert_eq!(line.get(key), Some(&value), "{key}");
    }
}

#[test]
fn the_message_as_it_would_leave_is_the_message_below_its_signature() {
    let place = Place::new();
    place.explain(&["--output", "out.eml"]);
    let out = fs::read_to_string(place.0.path().join("out.eml")).unwrap();
    assert!(out.starts_with("DKIM-Signature: v=1; a=ed25519-sha256; s=s; d=example.com;"));
    assert!(out.ends_with(&MAIL.replace('\n', "\r\n")), "{out}");
    let read = MessageParser::default().parse(&out).unwrap();
    assert_eq!(read.from().and_then(|from| from.first()?.address()), Some("alice@example.com"));
    assert_eq!((read.subject(), read.body_text(0).as_deref()), (Some("a folded one"), Some("Hello\r\n")));
}

#[test]
fn mistakes_have_their_exit_codes() {
    let place = Place::new();
    for (arguments, code, text) in [
        (&["explain", "mail.eml", "--config", "postseal.toml", "--listener", "nix"][..], 64, "submission, mx"),
        (&["explain", "nix.eml", "--config", "postseal.toml"], 1, "nix.eml"),
        (&["explain", "mail.eml", "--config", "nix.toml"], 78, "nix.toml"),
        (&["explain"], 64, "FILE.eml"),
    ] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(text), "{arguments:?}");
    }
}

#[test]
fn a_message_from_a_stranger_does_nothing_to_the_terminal() {
    let place = Place::new();
    let sender = "[sender]\n[[sender.owner]]\nuser = \"*\"\nmay_use = [\"@example.com\"]\n";
    fs::write(place.0.path().join("postseal.toml"), format!("{CONFIG}{sender}[header_checks]\n")).unwrap();
    let escapes = "\x1b]0;PWNED\x07\x1b[2K\u{9b}31m\u{202e}\u{2066}\u{200f}\u{2028}\x7f";
    let mail = format!(
        "From: {escapes} <ceo@victim.example> x\nReply-To: {escapes} <a@b.example>\nSubject: {escapes} \u{fc}\n\nHi\n"
    );
    fs::write(place.0.path().join("mail.eml"), mail).unwrap();
    let forged = format!("alice\nsignature   d=own.example s=s1 a=rsa-sha256{escapes}");
    let from = format!("{escapes}a\nverdict     accept@example.com");
    for arguments in [&["--auth", &forged, "--from", &from][..], &["--auth", &forged], &["--from", &from]] {
        for rcpt in ["bob@example.net", &from] {
            let text = place.explain(&[arguments, &["--rcpt", rcpt]].concat());
            let hidden = |c: char| c != '\n' && postseal_filters::visible::is_hidden(c);
            assert!(!text.contains(hidden), "{text:?}");
            assert!(!text.lines().any(|line| line.starts_with("signature   d=own.example")), "{text}");
            assert_eq!(text.lines().filter(|line| line.starts_with("verdict ")).count(), 1, "{text}");
            let json = place.explain(&[arguments, &["--rcpt", rcpt, "--json"]].concat());
            assert!(!json.contains(hidden) && json.lines().count() == 1, "{json:?}");
        }
    }
}
