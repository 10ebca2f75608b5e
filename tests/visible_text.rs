//! Text that mail brings, wherever people see it: nothing in it acts on a terminal, and nothing makes a line of its own.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::io::Read;
use std::process::{Command as Program, Stdio};

use bytes::Bytes;
use postseal_filters::visible::is_hidden;
use postseal_protocol::{Address, Command, HeaderField, MacroList};
use serde_json::Value;
use support::mta::FakeMta;
use support::{ONE_LISTENER, Service, http};

const TITLE: &str = "\x1b]0;PWNED\x07\x1b[2K\x1b[1A\u{9b}31m\u{202e}\u{2066}\u{200f}\u{2028}\x7f";
/// Lists every address that may not be used, in a reason.
const SENDER: &str = "[sender]\nheader_mismatch = \"log\"\nenvelope_mismatch = \"log\"\n";
const LIMIT: &str = "[[rate_limit]]\nname = \"per-user\"\nkey = [\"user\"]\ncount = \"messages\"\nlimit = \"3/1h\"\n\
                     [store]\nurl = \"memory:\"\n";

fn macros(command: u8, name: &str, value: String) -> Command {
    Command::Macros(MacroList { command, values: vec![(Bytes::from(name.to_owned()), Bytes::from(value))] })
}

/// Hands in a message in which every text that the client chooses has such characters.
fn hostile_message(mta: &mut FakeMta) {
    mta.greet();
    mta.tell(&macros(b'M', "{auth_authen}", format!("mallory\nsignature   d=own.example s=s1{TITLE}")));
    mta.say(&Command::Mail(Address::new(format!("<ceo\u{9b}31m{TITLE}@victim.example>"))));
    mta.say(&Command::Rcpt(Address::new("<bob@example.net>")));
    mta.tell(&macros(b'T', "i", format!("4Q1\nverdict     accept{TITLE}")));
    mta.say(&Command::Data);
    mta.say(&Command::Header(HeaderField::new("From", format!(" {TITLE} <ceo{TITLE}@victim.example>"))));
    mta.say(&Command::Header(HeaderField::new("Message-ID", format!(" <{TITLE}\n\x1b@x>"))));
    mta.say(&Command::EndOfHeaders);
    mta.say(&Command::EndOfMessage(None)).unwrap();
}

/// Fails if a text acts on a terminal; line ends may stand between lines.
fn harmless(what: &str, text: &str) {
    let hidden: Vec<char> = text.chars().filter(|c| *c != '\n' && is_hidden(*c)).collect();
    assert!(hidden.is_empty(), "{what} has {hidden:?}:\n{text:?}");
}

fn ask(service: &Service, path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let answer = http(&service.address("admin"), &request);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    answer.body
}

fn run(service: &Service, arguments: &[&str]) -> String {
    let mut command = Program::new(env!("CARGO_BIN_EXE_postseal"));
    command.args(arguments).arg("--config").arg(service.path("postseal.toml"));
    let output = command.output().unwrap();
    String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
}

/// A service whose commands find it: with a socket.
fn service() -> Service {
    Service::start(&format!(
        "{ONE_LISTENER}socket = \"{{folder}}/admin.sock\"\n[log]\naddresses = true\n{SENDER}{LIMIT}"
    ))
}

#[test]
fn the_admin_port_and_the_commands_show_escapes() {
    let mut service = service();
    let mut mta = FakeMta::connect(&service.address("submission"));
    hostile_message(&mut mta);
    service.wait_for("message");

    let why = ask(&service, "/api/decisions/0");
    harmless("the decision", &why);
    assert!(why.contains(r"\u{1b}]0;PWNED\u{7}") && why.contains(r"\u{9b}31m\u{202e}"), "{why}");
    assert!(!why.lines().any(|line| line.starts_with("signature")), "{why}");
    assert_eq!(why.lines().filter(|line| line.starts_with("verdict")).count(), 1, "{why}");

    let status = ask(&service, "/api/status");
    harmless("the status", &status);
    let status: Value = serde_json::from_str(&status).unwrap();
    for field in ["user", "mail_from", "queue_id"] {
        let text = status["decisions"][0][field].as_str().unwrap();
        harmless(field, text);
        assert!(!text.contains('\n') && text.contains(r"\u{1b}"), "{field}: {text:?}");
    }
    harmless("top", &run(&service, &["top", "--once"]));

    let key = format!("per-user:m{TITLE}\nper-user:forged");
    for arguments in [&["limits", "block", &key][..], &["limits", "list"], &["limits", "list", "--json"]] {
        let text = run(&service, arguments);
        harmless(&arguments.join(" "), &text);
        assert!(!text.lines().any(|line| line.starts_with("per-user:forged")), "{arguments:?}: {text}");
    }
    harmless("limits", &ask(&service, "/api/limits"));
}

#[test]
fn the_log_shows_escapes_in_both_forms() {
    for format in ["json", "text"] {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("milter.sock");
        let listener = format!("[[listener]]\nname = \"a\"\naddress = \"unix:{}\"\n", socket.display());
        let log = format!("[log]\nformat = \"{format}\"\nlevel = \"debug\"\n[admin]\naddress = \"none\"\n");
        let config = folder.path().join("postseal.toml");
        std::fs::write(&config, format!("{listener}{log}{SENDER}{LIMIT}")).unwrap();
        let mut command = Program::new(env!("CARGO_BIN_EXE_postseal"));
        let mut child = command.args(["run", "--config"]).arg(&config).stdout(Stdio::piped()).spawn().unwrap();
        let deadline = std::time::Instant::now() + support::PATIENCE;
        while !socket.exists() {
            assert!(std::time::Instant::now() < deadline, "no socket");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        hostile_message(&mut FakeMta::connect(&format!("unix:{}", socket.display())));
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id().cast_signed()), nix::sys::signal::Signal::SIGTERM)
            .unwrap();
        let mut text = String::new();
        child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        child.wait().unwrap();
        harmless(format, &text);
        let line = text.lines().find(|line| line.contains("victim.example")).unwrap();
        assert!(line.contains(r"\u009b31m\u202e") && line.contains(r"mallory\nsignature"), "{line}");
    }
}

#[test]
fn an_explanation_shows_escapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let config = format!("[[listener]]\nname = \"a\"\naddress = \"unix:/x\"\n{SENDER}[header_checks]\n");
    std::fs::write(path("postseal.toml"), config).unwrap();
    let mail =
        format!("From: {TITLE}\x1b[32mreason      none <ceo@victim.example> x\nSubject: \u{fc}{TITLE}\n\nHello\n");
    std::fs::write(path("mail.eml"), mail).unwrap();
    for more in [&[][..], &["--json"]] {
        let mut command = Program::new(env!("CARGO_BIN_EXE_postseal"));
        command.arg("explain").arg(path("mail.eml")).arg("--config").arg(path("postseal.toml"));
        let user = format!("mallory\nsignature   d=own.example{TITLE}");
        command.args(["--auth", &user, "--from", &format!("<x{TITLE}@victim.example>")]).args(more);
        let text = String::from_utf8(command.output().unwrap().stdout).unwrap();
        harmless("explain", &text);
        assert!(text.contains("]0;PWNED"), "{text}");
        assert!(!text.lines().any(|line| line.starts_with("signature")), "{text}");
    }
}
