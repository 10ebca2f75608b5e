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
    let mut ring = Ring::new([path.clone()], None);
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
    let mut ring = Ring::new([place.path("a.pem"), place.write("b.pem", "x"), place.path("")], None);
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
    let mut ring = Ring::new([place.path("c.pem")], None);
    assert_eq!(refresh(&mut ring, &place), told(true, &["c.pem: is longer than 64 KiB, so it is no key"]));
}

#[test]
fn a_key_that_all_can_read_is_told_once() {
    let place = Place::new("mode");
    let path = place.write("a.pem", "key 1");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let mut ring = Ring::new([path.clone()], None);
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
    let mut ring = Ring::new([path], None);
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
    let mut ring = Ring::new([], Some(place.0.clone()));
    assert_eq!(
        refresh(&mut ring, &place),
        told(
            true,
            &[
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
    let mut ring = Ring::new([place.path(flat)], Some(place.0.clone()));
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
