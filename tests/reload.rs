//! SIGHUP: a new configuration in force at once, or the old one untouched.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod support;

use std::path::Path;
use std::process::Command;

use nix::sys::signal::Signal;
use postseal_protocol::Verdict;
use support::mta::FakeMta;
use support::{ONE_LISTENER, Service, Start};

const SUCCESS: &str = "postseal_config_reloads_total{outcome=\"success\"}";
const FAILURE: &str = "postseal_config_reloads_total{outcome=\"failure\"}";
const LAST_SUCCESSFUL: &str = "postseal_config_last_reload_successful";

#[test]
fn a_good_configuration_is_put_in_force() {
    let mut service = Service::start(ONE_LISTENER);
    let address = service.address("submission");
    let mut before = FakeMta::connect(&address);
    before.begin();
    let line = service.reload(&format!("{ONE_LISTENER}[log]\naddresses = true\n[limits]\nrecipients = 1\n"));
    assert_eq!(line["outcome"], "success");
    assert_eq!((service.metric(SUCCESS), service.metric(FAILURE), service.metric(LAST_SUCCESSFUL)), (1.0, 0.0, 1.0));
    assert!(service.seen("restart_needed").is_empty());

    assert_eq!(before.finish("4Q1"), Verdict::Accept, "a message in flight does not notice");
    let line = service.wait_for("message");
    assert_eq!(line["mail_from"], "alice@example.com", "the log changes at once");
    before.mail();
    before.another_recipient();
    assert_eq!(before.finish("4Q2"), Verdict::Accept, "the connection keeps its filters until the MTA closes it");

    let mut after = FakeMta::connect(&address);
    after.begin();
    after.another_recipient();
    assert!(matches!(after.finish("4Q3"), Verdict::Reply(reply) if reply.code() == 452), "a new one has the new limit");
}

#[test]
fn a_broken_configuration_changes_nothing() {
    let mut service = Service::start(ONE_LISTENER);
    let address = service.address("submission");
    let loaded = service.metric("postseal_config_last_reload_timestamp_seconds");
    for (broken, named) in [
        (format!("{ONE_LISTENER}[log]\nlevel = \"loud\"\n"), "log.level"),
        (format!("{ONE_LISTENER}[log]\nadresses = true\n"), "addresses"),
        ("[[listener]".to_owned(), "postseal.toml"),
        (String::new(), "listener"),
    ] {
        let line = service.reload(&broken);
        assert_eq!((&line["outcome"], &line["level"]), (&"failure".into(), &"error".into()), "{line}");
        let message = line["message"].as_str().unwrap();
        assert!(message.starts_with("the configuration stays as it was: ") && message.contains(named), "{message}");
        assert_eq!(FakeMta::connect(&address).message("4Q1"), Verdict::Accept);
    }
    assert_eq!((service.metric(SUCCESS), service.metric(FAILURE), service.metric(LAST_SUCCESSFUL)), (0.0, 4.0, 0.0));
    assert_eq!(service.metric("postseal_config_last_reload_timestamp_seconds"), loaded);
    assert_eq!(service.get("/readyz").status, 200);
    service.reload(ONE_LISTENER);
    assert_eq!((service.metric(SUCCESS), service.metric(LAST_SUCCESSFUL)), (1.0, 1.0));
}

#[test]
fn what_needs_a_restart_is_named_and_the_rest_is_taken() {
    let mut service = Service::start(ONE_LISTENER);
    let address = service.address("submission");
    service.reload(
        "[[listener]]\nname = \"submission\"\naddress = \"inet:127.0.0.1:1\"\n\
         [[listener]]\nname = \"another\"\naddress = \"inet:127.0.0.1:2\"\n\
         [admin]\naddress = \"none\"\n[limits]\nconnections = 5\n[log]\naddresses = true\n",
    );
    let named: Vec<_> = service.seen("restart_needed").into_iter().map(|line| line["key"].clone()).collect();
    assert_eq!(named, ["listener `submission`: address", "listener `another` is new", "admin", "limits.connections"]);
    FakeMta::connect(&address).message("4Q1");
    assert_eq!(service.wait_for("message")["mail_from"], "alice@example.com");
    assert_eq!(service.metric("postseal_connections_limit"), 1000.0);
    // Back again: nothing is left to restart for.
    service.reload(ONE_LISTENER);
    assert_eq!(service.seen("restart_needed").len(), 4);
}

#[test]
fn a_hail_of_signals_is_survived() {
    let mut service = Service::start(ONE_LISTENER);
    let address = service.address("submission");
    let mut mta = FakeMta::connect(&address);
    for number in 0..50 {
        service.signal(Signal::SIGHUP);
        assert_eq!(mta.message(&format!("4Q{number}")), Verdict::Accept);
    }
    service.signal(Signal::SIGTERM);
    assert!(service.ended().success());
    assert!(!service.seen("reload").is_empty());
    assert_eq!(service.seen("message").len(), 50);
}

/// Makes a key for example.com in a folder of its own below `folder`; the file.
fn key(folder: &Path, selector: &str) -> std::path::PathBuf {
    let directory = folder.join(format!("made-{selector}"));
    let mut keygen = Command::new(env!("CARGO_BIN_EXE_postseal"));
    keygen.args(["keygen", "example.com", "--algorithm", "ed25519", "--selector", selector, "--dir"]);
    let output = keygen.arg(&directory).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    directory.join(format!("example.com/{selector}.pem"))
}

fn signatures(service: &mut Service, mta: &mut FakeMta) -> Vec<String> {
    assert_eq!(mta.message("4Q1"), Verdict::Accept);
    let line = service.wait_for("message");
    let notes = line["signatures"].as_array().unwrap();
    notes.iter().map(|note| note["selector"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn keys_in_the_directory_come_and_go_without_a_reload() {
    let config = format!("{ONE_LISTENER}[dkim]\nkey_dir = \"{{folder}}/keys\"\nkey_refresh = \"100ms\"\n");
    let start = Start::new(&config);
    let domain = start.path("keys/example.com");
    std::fs::create_dir_all(&domain).unwrap();
    let made = key(start.path("").as_path(), "s1");
    let mut service = start.start();
    let response = service.get("/readyz");
    assert_eq!((response.status, response.body.as_str()), (503, "not ready: keys: no key can be used\n"));

    std::fs::rename(made, domain.join("s1.pem")).unwrap();
    let line = service.wait_for("key");
    assert!(line["message"].as_str().unwrap().ends_with("s1.pem: key loaded"), "{line}");
    let mut mta = FakeMta::connect(&service.address("submission"));
    assert_eq!(signatures(&mut service, &mut mta), ["s1"], "filters of a connection see it too");
    service.wait_for_metric(
        "postseal_dkim_signatures_total{algorithm=\"ed25519-sha256\",domain=\"example.com\",selector=\"s1\"}",
        1.0,
    );
    assert_eq!(service.get("/readyz").status, 200);

    std::fs::remove_file(domain.join("s1.pem")).unwrap();
    // Other notices of the directory may come before.
    while !service.wait_for("key")["message"].as_str().unwrap().ends_with("s1.pem: key removed") {}
    assert!(signatures(&mut service, &mut mta).is_empty());
}

#[test]
fn half_a_key_file_leaves_the_old_key_in_force() {
    let config = format!(
        "{ONE_LISTENER}[dkim]\nkey_refresh = \"1h\"\n[[dkim.domain]]\ndomain = \"example.com\"\n\
         keys = [{{ selector = \"s1\", file = \"s1.pem\" }}]\n"
    );
    let start = Start::new(&config);
    let file = start.path("s1.pem");
    let whole = std::fs::read(key(start.path("").as_path(), "s1")).unwrap();
    std::fs::write(&file, &whole).unwrap();
    let mut service = start.start();
    let mut mta = FakeMta::connect(&service.address("submission"));
    assert_eq!(signatures(&mut service, &mut mta), ["s1"]);

    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let line = service.reload(&config);
    assert_eq!(line["outcome"], "failure");
    assert!(line["message"].as_str().unwrap().contains("s1.pem"), "{line}");
    assert_eq!(signatures(&mut service, &mut mta), ["s1"]);
    assert_eq!(service.get("/readyz").status, 200);

    std::fs::write(&file, &whole).unwrap();
    assert_eq!(service.reload(&config)["outcome"], "success");
    let mut after = FakeMta::connect(&service.address("submission"));
    assert_eq!(signatures(&mut service, &mut after), ["s1"]);
}

#[test]
fn nobody_is_served_before_the_keys_are_there() {
    let config = "[[listener]]\nname = \"s\"\naddress = \"unix:{folder}/milter.sock\"\n[admin]\naddress = \"none\"\n\
                  [dkim]\nkey_dir = \"{folder}/made-s1\"\n";
    let start = Start::new(config);
    key(start.path("").as_path(), "s1");
    let path = start.path("milter.sock");
    let address = format!("unix:{}", path.display());
    let mut service = start.spawn();
    let mut mta = loop {
        if let Ok(mta) = FakeMta::try_silent(&address) {
            break mta;
        }
        std::thread::yield_now();
    };
    mta.agree();
    assert_eq!(signatures(&mut service, &mut mta), ["s1"]);
}

#[test]
fn a_changed_file_is_noticed_without_a_signal() {
    let watching = format!("{ONE_LISTENER}[reload]\nwatch_config = true\nperiod = \"100ms\"\n");
    let mut service = Service::start(&watching);
    service.replace_config("[[listener]");
    assert_eq!(service.wait_for("reload")["outcome"], "failure");
    service.replace_config(&format!("{watching}[log]\naddresses = true\n"));
    assert_eq!(service.wait_for("reload")["outcome"], "success");
    assert_eq!((service.metric(SUCCESS), service.metric(FAILURE)), (1.0, 1.0), "each change once");
    let address = service.address("submission");
    let mut mta = FakeMta::connect(&address);
    mta.begin();
    assert_eq!(mta.finish("4Q1"), Verdict::Accept);
    assert_eq!(service.wait_for("message")["mail_from"], "alice@example.com");
}

#[test]
fn a_pipe_in_the_place_of_a_table_is_refused_and_reloads_go_on() {
    let config = format!(
        "{ONE_LISTENER}[reload]\nperiod = \"100ms\"\n[sender]\n[[sender.table]]\nfile = \"owners\"\nformat = \"lines\"\n"
    );
    let start = Start::new(&config);
    let table = start.path("owners");
    std::fs::write(&table, "alice alice@example.com\n").unwrap();
    let mut service = start.start();
    std::fs::remove_file(&table).unwrap();
    assert!(Command::new("mkfifo").arg(&table).status().unwrap().success());
    service.signal(Signal::SIGHUP);
    let line = service.wait_for("reload");
    let message = line["message"].as_str().unwrap();
    assert_eq!(line["outcome"], "failure", "{line}");
    assert!(message.contains("sender.table.0.file") || message.contains("sender.table[0].file"), "{message}");
    assert!(message.contains("owners: is a named pipe, not a file; name a regular file"), "{message}");
    std::fs::remove_file(&table).unwrap();
    std::fs::write(&table, "alice alice@example.com\n").unwrap();
    assert_eq!(service.reload(&config)["outcome"], "success");
}
