use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;

use super::*;

const BOUND: FileBound = FileBound { octets: 2 << 10, what: "key" };

fn error(path: &Path) -> String {
    read(path, BOUND).map(|content| content.bytes).unwrap_err().to_string()
}

#[test]
fn only_a_regular_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let linked = |name: &str, target: PathBuf| {
        symlink(target, at(name)).unwrap();
        at(name)
    };
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(at("socket")).unwrap();
    std::fs::write(at("file"), "text").unwrap();
    for (path, what) in [
        (at("pipe"), "a named pipe"),
        (linked("link-to-pipe", at("pipe")), "a named pipe"),
        (linked("endless", "/dev/zero".into()), "a device"),
        (folder.path().to_owned(), "a directory"),
        (at("socket"), "a socket"),
    ] {
        assert_eq!(error(&path), format!("is {what}, not a file; name a regular file or a link to one"));
    }
    assert_eq!(error(&at("missing")), "there is no such file");
    assert_eq!(error(&linked("dangling", at("missing"))), "there is no such file");
    assert!(error(&linked("circle", at("circle"))).starts_with("can't be read: "));
    assert!(error(&at("file").join("below")).starts_with("can't be read: "));
    assert_eq!(read(&linked("link", at("file")), BOUND).unwrap().bytes, b"text");
}

#[test]
fn a_long_file_is_not_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let file = File::create(&path).unwrap();
    file.set_len(BOUND.octets).unwrap();
    assert_eq!(read(&path, BOUND).unwrap().bytes.len() as u64, BOUND.octets);
    for octets in [BOUND.octets + 1, 1 << 30] {
        file.set_len(octets).unwrap();
        assert_eq!(error(&path), "is longer than 2 KiB, so it is no key");
        let large = FileBound { octets: 1 << 20, ..BOUND };
        assert_eq!(read(&path, large).is_ok(), octets <= large.octets);
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, b"ab\xff").unwrap();
    assert_eq!(read_text(&path, BOUND).unwrap_err(), FileError::NotText(3));
    std::fs::write(&path, "\u{e4}").unwrap();
    assert_eq!(read_text(&path, BOUND).unwrap(), "\u{e4}");
}

#[test]
fn the_bounds_have_room_for_what_people_use() {
    for (bound, octets) in [
        (MAX_KEY_FILE, 13 << 10),
        (MAX_TOKEN_FILE, 512),
        (MAX_PASSWORD_FILE, 512),
        (MAX_CERTIFICATE_FILE, 300 << 10),
        (MAX_CONFIGURATION_FILE, 40 << 20),
    ] {
        assert!(bound.octets >= 2 * octets || bound == MAX_CONFIGURATION_FILE && bound.octets > octets, "{bound:?}");
    }
}

#[test]
fn exposed_permissions_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "secret").unwrap();
    for (mode, expected) in [
        (0o600, None),
        (0o640, None),
        (0o644, Some("every user of this machine can read the token (mode 0644)")),
        (0o660, Some("its group can change the token (mode 0660)")),
        (0o622, Some("every user of this machine can change the token (mode 0622)")),
        (0o666, Some("every user of this machine can read and change the token (mode 0666)")),
    ] {
        std::fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let told = exposed(&path, "token", &fs::metadata(&path).unwrap());
        let expected = expected.map(|text| format!("{}: {text}; mend it with `chmod o=,g-w`", path.display()));
        assert_eq!(told, expected);
    }
}
