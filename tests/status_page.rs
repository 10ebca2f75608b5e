//! The status page and what it is made of, from a running service.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use postseal_protocol::{Address, Command, MacroList};
use serde_json::Value;
use support::mta::FakeMta;
use support::{ONE_LISTENER, Response, Service, Start, http};

fn ask(service: &Service, path: &str, more: &str) -> Response {
    let address = service.address("admin");
    http(&address, &format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{more}Connection: close\r\n\r\n"))
}

fn status(service: &Service) -> Value {
    let response = ask(service, "/api/status", "");
    assert_eq!(response.status, 200, "{}", response.body);
    serde_json::from_str(&response.body).unwrap()
}

#[test]
fn decisions_are_told_with_their_reasons_and_without_addresses() {
    let mut service = Service::start(ONE_LISTENER);
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.message("4Q1");
    mta.message("4Q2");
    service.wait_for("message");
    service.wait_for("message");
    let status = status(&service);
    assert_eq!(status["verdicts"]["accept"], 2.0);
    assert_eq!(status["minutes"].as_array().unwrap().iter().map(minute_total).sum::<u64>(), 2);
    assert_eq!((&status["unready"], &status["config"]["last_reload_successful"]), (&Value::Null, &true.into()));
    assert_eq!((&status["listeners"][0]["name"], &status["listeners"][0]["open"]), (&"submission".into(), &1.into()));
    let newest = &status["decisions"][0];
    assert_eq!((&newest["queue_id"], &newest["verdict"]), (&"4Q2".into(), &"accept".into()));
    assert_eq!(newest["mail_from"], "a***@example.com");

    let why = ask(&service, &format!("/api/decisions/{}", newest["number"]), "");
    assert_eq!(why.status, 200);
    assert!(why.body.starts_with("listener    submission\n"), "{}", why.body);
    assert!(why.body.ends_with("verdict     accept\n"), "{}", why.body);
    assert_eq!(ask(&service, "/api/decisions/99", "").status, 404);
    assert_eq!(ask(&service, "/api/decisions/x", "").status, 404);
}

#[test]
fn what_a_stranger_writes_is_shown_with_escapes() {
    const HIDDEN: [char; 6] = ['\x1b', '\u{9b}', '\x7f', '\u{202e}', '\u{2066}', '\u{2028}'];
    let limit = "[[rate_limit]]\nname = \"per-user\"\nkey = [\"user\"]\ncount = \"messages\"\nlimit = \"3/1h\"\n";
    let service =
        Service::start(&format!("{ONE_LISTENER}[log]\naddresses = true\n{limit}[store]\nurl = \"memory:\"\n"));
    let mut mta = FakeMta::connect(&service.address("submission"));
    let hidden = String::from_iter(HIDDEN);
    let login = format!("alice\nsignature   d=own.example s=s1 a=rsa-sha256{hidden}");
    mta.greet();
    mta.say(&Command::Macros(MacroList { command: b'M', values: vec![("{auth_authen}".into(), login.into())] }));
    mta.say(&Command::Mail(Address::new(format!("<a{hidden}@example.com>"))));
    mta.another_recipient();
    mta.finish("4Q1");
    service.wait_for_metric("postseal_messages_total{listener=\"submission\",verdict=\"accept\"}", 1.0);
    let report = status(&service);
    let shown = "\\u{1b}\\u{9b}\\u{7f}\\u{202e}\\u{2066}\\u{2028}";
    assert_eq!(report["decisions"][0]["mail_from"], format!("a{shown}@example.com"));
    let user = format!("alice\\nsignature   d=own.example s=s1 a=rsa-sha256{shown}");
    assert_eq!(report["decisions"][0]["user"], user);
    let why = ask(&service, &format!("/api/decisions/{}", report["decisions"][0]["number"]), "").body;
    assert!(why.contains(&format!(", user {user}\n")) && !why.contains(HIDDEN), "{why:?}");
    for path in ["/api/status", "/api/limits"] {
        let answer = ask(&service, path, "").body;
        assert!(!answer.contains(HIDDEN), "{answer:?}");
    }
}

#[test]
fn it_tells_who_is_near_a_limit_and_who_is_blocked() {
    let limit = "[[rate_limit]]\nname = \"per-sender\"\nkey = [\"sender\"]\ncount = \"messages\"\nlimit = \"3/1h\"\n";
    let service = Service::start(&format!("{ONE_LISTENER}{limit}[store]\nurl = \"memory:\"\n"));
    assert_eq!(status(&service)["nearest"], Value::Array(Vec::new()));
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.message("4Q1");
    mta.message("4Q2");
    service.wait_for_metric("postseal_messages_total{listener=\"submission\",verdict=\"accept\"}", 2.0);
    let before = status(&service);
    let expected = serde_json::json!([{ "key": "per-sender:a***@example.com", "used": 2, "quota": 3, "window": "1h" }]);
    assert_eq!(before["nearest"], expected);
    assert_eq!((&before["store"]["kind"], &before["store"]["open"]), (&"memory".into(), &false.into()));
}

fn minute_total(minute: &Value) -> u64 {
    minute["verdicts"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum()
}

#[test]
fn the_page_may_run_nothing_but_itself() {
    let service = Service::start(ONE_LISTENER);
    let page = ask(&service, "/", "");
    assert_eq!(page.status, 200);
    let policy = page.head.lines().find(|line| line.starts_with("content-security-policy:")).unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.body.contains("http://") || page.body.matches("http://").count() == 1, "nothing from elsewhere");
    for inline in [" style=\"", " onclick=\"", "innerHTML", "insertAdjacentHTML"] {
        assert!(!page.body.contains(inline), "{inline}");
    }
}

#[test]
fn it_is_for_this_machine_or_who_has_the_token() {
    let service = Service::start(ONE_LISTENER);
    let address = service.address("admin");
    for path in ["/", "/api/status"] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n");
        assert_eq!(http(&address, &request).status, 403, "{path}: a page from elsewhere may not read");
    }
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "correct horse battery".replace(' ', "-")).unwrap();
    let guarded = format!("{ONE_LISTENER}token_file = \"{}\"\n", token.display());
    let service = Service::start(&guarded);
    let address = service.address("admin");
    let ask = |fields: &str| {
        http(&address, &format!("GET /api/status HTTP/1.1\r\nHost: mail.example\r\n{fields}Connection: close\r\n\r\n"))
    };
    let refused = ask("");
    assert_eq!(refused.status, 401);
    assert!(refused.head.contains("www-authenticate: basic"), "{}", refused.head);
    assert_eq!(ask("Authorization: Bearer wrong\r\n").status, 401);
    assert_eq!(ask("Authorization: Bearer correct-horse-battery\r\n").status, 200);
}

#[test]
fn it_can_be_switched_off() {
    let service = Service::start(&format!("{ONE_LISTENER}status_page = false\n"));
    for path in ["/", "/api/status", "/api/decisions/0"] {
        assert_eq!(ask(&service, path, "").status, 404, "{path}");
    }
    assert_eq!(service.get("/metrics").status, 200);
}

#[test]
fn the_list_of_limits_has_no_full_addresses_without_a_token() {
    let limit = "[[rate_limit]]\nname = \"u\"\nkey = [\"sender\"]\ncount = \"messages\"\nlimit = \"3/1h\"\n";
    let start = Start::new(&format!("{ONE_LISTENER}token_file = \"token\"\n{limit}[store]\nurl = \"memory:\"\n"));
    std::fs::write(start.path("token"), "0123456789abcdef\n").unwrap();
    let service = start.start();
    let mut mta = FakeMta::connect(&service.address("submission"));
    mta.message("4Q1");
    service.wait_for_metric("postseal_messages_total{listener=\"submission\",verdict=\"accept\"}", 1.0);
    let key = |more: &str| {
        let list: Value = serde_json::from_str(&ask(&service, "/api/limits", more).body).unwrap();
        list["keys"][0]["key"].as_str().unwrap().to_owned()
    };
    assert_eq!(key(""), "u:a***@example.com");
    assert_eq!(key("Authorization: Bearer 0123456789abcdef\r\n"), "u:alice@example.com");
    for path in ["/api/status", "/api/decisions/0", "/metrics"] {
        assert!(!ask(&service, path, "").body.contains("alice"), "{path}");
    }
}
