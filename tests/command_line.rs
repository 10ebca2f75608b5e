//! The commands as a script meets them: exit codes, and what goes where.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use postseal::command::{Exit, execute};

/// Runs a command: exit code, what it wrote to stdout, and to stderr.
fn run<S: Into<OsString>>(arguments: impl IntoIterator<Item = S>) -> (Exit, String, String) {
    let arguments = [OsString::from("postseal")].into_iter().chain(arguments.into_iter().map(Into::into));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = execute(arguments, &mut out, &mut err);
    (exit, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

fn folder(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("postseal-command-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn wrong_usage_is_64() {
    for arguments in [vec![], vec!["sign"], vec!["keygen"], vec!["keygen", "a.b", "--algorithm", "dsa"]] {
        let (exit, out, err) = run(&arguments);
        assert_eq!((exit.code(), out.as_str()), (64, ""), "{arguments:?}");
        assert!(err.contains("Usage: postseal") || err.contains("try '--help'"), "{err}");
    }
    let (exit, _, err) = run(["check-config", "--set", "log.level"]);
    assert_eq!(exit.code(), 64);
    assert!(err.contains("write KEY=VALUE, such as log.level=debug"), "{err}");
}

#[test]
fn help_and_version_are_results() {
    let (exit, out, err) = run(["--version"]);
    assert_eq!((exit.code(), err.as_str()), (0, ""));
    assert_eq!(out, format!("postseal {}\n", env!("CARGO_PKG_VERSION")));
    let (exit, out, err) = run(["--help"]);
    assert_eq!((exit.code(), err.as_str()), (0, ""));
    assert!(out.contains("check-config"), "{out}");
}

#[test]
fn check_config_shows_what_is_in_force_and_who_signs() {
    let folder = folder("check");
    let keys = folder.join("keys");
    for (selector, algorithm) in [("e1", "ed25519"), ("s1", "rsa2048")] {
        let arguments = ["keygen", "example.com", "--selector", selector, "--algorithm", algorithm, "--dir"];
        let arguments = arguments.into_iter().map(OsString::from).chain([keys.clone().into()]);
        assert_eq!(run(arguments).0, Exit::Fine);
    }
    let file = folder.join("p.toml");
    let text = "[[listener]]\nname = \"a\"\naddress = \"unix:/run/a\"\nmode = \"0666\"\n[dkim]\nkey_dir = \"keys\"\n";
    std::fs::write(&file, text).unwrap();
    let check = |more: &str| {
        run(["check-config".as_ref(), "--config".as_ref(), file.as_os_str(), "--set".as_ref(), more.as_ref()])
    };
    let (exit, out, err) = check("log.format=text");
    assert_eq!(exit.code(), 0, "{err}");
    assert!(out.lines().any(|line| line.starts_with("format = \"text\"") && line.ends_with("# --set log.format")));
    let table = "# From         d=           i=  s=\n\
                 # example.com  example.com  -   s1 (RSA 2048), e1 (Ed25519)\n";
    assert!(out.ends_with(table), "{out}");
    let warning = "listener[0].mode = \"0666\": every local user can have mail signed; better set `group`";
    assert_eq!(err, format!("warning: {}:4:1: {warning}\n", file.display()));
    let quiet = run(["check-config".as_ref(), "--quiet".as_ref(), "--config".as_ref(), file.as_os_str()]);
    assert_eq!(quiet, (Exit::Fine, String::new(), err));

    let (exit, out, err) = check("dkim.key_dir=nowhere");
    let complaint = "dkim.key_dir = \"nowhere\": can't be listed: No such file or directory (os error 2)";
    assert_eq!((exit.code(), out.as_str(), err), (1, "", format!("--set dkim.key_dir: {complaint}\n")));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn secrets_in_urls_are_not_shown() {
    let folder = folder("urls");
    let file = folder.join("postseal.toml");
    std::fs::write(folder.join("good"), "https://hooks.example/T0/SECRET\n").unwrap();
    std::fs::write(folder.join("bad"), "hooks.example/T0/SECRET-of-bad\n").unwrap();
    let listener = "[[listener]]\nname = \"a\"\naddress = \"inet:127.0.0.1:0\"\n";
    for (more, code, shown) in [
        ("[webhook]\nurl = \"https://hooks.example/T0/SECRET?k=1\"", 0, "\"https://hooks.example/***\""),
        ("[webhook]\nurl = \"https//hooks.example/SECRET\"", 1, "webhook.url = \"***\": expected http"),
        ("[webhook]\nurl = \"https://u:SECRET@hooks.example/\"", 1, "\"https://***\": expected http"),
        ("[webhook]\nurl_file = \"good\"", 0, "url_file = \"good\""),
        ("[webhook]\nurl_file = \"bad\"", 1, "webhook.url_file = \"bad\": holds no URL: expected http"),
        ("[webhook]\nurl_file = \"good\"\nurl = \"http://a/SECRET\"", 1, "there is a webhook.url too"),
        ("[store]\nurl = \"redis://user:SECRET\"", 1, "\"redis://***\": `***` is not a port"),
        ("[store]\nurl = \"redis+unix:///x?db=1&password=SECRET\"", 1, "\"redis+unix://***\""),
        ("[store]\nurl = \"redis://user:SECRET@cache:6379/1\"", 0, "\"redis://user:***@cache:6379/1\""),
    ] {
        std::fs::write(&file, format!("{listener}{more}\n")).unwrap();
        let (exit, out, err) = run(["check-config".as_ref(), "--config".as_ref(), file.as_os_str()]);
        let all = out + &err;
        assert_eq!(exit.code(), code, "{more}: {all}");
        assert!(all.contains(shown) && !all.contains("SECRET"), "{more}: {all}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_bad_configuration_is_1_to_check_and_78_to_run() {
    let file = folder("bad").join("p.toml");
    std::fs::write(&file, "[log]\nlevl = 1\n").unwrap();
    let complaint = format!("{}:2:1: log.levl = 1: unknown key; did you mean `level`?\n", file.display());
    for (command, code) in [("check-config", 1), ("run", 78)] {
        let (exit, out, err) = run([command.as_ref(), "--config".as_ref(), file.as_os_str()]);
        assert_eq!((exit.code(), out, err.as_str()), (code, String::new(), complaint.as_str()));
    }
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
}

#[test]
fn keygen_never_replaces_a_key() {
    let folder = folder("keygen");
    let keygen = |more: &[&str]| {
        let mut arguments = vec!["keygen", "Example.com.", "--dir", folder.to_str().unwrap()];
        arguments.extend(more);
        run(arguments)
    };
    let (exit, out, err) = keygen(&["--selector", "s1", "--algorithm", "ed25519"]);
    assert_eq!((exit.code(), err.as_str()), (0, ""));
    let file = folder.join("example.com/s1.pem");
    assert!(out.contains("\ns1._domainkey.example.com. IN TXT (\n    \"v=DKIM1; k=ed25519; p="), "{out}");
    assert!(out.contains("\ns1._domainkey.example.com\nv=DKIM1; k=ed25519; p="), "{out}");
    assert!(out.contains(&format!("{{ selector = \"s1\", file = {file:?} }}")), "{out}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let pem = std::fs::read(&file).unwrap();
    let (exit, out, err) = keygen(&["--selector", "s1"]);
    assert_eq!((exit.code(), out.as_str()), (1, ""));
    assert!(err.ends_with("s1.pem exists and is kept; choose another name with --selector\n"), "{err}");
    assert_eq!(std::fs::read(&file).unwrap(), pem);
    // No draft is left behind.
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn keygen_shares_a_key_with_the_group_of_a_setgid_directory() {
    let folder = folder("keygen-shared");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o2750)).unwrap();
    let (exit, out, err) =
        run(["keygen", "example.com", "--selector", "s1", "--algorithm", "ed25519", "--dir", folder.to_str().unwrap()]);
    assert_eq!((exit, err.as_str()), (Exit::Fine, ""));
    assert!(out.contains("the group of the directory can read it"), "{out}");
    assert_eq!(mode(&folder.join("example.com")), 0o2750);
    assert_eq!(mode(&folder.join("example.com/s1.pem")), 0o640);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn keygen_takes_no_name_that_leads_elsewhere() {
    for (domain, selector, complaint) in [
        ("../etc", "s1", "the domain has '/', which can't be in a name: `../etc`"),
        ("example.com", "../../s1", "the selector has '/', which can't be in a name: `../../s1`"),
        ("localhost", "s1", "`localhost` is not a domain: it has no dot"),
    ] {
        let (exit, _, err) = run(["keygen", domain, "--selector", selector, "--dir", "/nowhere"]);
        assert_eq!((exit.code(), err), (1, format!("postseal: {complaint}\n")));
    }
}

#[test]
fn keygen_makes_folders_that_only_the_owner_can_write() {
    let folder = folder("keygen-umask");
    let directory = folder.join("new/keys");
    let script = "umask 000; exec \"$0\" keygen example.com --algorithm ed25519 --selector s1 --dir \"$1\"";
    let mut shell = std::process::Command::new("/bin/sh");
    let output = shell.args(["-c", script, env!("CARGO_BIN_EXE_postseal")]).arg(&directory).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    for path in [folder.join("new"), directory.clone(), directory.join("example.com")] {
        assert_eq!(mode(&path), 0o755, "{}", path.display());
    }
    assert_eq!(mode(&directory.join("example.com/s1.pem")), 0o600);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn keygen_does_not_follow_a_link_in_the_place_of_a_domain() {
    let folder = folder("keygen-link");
    std::fs::create_dir(folder.join("elsewhere")).unwrap();
    std::os::unix::fs::symlink("elsewhere", folder.join("example.com")).unwrap();
    std::fs::write(folder.join("example.org"), "").unwrap();
    for (domain, complaint) in [("example.com", "is a link, which is not followed"), ("example.org", "is not a folder")]
    {
        let (exit, out, err) = run(["keygen", domain, "--selector", "s1", "--dir", folder.to_str().unwrap()]);
        assert_eq!((exit.code(), out.as_str()), (1, ""));
        assert!(err.contains(&format!("{domain} {complaint}")), "{err}");
    }
    assert_eq!(std::fs::read_dir(folder.join("elsewhere")).unwrap().count(), 0);
    std::fs::remove_dir_all(folder).unwrap();
}
