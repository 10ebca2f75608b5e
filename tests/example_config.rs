//! `deploy/postseal.toml` tells the truth: it loads, it shows every key, and what it shows as default is the default.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

use postseal::config::store::StoreUrl;
use postseal::config::{self, Config, KeyPath, ValueSource};
use postseal_filters::{Who, dkim, header_checks, rate_limit, sender};
use toml_edit::{DocumentMut, Item, Value};

#[test]
fn it_loads_and_sets_only_what_has_no_default() {
    let loaded = config::load_from(&example(), [], &[]).unwrap();
    assert_eq!(loaded.warnings, []);
    let listener = loaded.config.listener.clone();
    let dkim = dkim::DkimSettings { key_dir: Some("/etc/postseal/keys".into()), ..dkim::DkimSettings::default() };
    let header_checks = Some(header_checks::HeaderCheckSettings::default());
    assert_eq!(loaded.config, Config { listener, header_checks, dkim: Some(dkim), ..Config::default() });
}

#[test]
fn its_commented_settings_are_the_defaults() {
    let file = std::env::temp_dir().join(format!("postseal-example-{}.toml", std::process::id()));
    std::fs::write(&file, with_all_settings()).unwrap();
    let loaded = config::load_from(&file, [], &[]);
    std::fs::remove_file(&file).unwrap();
    let mut config = loaded.unwrap_or_else(|error| panic!("{error}")).config;
    // What has no default is shown by examples.
    let [listener] = config.listener.as_mut_slice() else { panic!("not one listener") };
    assert_eq!(listener.group.take().as_deref(), Some("postfix"));
    assert!(config.admin.socket.take().is_some() && config.admin.token_file.take().is_some());
    let store = &mut config.store;
    assert!(store.url.take().is_some() && store.password_file.take().is_some() && store.ca_file.take().is_some());
    assert_eq!(config.dkim.as_mut().unwrap().domain.drain(..).count(), 2);
    assert_eq!(config.header_checks.as_mut().unwrap().exception.drain(..).count(), 1);
    let mut sender = config.sender.take().unwrap();
    assert!(sender.default_domain.take().is_some());
    let [owner] = &sender.owner[..] else { panic!("not one owner") };
    assert_eq!(owner.places, sender::AddressField::OWNED);
    assert_eq!((sender.table.len(), sender.rewrite.len(), sender.autoresponder.len()), (1, 1, 1));
    let lists = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    (sender.owner, sender.table, sender.rewrite, sender.autoresponder) = lists;
    assert_eq!(sender, sender::SenderSettings::default());
    let webhook = &mut config.webhook;
    assert!(webhook.url.take().is_some() && webhook.url_file.take().is_some() && webhook.token_file.take().is_some());
    let limits = std::mem::take(&mut config.rate_limit);
    let [limit, _] = limits.as_slice() else { panic!("not two limits: {limits:?}") };
    let defaults = rate_limit::RateLimitSettings::default();
    let same = |of: &rate_limit::RateLimitSettings| {
        (of.key.clone(), of.count, of.action, of.block, of.ipv4_prefix, of.ipv6_prefix)
    };
    assert_eq!(same(limit), same(&defaults));
    assert_eq!(config, config::load_from(&example(), [], &[]).unwrap().config);
}

#[test]
fn it_shows_every_key() {
    let shown: DocumentMut = with_all_settings().parse().unwrap();
    let mut config = config::load_from(&example(), [], &[]).unwrap().config;
    for listener in &mut config.listener {
        listener.group = Some(String::new());
    }
    config.admin.socket = Some(PathBuf::new());
    config.admin.token_file = Some(PathBuf::new());
    config.store.url = Some(StoreUrl::Memory);
    config.store.password_file = Some(PathBuf::new());
    config.store.ca_file = Some(PathBuf::new());
    // Destructured, so that a new key can't be forgotten here.
    let domain: dkim::DomainSettings = toml_edit::de::from_str(EVERY_DOMAIN_KEY).unwrap();
    let dkim::DomainSettings { domain: Some(_), address: None, signing_domain: Some(_), identity: Some(_), keys } =
        &domain
    else {
        panic!("not all keys: {domain:?}");
    };
    assert_eq!(keys.len(), 1);
    let address = toml_edit::de::from_str("address = \"a@example.com\"").unwrap();
    config.dkim.as_mut().unwrap().domain = vec![domain, address];
    let exception: header_checks::Exception = toml_edit::de::from_str(EVERY_EXCEPTION_KEY).unwrap();
    let Who { user: Some(_), client: Some(_), listener: Some(_), certificate: Some(_), fingerprint: Some(_) } =
        exception.who()
    else {
        panic!("not all keys: {exception:?}");
    };
    config.header_checks.as_mut().unwrap().exception = vec![exception];
    config.sender = Some(toml_edit::de::from_str(EVERY_SENDER_KEY).unwrap());
    config.webhook.url = "http://a".parse().ok();
    config.webhook.url_file = Some(PathBuf::new());
    config.webhook.token_file = Some(PathBuf::new());
    config.rate_limit = toml_edit::de::from_str::<Config>(EVERY_LIMIT_KEY).unwrap().rate_limit;

    let mut every = toml_edit::ser::to_document(&config).unwrap();
    // The second limit is there for what the first can't show.
    let limits = every.get_mut("rate_limit").and_then(Item::as_value_mut).and_then(Value::as_array_mut).unwrap();
    limits.get_mut(1).and_then(Value::as_inline_table_mut).unwrap().retain(|key, _| key == "ramp");
    let mut missing = Vec::new();
    compare(every.as_item(), shown.as_item(), &KeyPath::default(), &mut missing);
    assert_eq!(missing, Vec::<String>::new());
}

#[test]
fn its_settings_are_traced_to_their_lines() {
    let mut out = Vec::new();
    config::load_from(&example(), [], &[]).unwrap().write_effective(&mut out).unwrap();
    let out = String::from_utf8(out).unwrap();
    let line = std::fs::read_to_string(example()).unwrap().lines().position(|line| line.starts_with("name = "));
    let source = ValueSource::File { path: example(), position: Some((line.unwrap() + 1, 1)) };
    assert!(out.starts_with("[[listener]]\nname = \"submission\""), "{out}");
    assert!(out.lines().nth(1).unwrap().ends_with(&format!(" # {source}")), "{out}");
}

const EVERY_DOMAIN_KEY: &str = r#"
domain = "example.com"
signing_domain = "example.com"
identity = "@example.com"
keys = [{ selector = "a", file = "a" }]
"#;

const EVERY_EXCEPTION_KEY: &str = r#"
checks = ["html_only"]
user = "a"
client = "192.0.2.0/24"
listener = "a"
certificate = "a"
fingerprint = "a"
action = "off"
"#;

const EVERY_SENDER_KEY: &str = r#"
default_domain = "a.example"
[[owner]]
user = "a"
client = "::1"
listener = "a"
certificate = "a"
fingerprint = "a"
may_use = ["*"]
address = "a@a.example"
[[table]]
file = "a"
[[rewrite]]
match = "*"
to = "@a.example"
user = "a"
client = "::1"
listener = "a"
certificate = "a"
fingerprint = "a"
[[autoresponder]]
sender = "a@a.example"
user = "a"
client = "::1"
listener = "a"
certificate = "a"
fingerprint = "a"
"#;

const EVERY_LIMIT_KEY: &str = r#"
[[rate_limit]]
limit = "1/1h"
reply = "a"
listener = "a"
origin = ["network"]
override_file = "a"
exempt = [{ user = "a" }]
override = { newsletter = "1/1h" }
[[rate_limit]]
[[rate_limit.ramp]]
start = "2026-01-01"
"#;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/postseal.toml")
}

/// The example with every `#key = value` in force.
fn with_all_settings() -> String {
    let text = std::fs::read_to_string(example()).unwrap();
    let setting = |line: &str| {
        line.strip_prefix('#').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '['))
    };
    let lines = text.lines().map(|line| if setting(line) { line.trim_start_matches('#') } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

fn compare(every: &Item, shown: &Item, here: &KeyPath, missing: &mut Vec<String>) {
    if let Some(table) = every.as_table_like() {
        for (key, item) in table.iter() {
            match shown.as_table_like().and_then(|shown| shown.get(key)) {
                Some(shown) => compare(item, shown, &here.then(key), missing),
                None => missing.push(here.then(key).to_string()),
            }
        }
    } else if let Some(list) = every.as_array() {
        for (index, value) in list.iter().enumerate().filter(|(_, value)| value.is_inline_table()) {
            compare(&Item::Value(value.clone()), &element(shown, index), &here.then(index), missing);
        }
    }
}

fn element(list: &Item, index: usize) -> Item {
    let table = list.as_array_of_tables().and_then(|tables| tables.get(index)).cloned().map(Item::Table);
    let value = || {
        list.as_array()
            .and_then(|list: &toml_edit::Array| list.get(index))
            .cloned()
            .map(|value: Value| Item::Value(value))
    };
    table.or_else(value).unwrap_or(Item::None)
}
