//! The configuration as an operator meets it: layers, the texts of mistakes, and the printout.
#![allow(clippy::unwrap_used, clippy::result_large_err, reason = "a test may panic; the error is figment's")]

use std::path::Path;

use figment::Jail;
use postseal::config::{self, CommandLineSetting, Config, LoadedConfig};

const MINIMAL: &str = r#"
[[listener]]
name = "submission"
address = "inet:127.0.0.1:8891"
"#;

/// Loads `text` with these variables and flags.
fn load(text: &str, variables: &[(&str, &str)], flags: &[&str]) -> Result<LoadedConfig, String> {
    let mut result = Err(String::new());
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("p.toml", text)?;
        for (name, value) in variables {
            jail.set_env(name, value);
        }
        let flags: Vec<CommandLineSetting> = flags.iter().map(|flag| flag.parse().unwrap()).collect();
        result = config::load(Some(Path::new("p.toml")), &flags).map_err(|error| error.to_string());
        Ok(())
    });
    result
}

fn mistakes(text: &str, variables: &[(&str, &str)], flags: &[&str]) -> String {
    match load(text, variables, flags) {
        Ok(_) => panic!("accepted: {text}"),
        Err(mistakes) => mistakes,
    }
}

#[test]
fn what_is_not_set_is_the_default() {
    let config = load(MINIMAL, &[], &[]).unwrap().config;
    let listener = config.listener.clone();
    assert_eq!(config, Config { listener, ..Config::default() });
    assert_eq!(config.listener[0].mode.bits(), 0o660);
    assert_eq!(config.limits.packet_size.bytes(), 1 << 20);
}

#[test]
fn file_then_environment_then_flags() {
    let text = format!("{MINIMAL}[limits]\nconnections = 1\nrecipients = 1\nheader_fields = 1\n");
    let variables = [("POSTSEAL__LIMITS__RECIPIENTS", "2"), ("POSTSEAL__LIMITS__HEADER_FIELDS", "2")];
    let limits = load(&text, &variables, &["limits.header_fields=3"]).unwrap().config.limits;
    assert_eq!((limits.connections, limits.recipients, limits.header_fields), (1, 2, 3));
}

#[test]
fn a_variable_can_hold_lists_tables_and_text_that_looks_like_a_number() {
    let variables = [
        ("POSTSEAL__LISTENER", r#"[{name="a", address="unix:/run/a", mode="0600", group="101"}]"#),
        ("POSTSEAL__ORIGIN__NETWORKS", r#"["10.0.0.0/8"]"#),
        ("POSTSEAL__ORIGIN__MACROS", r#"{"{daemon_name}"=["ORIGINATING"], j=["a"]}"#),
        ("POSTSEAL__ADMIN__ADDRESS", "none"),
        // Kubernetes makes such variables for a Service of our name.
        ("POSTSEAL_PORT", "tcp://10.0.0.1:8891"),
    ];
    let config = load("", &variables, &[]).unwrap().config;
    assert_eq!(config.listener[0].group.as_deref(), Some("101"));
    assert_eq!(config.origin.networks, ["10.0.0.0/8".parse().unwrap()]);
    assert_eq!(config.origin.macros["{daemon_name}"], ["ORIGINATING"]);
    assert_eq!(config.admin.address, None);
}

#[test]
fn mistakes_say_where_what_and_why() {
    let mut wrong = String::new();
    for (text, message) in [
        ("", "p.toml: listener: no listener; add a [[listener]] with name and address"),
        ("[limits]\nconections = 1", "p.toml:2:1: limits.conections = 1: unknown key; did you mean `connections`?"),
        ("[limit]\n", "p.toml:1:2: limit: unknown key; did you mean `limits`?"),
        (
            "[log]\nidle-timeout = \"1s\"",
            "p.toml:2:1: log.idle-timeout = \"1s\": unknown key here; it belongs in [limits]",
        ),
        (
            "[log]\nidle_timeout = \"1s\"",
            "p.toml:2:1: log.idle_timeout = \"1s\": unknown key here; it belongs in [limits]",
        ),
        ("level = \"info\"", "p.toml:1:1: level = \"info\": unknown key; it belongs in [log]"),
        (
            "[log]\ncolour = true",
            "p.toml:2:1: log.colour = true: unknown key; there are `format`, `level`, `addresses`, `line_size`",
        ),
        (
            "[log]\nlevel = \"warning\"",
            "p.toml:2:1: log.level = \"warning\": expected one of `error`, `warn`, `info`, `debug`, `trace`",
        ),
        (
            "[log]\nlevel = \"inf\"",
            "p.toml:2:1: log.level = \"inf\": expected one of `error`, `warn`, `info`, `debug`, `trace`; \
             did you mean `info`?",
        ),
        (
            "[limits]\nidle_timeout = 30",
            "p.toml:2:1: limits.idle_timeout = 30: `30` has no unit; write 30s for seconds",
        ),
        (
            "[limits]\nidle_timeout = true",
            "p.toml:2:1: limits.idle_timeout = true: expected a duration in quotes, such as \"8s\", found true or false",
        ),
        (
            "[limits]\nheader_size = \"1M\"",
            "p.toml:2:1: limits.header_size = \"1M\": `1M` is not a size; write a number and B, KB, MB, GB, KiB, MiB \
             or GiB, such as 64KiB",
        ),
        (
            "[limits]\nconnections = -1",
            "p.toml:2:1: limits.connections = -1: expected a whole number, found a number below 0",
        ),
        ("[limits]\nconnections = 0", "p.toml:2:1: limits.connections = 0: must be more than 0"),
        ("[limits]\nheader_edits = 0", "p.toml:2:1: limits.header_edits = 0: must be more than 0"),
        ("[limits]\nenvelope_size = 0", "p.toml:2:1: limits.envelope_size = 0: must be more than 0"),
        ("[limits]\nreasons = 0", "p.toml:2:1: limits.reasons = 0: must be more than 0"),
        ("[log]\nline_size = 100", "p.toml:2:1: log.line_size = 100: must be 4KiB to 64KiB"),
        ("[admin]\nconnections = 1", "p.toml:2:1: admin.connections = 1: must be 2 to 1000"),
        ("[admin]\nrequest_timeout = \"0s\"", "p.toml:2:1: admin.request_timeout = \"0s\": must be 100ms to 60s"),
        ("[admin]\nanswer_timeout = \"5m\"", "p.toml:2:1: admin.answer_timeout = \"5m\": must be 100ms to 60s"),
        (
            "[limits]\npacket_size = 100",
            "p.toml:2:1: limits.packet_size = 100: must be at least 64KiB: MTAs send the body in pieces of that size",
        ),
        (
            "[origin]\nnetworks = [\"::1\", \"10.0.0.1/8\"]",
            "p.toml:2:20: origin.networks[1] = \"10.0.0.1/8\": `10.0.0.1/8` has bits set behind its prefix; \
             did you mean 10.0.0.0/8?",
        ),
        (
            "[origin.macros]\n\"{auth type}\" = []",
            "p.toml:2:1: origin.macros.\"{auth type}\": `{auth type}` is not a macro name, such as {daemon_name} or j",
        ),
        (
            "[admin]\naddress = \"localhost:9891\"",
            "p.toml:2:1: admin.address = \"localhost:9891\": `localhost:9891` is not IP:PORT, such as 127.0.0.1:9891 \
             or [::1]:9891",
        ),
        (
            "[[listener]]\nname = \"a\"\naddress = \"inet:127.0.0.1:1\"\n[[listener]]\nname = \"b\"",
            "p.toml:4:1: listener[1].address: is required",
        ),
        (
            "[[listener]]\nname = \"a\"\naddress = \"unix:/a\"\nmode = \"888\"",
            "p.toml:4:1: listener[0].mode = \"888\": `888` is not an octal mode, such as \"0660\"",
        ),
        (
            "[[listener]]\nname = \"a\"\naddress = \"unix:/a\"\nmode = 660",
            "p.toml:4:1: listener[0].mode = 660: expected text in quotes, found a number",
        ),
        (
            "[[listener]]\nname = \"a b\"\naddress = \"unix:/a\"",
            "p.toml:2:1: listener[0].name = \"a b\": expected 1 to 64 letters, digits, `_`, `-` or `.`",
        ),
        ("[log\n", "p.toml:1:5: not TOML: invalid table header; expected `.`, `]`"),
        ("[log]\nlevel = \"info\"\nlevel = \"warn\"", "p.toml:3:1: not TOML: duplicate key `level` in table `log`"),
    ] {
        let found = mistakes(text, &[], &[]);
        let others = found.strip_suffix("\np.toml: listener: no listener; add a [[listener]] with name and address");
        let found = others.unwrap_or(&found);
        if found != message {
            wrong.push_str(&format!("\n{text}\n  found:    {found}\n  expected: {message}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn all_mistakes_are_told_in_the_order_of_the_file() {
    let text = r#"
[[listener]]
name = "a"
addres = "unix:/run/a"
[[listener]]
name = "b"
address = "inet:8891"
role = "submision"
[origin]
networks = ["10.0.0.1/8", "::1", "localhost"]
[limits]
connections = "many"
"#;
    let variables = [("POSTSEAL__LOG__FORMAT", "xml"), ("POSTSEAL__LIMIT__X", "1")];
    assert_eq!(
        mistakes(text, &variables, &["log.level=verbose"]).lines().collect::<Vec<_>>(),
        [
            "p.toml:2:1: listener[0].address: is required",
            "p.toml:4:1: listener[0].addres = \"unix:/run/a\": unknown key; did you mean `address`?",
            "p.toml:7:1: listener[1].address = \"inet:8891\": `8891` names no host; write inet:127.0.0.1:8891 for \
             this machine, inet:0.0.0.0:8891 for every network",
            "p.toml:8:1: listener[1].role = \"submision\": expected one of `submission`, `local`, `reinject`, `mx`; \
             did you mean `submission`?",
            "p.toml:10:13: origin.networks[0] = \"10.0.0.1/8\": `10.0.0.1/8` has bits set behind its prefix; did you \
             mean 10.0.0.0/8?",
            "p.toml:10:34: origin.networks[2] = \"localhost\": `localhost` is not an IP address",
            "p.toml:12:1: limits.connections = \"many\": expected a whole number, found text",
            "POSTSEAL__LIMIT__X: limit: unknown key; did you mean `limits`?",
            "POSTSEAL__LOG__FORMAT: log.format = \"xml\": expected one of `json`, `text`",
            "--set log.level: log.level = \"verbose\": expected one of `error`, `warn`, `info`, `debug`, `trace`",
        ]
    );
}

#[test]
fn what_only_shows_in_the_whole_is_a_mistake_too() {
    let listener = |name: &str, address: &str| format!("[[listener]]\nname = {name:?}\naddress = {address:?}\n");
    for (text, message) in [
        (
            listener("a", "unix:/a") + &listener("a", "unix:/b"),
            "p.toml:5:1: listener[1].name = \"a\": listener[0] has the same name",
        ),
        (
            listener("a", "unix:/a") + &listener("b", "local:/a"),
            "p.toml:6:1: listener[1].address = \"local:/a\": listener[0] has the same address",
        ),
        (
            listener("a", "inet:127.0.0.1:9891"),
            "p.toml:3:1: listener[0].address = \"inet:127.0.0.1:9891\": is the same as admin.address, 127.0.0.1:9891",
        ),
    ] {
        assert_eq!(mistakes(&text, &[], &[]), message);
    }
    load(&(listener("a", "inet:127.0.0.1:0") + &listener("b", "inet:127.0.0.1:0")), &[], &[]).unwrap();
}

#[test]
fn the_unwise_is_a_warning() {
    for (more, warning) in [
        ("address = \"unix:/run/a\"", "p.toml: dkim: no [dkim] section: nothing is signed"),
        (
            "address = \"unix:/run/a\"\nmode = \"0666\"\n[dkim]\nkey_dir = \"/keys\"",
            "p.toml:4:1: listener[0].mode = \"0666\": every local user can have mail signed; better set `group`",
        ),
        (
            "address = \"inet:localhost:8891\"\ngroup = \"postfix\"\n[dkim]\nkey_dir = \"/keys\"",
            "p.toml:4:1: listener[0].group = \"postfix\": has no effect: the address is not a unix socket",
        ),
        (
            "address = \"inet:localhost:8891\"\n[[dkim.domain]]\ndomain = \"*\"\n\
             keys = [{ selector = \"s\", file = \"f\" }]",
            "p.toml:4:1: dkim.domain[0]: signs as whatever domain is in From: whoever may send can have mail signed for \
             every domain that publishes the key; let a [sender] section say who may use which addresses",
        ),
    ] {
        let loaded = load(&format!("[[listener]]\nname = \"a\"\n{more}\n"), &[], &[]).unwrap();
        assert_eq!(loaded.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(), [warning]);
    }
}

#[test]
fn mistakes_in_signing_are_told_like_all_others() {
    for (dkim, message) in [
        ("", "p.toml:1:2: dkim: has no key to sign with; add a [[dkim.domain]] or key_dir, or leave the section out"),
        (
            "canonicalisation = \"simple/simple\"",
            "dkim.canonicalisation = \"simple/simple\": unknown key; did you mean `canonicalization`?",
        ),
        (
            "canonicalization = \"relaxed\"",
            "dkim.canonicalization = \"relaxed\": is not relaxed/relaxed, relaxed/simple, simple/relaxed or simple/simple",
        ),
        ("expiry = 7", "dkim.expiry = 7: `7` has no unit; write 7s for seconds"),
        (
            "expiry = \"1s\"\nkey_dir = \"k\"",
            "dkim.expiry = \"1s\": is less than a minute; a signature has to outlive the way; or write \"none\"",
        ),
        (
            "headers = \"all\"",
            "dkim.headers = \"all\": expected \"default\" or a list of header field names, found text",
        ),
        (
            "headers = [\"From\", \"Received\"]",
            "p.toml:2:20: dkim.headers[1] = \"Received\": Received changes on the way, so it must not be signed",
        ),
        ("on_error = \"accept\"", "dkim.on_error = \"accept\": expected one of `tempfail`, `pass`, `reject`"),
        (
            "domain = [{ domain = \"*.a.example\" }]",
            "p.toml:2:13: dkim.domain[0].domain = \"*.a.example\": mixes * with a name; write .example.com for all subdomains of example.com, or * for everything",
        ),
        (
            "domain = [{ domain = \"a@b.example\" }]",
            "p.toml:2:13: dkim.domain[0].domain = \"a@b.example\": is an address; write address = \"a@b.example\" instead of domain",
        ),
        (
            "domain = [{ domain = \"a.example\", keys = [{ selector = \"a b\", file = \"f\" }] }]",
            "p.toml:2:45: dkim.domain[0].keys[0].selector = \"a b\": has ' ', which can't be in a name: `a b`",
        ),
        (
            "domain = [{ domain = \"a.example\", keys = [{ selector = \"a\" }] }]",
            "p.toml:2:43: dkim.domain[0].keys[0].file: is required",
        ),
    ] {
        let found = mistakes(&format!("[dkim]\n{dkim}\n{MINIMAL}"), &[], &[]);
        let message = if message.starts_with("p.toml") { message.to_owned() } else { format!("p.toml:2:1: {message}") };
        assert_eq!(found, message);
    }
}

#[test]
fn the_printout_names_every_source_and_can_be_used_again() {
    let text = format!("{MINIMAL}[limits]\nrecipients = 1\n");
    let loaded = load(&text, &[("POSTSEAL__LIMITS__CONNECTIONS", "2")], &["log.format=text"]).unwrap();
    let mut out = Vec::new();
    loaded.write_effective(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    for (setting, source) in [
        ("name = \"submission\"", "p.toml:3:1"),
        ("role = \"submission\"", "default"),
        ("connections = 2", "POSTSEAL__LIMITS__CONNECTIONS"),
        ("recipients = 1", "p.toml:6:1"),
        ("format = \"text\"", "--set log.format"),
    ] {
        let line = out.lines().find(|line| line.starts_with(setting));
        assert_eq!(line.and_then(|line| line.split("  # ").nth(1)), Some(source), "{setting}");
    }
    assert_eq!(load(&out, &[], &[]).unwrap().config, loaded.config);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = config::load(Some(Path::new("/nowhere/p.toml")), &[]).err().unwrap();
    assert_eq!(
        error.to_string(),
        "can't read the configuration /nowhere/p.toml: there is no such file; give another file with \
         --config FILE"
    );
}

#[test]
fn bounds_of_reload_and_key_directory_are_checked() {
    let listener = "[[listener]]\nname = \"a\"\naddress = \"unix:/run/a\"\n";
    for (more, expected) in [
        (
            "[reload]\ntimeout = \"0s\"",
            "p.toml:5:1: reload.timeout = \"0s\": must be at least 1s, or no reload would be finished in time",
        ),
        (
            "[dkim]\nkey_dir = \"k\"\nkey_dir_max_selectors = 0",
            "p.toml:6:1: dkim.key_dir_max_selectors = 0: must be more than 0, or no key could be found; leave the key out for \
             its default",
        ),
        (
            "[dkim]\nkey_dir = \"k\"\nkey_dir_max_domains = 0",
            "p.toml:6:1: dkim.key_dir_max_domains = 0: must be more than 0, or no key could be found; leave the key out for \
             its default",
        ),
    ] {
        let error = load(&format!("{listener}{more}\n"), &[], &[]).err().unwrap();
        assert_eq!(error.to_string(), expected);
    }
}
