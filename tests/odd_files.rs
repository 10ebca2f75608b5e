//! Something else than a regular file in the place of each file that the configuration names.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Nothing here may wait for a file.
const PATIENCE: Duration = Duration::from_secs(20);

const LISTENER: &str = "[[listener]]\nname = \"submission\"\naddress = \"inet:127.0.0.1:0\"\nrole = \"submission\"\n";

/// The places of a file: the name in a message, the configuration, and whether the file is a mistake or a warning.
const PLACES: [(&str, &str); 7] = [
    ("admin.token_file", "[admin]\ntoken_file = \"odd\"\n"),
    ("webhook.token_file", "[webhook]\nurl = \"https://127.0.0.1:1/x\"\ntoken_file = \"odd\"\n"),
    ("store.password_file", "[store]\nurl = \"redis://127.0.0.1:1\"\npassword_file = \"odd\"\n"),
    ("store.ca_file", "[store]\nurl = \"rediss://127.0.0.1:1\"\nca_file = \"odd\"\n"),
    ("sender.table[0].file", "[sender]\n[[sender.table]]\nfile = \"odd\"\nformat = \"lines\"\n"),
    (
        "rate_limit[0].override_file",
        "[[rate_limit]]\nname = \"user\"\nkey = [\"user\"]\nlimit = [\"1/1h\"]\noverride_file = \"odd\"\n",
    ),
    (
        "dkim.domain[0].keys[0].file",
        "[[dkim.domain]]\ndomain = \"example.com\"\nkeys = [{ selector = \"s1\", file = \"odd\" }]\n",
    ),
];

/// Makes each odd thing at a path, and says how postseal names it.
fn odd_things(path: &Path, mut test: impl FnMut(&str)) {
    let remove = || drop(fs::remove_file(path));
    let other = path.with_file_name("pipe");
    assert!(Command::new("mkfifo").arg(&other).status().unwrap().success());
    symlink(&other, path).unwrap();
    test("is a named pipe, not a file");
    remove();
    fs::rename(&other, path).unwrap();
    test("is a named pipe, not a file");
    remove();
    symlink("/dev/zero", path).unwrap();
    test("is a device, not a file");
    remove();
    fs::create_dir(path).unwrap();
    test("is a directory, not a file");
    fs::remove_dir(path).unwrap();
    let socket = UnixListener::bind(path).unwrap();
    test("is a socket, not a file");
    drop(socket);
    remove();
    File::create(path).unwrap().set_len(1 << 30).unwrap();
    test("is longer than ");
    remove();
    test("there is no such file");
}

fn check_config(config: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postseal"));
    command.args(["check-config", "--quiet", "--config"]).arg(config).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("check-config hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn check_config_names_what_is_in_the_place_of_a_file() {
    for (key, section) in PLACES {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("postseal.toml");
        fs::write(&config, format!("{LISTENER}{section}")).unwrap();
        odd_things(&folder.path().join("odd"), |what| {
            let output = check_config(&config);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success(), "{key}: {what}");
            let line = said.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{key}, {what}: {said}"));
            assert!(line.contains(key), "{line}");
        });
    }
}

#[test]
fn an_odd_configuration_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("postseal.toml");
    odd_things(&config, |what| {
        let said = String::from_utf8(check_config(&config).stderr).unwrap();
        assert!(said.contains(&format!("{}: {what}", config.display())), "{what}: {said}");
        assert!(said.contains("--config FILE"), "{said}");
    });
}

#[test]
fn odd_things_in_the_key_directory_are_warnings() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("postseal.toml");
    fs::write(&config, format!("{LISTENER}[dkim]\nkey_dir = \"keys\"\n")).unwrap();
    fs::create_dir_all(folder.path().join("keys/example.com")).unwrap();
    odd_things(&folder.path().join("keys/example.com/s1.pem"), |what| {
        let output = check_config(&config);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        assert!(what.starts_with("there is no") || said.contains(&format!("s1.pem: {what}")), "{what}: {said}");
    });
}

#[test]
fn a_message_without_end_is_not_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("message");
    fs::write(folder.path().join("postseal.toml"), LISTENER).unwrap();
    File::create(&path).unwrap().set_len(1 << 30).unwrap();
    let mut explain = Command::new(env!("CARGO_BIN_EXE_postseal"));
    explain.arg("explain").arg("--config").arg(folder.path().join("postseal.toml"));
    let output = explain.arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("is longer than"), "{said}");
}

#[test]
fn secrets_that_others_can_read_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("postseal.toml");
    for (key, section) in PLACES.into_iter().filter(|(key, _)| key.contains("token") || key.contains("password")) {
        fs::write(&config, format!("{LISTENER}{section}")).unwrap();
        let secret = folder.path().join("odd");
        fs::write(&secret, "0123456789abcdef0123456789abcdef\n").unwrap();
        for (mode, told) in [(0o600, false), (0o640, false), (0o644, true), (0o660, true)] {
            fs::set_permissions(&secret, fs::Permissions::from_mode(mode)).unwrap();
            let output = check_config(&config);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
            let line = said.lines().find(|line| line.contains(&format!("(mode {mode:04o})")));
            assert_eq!(line.is_some(), told, "{key} {mode:o}: {said}");
            assert!(line.is_none_or(|line| line.contains(key)), "{said}");
        }
    }
}
