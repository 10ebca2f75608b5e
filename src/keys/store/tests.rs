use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::keys::generate::{KeyType, generate};
use crate::keys::listing;

/// A directory with key files, of its own for each test.
struct Files(KeyFolders);

impl Files {
    fn new(name: &str) -> Self {
        let base = std::env::temp_dir().join(format!("postseal-store-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&base);
        fs::create_dir_all(&base).unwrap();
        let credentials = Some(base.join("credentials"));
        Self(KeyFolders { base, credentials })
    }

    fn with(self, name: &str, text: &str) -> Self {
        self.write(name, text);
        self
    }

    fn with_key(self, name: &str) -> Self {
        self.with(name, &generate(KeyType::Ed25519).unwrap())
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.base.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn open(&self, dkim: &str) -> Result<OpenedKeys, Vec<String>> {
        let settings: DkimSettings = toml_edit::de::from_str(dkim).unwrap();
        let plan = settings.plan().unwrap();
        KeyStore::open(&settings, &plan, &self.0).map_err(|problems| self.shown(&problems))
    }

    fn shown(&self, problems: &[Problem]) -> Vec<String> {
        let base = format!("{}/", self.0.base.display());
        let text = |problem: &Problem| format!("{}: {}", problem.key.join("."), problem.reason.replace(&base, ""));
        problems.iter().map(text).collect()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0.base);
    }
}

/// The table without its head, columns parted by a single space.
fn listed(store: &KeyStore) -> Vec<String> {
    let mut out = Vec::new();
    listing::write(&store.table(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let line = |line: &str| line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
    text.lines().skip(2).map(line).collect()
}

#[test]
fn listed_keys_and_a_key_directory_make_one_table() {
    let files = Files::new("table")
        .with("s1.pem", &generate(KeyType::Rsa2048).unwrap())
        .with_key("e1.pem")
        .with_key("credentials/e2.pem")
        .with_key("keys/example.com/unused.pem")
        .with_key("keys/example.net/e3.pem")
        .with("keys/example.org/e4.pem", "nonsense")
        .with_key("keys/hoster.example/e5.pem");
    let opened = files.open(
        r#"
        key_dir = "keys"
        [[domain]]
        domain = "example.com"
        keys = [{ selector = "e1", file = "e1.pem" }, { selector = "s1", file = "s1.pem" }]
        [[domain]]
        domain = ".example.com"
        identity = "@mail.example.com"
        keys = [{ selector = "e2", file = "credential:e2.pem" }]
        [[domain]]
        domain = "*"
        signing_domain = "hoster.example"
        [[domain]]
        address = "news@example.net"
        signing_domain = "nokey.example"
        "#,
    );
    let opened = opened.unwrap();
    assert_eq!(
        listed(&opened.store),
        [
            "news@example.net nokey.example - no usable key",
            "example.com example.com - s1 (RSA 2048), e1 (Ed25519)",
            "example.net example.net - e3 (Ed25519)",
            "example.org example.org - no usable key",
            "hoster.example hoster.example - e5 (Ed25519)",
            ".example.com example.com @mail.example.com e2 (Ed25519)",
            "* hoster.example - e5 (Ed25519)",
        ]
    );
    assert_eq!(
        files.shown(&opened.warnings),
        [
            "dkim.domain.3: there is no key for nokey.example in dkim.key_dir",
            "dkim.key_dir: keys/example.org/e4.pem: not a PEM private key: no line says -----BEGIN PRIVATE KEY-----",
        ]
    );
}

#[test]
fn a_listed_key_has_to_be_good_at_the_start() {
    let files = Files::new("start").with("broken.pem", "-----BEGIN PRIVATE KEY-----\nMC4C").with_key("good.pem");
    let keys = r#"
        [[domain]]
        domain = "example.com"
        keys = [
            { selector = "a", file = "good.pem" },
            { selector = "b", file = "broken.pem" },
            { selector = "c", file = "missing.pem" },
        ]
        [[domain]]
        domain = "example.net"
        keys = [{ selector = "a", file = "broken.pem" }]
    "#;
    assert_eq!(
        files.open(keys).err().unwrap(),
        [
            "dkim.domain.0.keys.1.file: the private key has no end line: the file is incomplete",
            "dkim.domain.1.keys.0.file: the private key has no end line: the file is incomplete",
            "dkim.domain.0.keys.2.file: there is no such file",
        ]
    );
    assert_eq!(
        files.open("key_dir = \"nowhere\"").err().unwrap(),
        ["dkim.key_dir: can't be listed: No such file or directory (os error 2)"]
    );
}

#[test]
fn credentials_are_files_with_plain_names() {
    let mut files = Files::new("credentials").with_key("credentials/a");
    let keys = |name: &str| {
        format!("[[domain]]\ndomain = \"a.example\"\nkeys = [{{ selector = \"a\", file = \"credential:{name}\" }}]")
    };
    files.open(&keys("a")).unwrap();
    for name in ["", "../a", "x/a", ".."] {
        let complaint = format!("dkim.domain.0.keys.0.file: `{name}` is not the name of a credential");
        assert_eq!(files.open(&keys(name)).err().unwrap(), [complaint]);
    }
    files.0.credentials = None;
    assert!(files.open(&keys("a")).err().unwrap()[0].contains("$CREDENTIALS_DIRECTORY is not set"));
}

#[test]
fn the_unwise_is_a_warning() {
    let files = Files::new("unwise").with_key("a.pem");
    fs::set_permissions(files.0.base.join("a.pem"), fs::Permissions::from_mode(0o644)).unwrap();
    let key = "keys = [{ selector = \"a\", file = \"a.pem\" }]";
    let dkim = format!("[[domain]]\ndomain = \"a.example\"\n{key}\n[[domain]]\ndomain = \"b.example\"\n{key}");
    let reason = "every user of this machine can read the private key (mode 0644)";
    assert_eq!(
        files.shown(&files.open(&dkim).unwrap().warnings),
        [format!("dkim.domain.0.keys.0.file: {reason}"), format!("dkim.domain.1.keys.0.file: {reason}")]
    );
}

#[test]
fn keys_are_kept_up_to_date() {
    let files = Files::new("refresh").with_key("a.pem").with_key("keys/b.example/b.pem");
    let dkim =
        "key_dir = \"keys\"\n[[domain]]\ndomain = \"a.example\"\nkeys = [{ selector = \"a\", file = \"a.pem\" }]";
    let mut store = files.open(dkim).unwrap().store;
    let public = |store: &KeyStore, domain: &str| -> Vec<Vec<u8>> {
        let table = store.table();
        let rule = table.rules().find(|rule| rule.signing_domain.as_str() == domain).unwrap();
        rule.keys().iter().map(|key| key.private.public_key()).collect()
    };
    let first = store.table();
    assert!(store.refresh().table.is_none());
    assert!(Arc::ptr_eq(&first, &store.table()));

    let before = public(&store, "a.example");
    files.write("a.pem", "-----BEGIN PRIVATE KEY-----\nMC4C");
    let refresh = store.refresh();
    assert!(refresh.table.is_none() && refresh.notices[0].is_warning(), "{refresh:?}");
    assert_eq!(public(&store, "a.example"), before);

    files.write("a.pem", &generate(KeyType::Ed25519).unwrap());
    files.write("keys/c.example/c.pem", &generate(KeyType::Ed25519).unwrap());
    fs::remove_file(files.0.base.join("keys/b.example/b.pem")).unwrap();
    let refresh = store.refresh();
    assert_eq!(
        refresh.notices.iter().map(|notice| &notice.event).collect::<Vec<_>>(),
        [&KeyEvent::Replaced, &KeyEvent::Loaded]
    );
    assert!(Arc::ptr_eq(&refresh.table.unwrap(), &store.table()));
    assert_ne!(public(&store, "a.example"), before);
    assert_eq!(listed(&store).len(), 3);
    assert_eq!(store.refresh().notices[0].event, KeyEvent::Removed);
    assert_eq!(listed(&store), ["a.example a.example - a (Ed25519)", "c.example c.example - c (Ed25519)"]);
}
