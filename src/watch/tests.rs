use std::time::Duration;

use super::*;

#[test]
fn a_change_is_told_once_and_not_before_the_file_rests() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("owners");
    std::fs::write(&path, "alice a@example.com\n").unwrap();
    let mut watch = Watch::default();
    assert_eq!(watch.read(&path, false).unwrap(), "alice a@example.com\n");
    let later = || SystemTime::now() + Duration::from_secs(60);
    assert!(watch.changed(later()).is_empty());

    std::fs::write(&path, "alice a@example.com\nbob").unwrap();
    assert!(watch.changed(SystemTime::now()).is_empty(), "somebody may still be writing");
    assert_eq!(watch.changed(later()), vec![path.clone()]);
    assert!(watch.changed(later()).is_empty());

    std::fs::remove_file(&path).unwrap();
    assert_eq!(watch.changed(later()), vec![path.clone()]);
    assert!(watch.changed(later()).is_empty());
}

#[test]
fn a_link_that_is_switched_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for version in ["one", "two"] {
        std::fs::create_dir(at(version)).unwrap();
        std::fs::write(at(version).join("table"), version).unwrap();
    }
    std::os::unix::fs::symlink("one", at("..data")).unwrap();
    std::os::unix::fs::symlink("..data/table", at("table")).unwrap();
    let mut watch = Watch::default();
    watch.read(&at("table"), false).unwrap();
    std::os::unix::fs::symlink("two", at("..next")).unwrap();
    std::fs::rename(at("..next"), at("..data")).unwrap();
    assert_eq!(watch.changed(SystemTime::now() + Duration::from_secs(60)), [at("table")]);
    assert_eq!(watch.read(&at("table"), false).unwrap(), "two");
}

#[test]
fn what_is_not_wanted_is_not_watched() {
    let folder = tempfile::tempdir().unwrap();
    let mut watch = Watch::default();
    assert!(watch.read(&folder.path().join("missing"), true).is_err());
    assert!(watch.clone().only(false, true).is_empty());
    assert!(!watch.only(true, false).is_empty());
}
