use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use super::*;

/// A directory of its own for each test.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("postseal-ring-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn stray(name: &str, wanted: &str) -> String {
    format!("{name}: holds a private key that is not used: its name is not that of a key; call it {wanted}")
}

fn new_ring(listed: impl IntoIterator<Item = PathBuf>, directory: Option<PathBuf>) -> Ring<String> {
    Ring::new(listed, directory, DirectoryBounds { domains: 1_000, selectors: 100 })
}

/// Refreshes, and tells if keys changed, and what happened.
fn refresh(ring: &mut Ring<String>, place: &Place) -> (bool, Vec<String>) {
    let parse = |bytes: &[u8], _: i64| match bytes.strip_prefix(b"key ") {
        Some(key) => {
            let key = String::from_utf8_lossy(key).into_owned();
            let weak = key.starts_with("weak").then(|| "is weak".to_owned());
            Ok((key, weak))
        }
        None => Err("is no key".to_owned()),
    };
    // Long after anything was written: what is unchanged since is not read again.
    let now = SystemTime::now() + Duration::from_secs(60);
    let mut notices = Vec::new();
    let changed = ring.refresh(now, parse, &mut notices);
    let prefix = format!("{}/", place.0.display());
    let told = notices.iter().map(|notice| notice.to_string().replace(&prefix, "")).collect();
    (changed, told)
}

fn told(changed: bool, events: &[&str]) -> (bool, Vec<String>) {
    (changed, events.iter().map(ToString::to_string).collect())
}

fn found(ring: &Ring<String>) -> Vec<(String, String, Result<String, String>)> {
    ring.found()
        .map(|((domain, selector), key)| {
            (domain.to_string(), selector.to_string(), key.cloned().map_err(ToOwned::to_owned))
        })
        .collect()
}

#[test]
fn a_listed_file_is_replaced_only_by_a_good_one() {
    let place = Place::new("listed");
    let path = place.write("a.pem", "key 1");
    let mut ring = new_ring([path.clone()], None);
    assert_eq!(refresh(&mut ring, &place), told(true, &["a.pem: key loaded"]));
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));

    place.write("a.pem", "ke");
    let broken = "a.pem: is no key; its last good key stays in use";
    assert_eq!(refresh(&mut ring, &place), told(false, &[broken]));
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
    assert_eq!(ring.listed(&path), Ok(&"1".to_owned()));
    assert_eq!(ring.broken(), 1, "though the key is kept");
    place.write("a.pem", "");
    assert_eq!(refresh(&mut ring, &place), told(false, &[broken]));

    place.write("a.pem", "key 2");
    assert_eq!(refresh(&mut ring, &place), told(true, &["a.pem: key replaced"]));
    assert_eq!(ring.listed(&path), Ok(&"2".to_owned()));
    assert_eq!(ring.broken(), 0);

    fs::remove_file(&path).unwrap();
    let gone = "a.pem: there is no such file; its last good key stays in use";
    assert_eq!(refresh(&mut ring, &place), told(false, &[gone]));
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
    assert_eq!(ring.listed(&path), Ok(&"2".to_owned()));
    place.write("a.pem", "key 2");
    assert_eq!(refresh(&mut ring, &place), told(false, &["a.pem: is good again"]));
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
}

#[test]
fn a_file_that_never_was_good_has_no_key_and_a_reason() {
    let place = Place::new("never");
    let mut ring = new_ring([place.path("a.pem"), place.write("b.pem", "x"), place.path("")], None);
    assert_eq!(
        refresh(&mut ring, &place),
        told(
            true,
            &[
                ": is a directory, not a file; name a regular file or a link to one",
                "a.pem: there is no such file",
                "b.pem: is no key"
            ]
        )
    );
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
    assert_eq!(ring.listed(&place.path("a.pem")), Err("there is no such file"));
    place.write("c.pem", &"x".repeat(65 << 10));
    let mut ring = new_ring([place.path("c.pem")], None);
    assert_eq!(refresh(&mut ring, &place), told(true, &["c.pem: is longer than 64 KiB, so it is no key"]));
}

#[test]
fn a_key_that_all_can_read_is_told_once() {
    let place = Place::new("mode");
    let path = place.write("a.pem", "key 1");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut ring = new_ring([path.clone()], None);
    let open = "a.pem: every user of this machine can read the private key (mode 0644)";
    assert_eq!(refresh(&mut ring, &place), told(true, &[open, "a.pem: key loaded"]));
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
}

#[test]
fn a_file_changed_a_moment_ago_is_looked_at_again() {
    let place = Place::new("young");
    let path = place.write("a.pem", "key 1");
    let mut ring = new_ring([path], None);
    let parse = |bytes: &[u8], _: i64| Ok((String::from_utf8_lossy(bytes).into_owned(), None));
    let written = fs::metadata(place.path("a.pem")).unwrap().modified().unwrap();
    assert!(ring.refresh(written, parse, &mut Vec::new()));
    let stamp_before = fs::metadata(place.path("a.pem")).unwrap();
    // Same size, and the same time: as on a file system that knows only seconds.
    place.write("a.pem", "key 2");
    fs::File::open(place.path("a.pem")).unwrap().set_modified(stamp_before.modified().unwrap()).unwrap();
    assert!(ring.refresh(written, parse, &mut Vec::new()));
}

#[test]
fn the_key_directory_is_followed() {
    let place = Place::new("directory");
    place.write("Example.com/s1.pem", "key 1");
    place.write("example.com/.new.pem", "key draft");
    place.write("example.com/readme.txt", "no key");
    place.write("lost+found/s1.pem", "key lost");
    place.write("s2._domainkey.Example.net.pem", "key 2");
    place.write("key.pem", "key of nobody");
    place.write(".hidden.example/s1.pem", "key hidden");
    place.write("example.net/s 1.pem", "key without a name");
    let mut ring = new_ring([], Some(place.0.clone()));
    assert_eq!(
        refresh(&mut ring, &place),
        told(
            true,
            &[
                &stray("key.pem", "DOMAIN/key.pem"),
                &stray("lost+found/s1.pem", "DOMAIN/s1.pem"),
                "example.net/s 1.pem: its name has ' ', which can't be in a name: `s 1`",
                "Example.com/s1.pem: key loaded",
                "s2._domainkey.Example.net.pem: key loaded",
            ]
        )
    );
    let name = |domain: &str, selector: &str, key: &str| (domain.to_owned(), selector.to_owned(), Ok(key.to_owned()));
    assert_eq!(found(&ring), [name("example.com", "s1", "1"), name("example.net", "s2", "2")]);
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));

    place.write("Example.com/e1.pem", "key weak");
    place.write("example.org/s1.pem", "half");
    assert_eq!(
        refresh(&mut ring, &place),
        told(
            true,
            &["Example.com/e1.pem: key loaded", "Example.com/e1.pem: is weak", "example.org/s1.pem: is no key",]
        )
    );
    assert_eq!(found(&ring).len(), 4);

    fs::remove_dir_all(place.path("Example.com")).unwrap();
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
    assert_eq!(
        refresh(&mut ring, &place),
        told(true, &["Example.com/e1.pem: key removed", "Example.com/s1.pem: key removed"])
    );
    assert_eq!(found(&ring).len(), 2);

    fs::rename(&place.0, place.0.with_extension("away")).unwrap();
    let gone = format!("{}: can't be listed: No such file or directory (os error 2)", place.0.display());
    assert_eq!(refresh(&mut ring, &place), told(false, &[&gone]));
    for _ in 0..3 {
        assert_eq!(refresh(&mut ring, &place), told(false, &[]));
    }
    assert_eq!(found(&ring).len(), 2);
    fs::rename(place.0.with_extension("away"), &place.0).unwrap();
}

#[test]
fn a_mounted_secret_is_swapped_as_a_whole() {
    let place = Place::new("secret");
    place.write("..v1/example.com/s1.pem", "key 1");
    place.write("..v1/s2._domainkey.example.net.pem", "key 2");
    place.write("..v2/example.com/s1.pem", "key 3");
    place.write("..v2/s2._domainkey.example.net.pem", "key 4");
    symlink("..v1", place.path("..data")).unwrap();
    symlink("..data/example.com", place.path("example.com")).unwrap();
    let flat = "s2._domainkey.example.net.pem";
    symlink(format!("..data/{flat}"), place.path(flat)).unwrap();
    let mut ring = new_ring([place.path(flat)], Some(place.0.clone()));
    assert!(refresh(&mut ring, &place).0);

    symlink("..v2", place.path("..data_tmp")).unwrap();
    fs::rename(place.path("..data_tmp"), place.path("..data")).unwrap();
    fs::remove_dir_all(place.path("..v1")).unwrap();
    let replaced = format!("{flat}: key replaced");
    let events = [replaced.as_str(), "example.com/s1.pem: key replaced", &replaced];
    assert_eq!(refresh(&mut ring, &place), told(true, &events));
    assert_eq!(ring.listed(&place.path(flat)), Ok(&"4".to_owned()));
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
}

#[test]
fn keys_under_other_names_are_told_with_the_right_name() {
    let place = Place::new("strays");
    for name in [
        "example.com/mail.private", "example.com/mail._domainkey.key", "example.com.dkim.key", "example.org.pem",
        "example.net/s1.PEM", "example.net/s2.key", "example.net/plain", "not a domain/s3.pem", "mail.private",
        "s4._domainkey.example.com", "s5._domainkey.example.com.KEY", "localhost/s6.key",
    ] {
        place.write(name, "key 1");
    }
    // Copies are not used on purpose; other files are no keys; a listed key is used.
    place.write("example.com/s1.pem.bak", "key 1");
    place.write("example.com/mail.txt", "v=DKIM1");
    let listed = place.write("example.com/listed.key", "key 1");
    place.write("example.net/locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----");
    let mut ring = new_ring([listed], Some(place.0.clone()));
    let (_, mut told) = refresh(&mut ring, &place);
    told.sort();
    let mut expected = [
        stray("example.com.dkim.key", "example.com/dkim.pem"),
        stray("example.com/mail.private", "example.com/mail.pem"),
        stray("example.com/mail._domainkey.key", "example.com/mail.pem"),
        stray("example.net/locked.key", "example.net/locked.pem"),
        stray("example.net/plain", "example.net/plain.pem"),
        stray("example.net/s1.PEM", "example.net/s1.pem"),
        stray("example.net/s2.key", "example.net/s2.pem"),
        stray("example.org.pem", "example.org/SELECTOR.pem"),
        stray("localhost/s6.key", "DOMAIN/s6.pem"),
        stray("mail.private", "DOMAIN/mail.pem"),
        stray("not a domain/s3.pem", "DOMAIN/s3.pem"),
        stray("s4._domainkey.example.com", "s4._domainkey.example.com.pem"),
        stray("s5._domainkey.example.com.KEY", "s5._domainkey.example.com.pem"),
        "example.com/listed.key: key loaded".to_owned(),
        format!("{}: {}", place.0.display(), KeyEvent::NoKeys),
    ];
    expected.sort();
    assert_eq!(told, expected);
    fs::rename(place.path("example.net/s2.key"), place.path("example.net/s2.pem")).unwrap();
    assert_eq!(refresh(&mut ring, &place), self::told(true, &["example.net/s2.pem: key loaded"]));
}

#[test]
fn a_second_file_for_a_key_is_told() {
    let place = Place::new("second");
    place.write("s1._domainkey.example.com.pem", "key 1");
    place.write("example.com/s1.pem", "key 2");
    let mut ring = new_ring([], Some(place.0.clone()));
    let (_, told) = refresh(&mut ring, &place);
    let second =
        "example.com/s1.pem: is a second file for the key of s1._domainkey.example.com.pem; remove one of them";
    assert_eq!(told, [second, "s1._domainkey.example.com.pem: key loaded"]);
}

#[test]
fn many_broken_files_are_one_notice() {
    let place = Place::new("junk");
    for number in 0..90 {
        place.write(&format!("example.com/junk{number}.pem"), "");
    }
    place.write("example.com/good.pem", "key 1");
    let mut ring = new_ring([], Some(place.0.clone()));
    let (changed, notices) = refresh(&mut ring, &place);
    assert!(changed);
    assert_eq!(notices.iter().filter(|text| text.ends_with(": is no key")).count(), MAX_TOLD_WARNINGS);
    let rest = format!("{}: 70 more warnings about its files and folders are not shown", place.0.display());
    assert_eq!((notices.len(), notices.last()), (MAX_TOLD_WARNINGS + 2, Some(&rest)));
    assert!(notices.contains(&"example.com/good.pem: key loaded".to_owned()));
    assert_eq!((refresh(&mut ring, &place), ring.broken()), (told(false, &[]), 90));
}

#[test]
fn a_folder_with_too_many_entries_is_not_used_and_its_keys_stay() {
    let place = Place::new("bound");
    place.write("example.com/s1.pem", "key 1");
    place.write("example.net/s1.pem", "key 1");
    let mut ring = Ring::new([], Some(place.0.clone()), DirectoryBounds { domains: 3, selectors: 2 });
    assert_eq!(refresh(&mut ring, &place).1.len(), 2);
    let full = "can't be listed: it has more than";
    for number in 0..3 {
        place.write(&format!("example.com/junk{number}"), "");
        place.write(&format!("example.org/junk{number}"), "");
    }
    let expected =
        ["example.com", "example.org"].map(|name| format!("{name}: {full} 2 entries (dkim.key_dir_max_selectors)"));
    assert_eq!(refresh(&mut ring, &place), (true, expected.to_vec()));
    assert_eq!(found(&ring).len(), 2, "the key of example.com is still in force");
    let closed: Vec<_> = ring.closed().map(ToString::to_string).collect();
    assert_eq!((closed, ring.broken()), (vec!["example.com".to_owned(), "example.org".to_owned()], 2));
    place.write("a.example/s1.pem", "key 1");
    let top = format!("{}: {full} 3 entries (dkim.key_dir_max_domains)", place.0.display());
    assert_eq!(refresh(&mut ring, &place), (false, vec![top]));
    assert_eq!(found(&ring).len(), 2);
}

#[test]
fn folders_that_others_can_change_are_told_once() {
    let place = Place::new("open");
    place.write("example.com/s1.pem", "key 1");
    let set = |name: &str, mode| fs::set_permissions(place.path(name), fs::Permissions::from_mode(mode)).unwrap();
    set("", 0o777);
    set("example.com", 0o2770);
    let mut ring = new_ring([], Some(place.0.clone()));
    let all = format!("{}/: ", place.0.display()).replace("/:", ":");
    let expected = [
        format!("{all}every user of this machine can change this folder, and so the keys in it (mode 0777)"),
        "example.com: its group can change this folder, and so the keys in it (mode 2770)".to_owned(),
        "example.com/s1.pem: key loaded".to_owned(),
    ];
    assert_eq!(refresh(&mut ring, &place), (true, expected.to_vec()));
    assert_eq!(refresh(&mut ring, &place), told(false, &[]));
    set("", 0o755);
    set("example.com", 0o750);
    fs::set_permissions(place.path("example.com/s1.pem"), fs::Permissions::from_mode(0o660)).unwrap();
    let group = "example.com/s1.pem: its group can change the private key (mode 0660)";
    assert_eq!(refresh(&mut ring, &place), told(false, &[group]));
}

#[test]
fn the_label_domainkey_is_no_part_of_a_selector() {
    let place = Place::new("domainkey");
    place.write("example.com/mail._domainkey.pem", "key 1");
    place.write("example.com/mail._domainkey.example.com.pem", "key 1");
    place.write("mail._domainkey.example.net/mail.pem", "key 1");
    place.write("mail._domainkey._domainkey.example.net.pem", "key 1");
    let mut ring = new_ring([], Some(place.0.clone()));
    let (_, told) = refresh(&mut ring, &place);
    let selector = "its name has `_domainkey` in it, which stands behind the selector in DNS; write only `mail`";
    let domain = |name| {
        let advice = "a key is DOMAIN/SELECTOR.pem or SELECTOR._domainkey.DOMAIN.pem";
        format!("its domain has `_domainkey` in it: `{name}`; {advice}")
    };
    let mut faults: Vec<_> = told.into_iter().filter(|text| text.contains("`_domainkey`")).collect();
    faults.sort();
    let expected = [
        format!("example.com/mail._domainkey.example.com.pem: {selector}"),
        format!("example.com/mail._domainkey.pem: {selector}"),
        format!("mail._domainkey._domainkey.example.net.pem: {}", domain("_domainkey.example.net")),
        format!("mail._domainkey.example.net/mail.pem: {}", domain("mail._domainkey.example.net")),
    ];
    assert_eq!(faults, expected);
    assert!(found(&ring).is_empty());
}
