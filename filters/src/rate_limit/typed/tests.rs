use std::net::IpAddr;

use postseal_protocol::{MacroTable, Stage};
use proptest::prelude::*;

use super::*;
use crate::rate_limit::key::KeyFacts;
use crate::submitter::Submitter;

const PREFIXES: Prefixes = Prefixes { ipv4: 32, ipv6: 64 };

fn values(key: &[&str], text: &str) -> Result<String, TypedKeyError> {
    let key: Vec<KeyPart> = key.iter().map(|part| part.parse().unwrap()).collect();
    TypedKey { key: &key, prefixes: PREFIXES, ramps: &[] }.values(text).map(|values| values.join(","))
}

#[test]
fn what_is_typed_is_named_as_the_counters_are() {
    for (key, text, expected) in [
        ("user", "Jörg", "j%c3%b6rg"),
        ("user", "JÖRG", "j%c3%b6rg"),
        ("user", "j%c3%b6rg", "j%c3%b6rg"),
        ("user", "dave smith", "dave%20smith"),
        ("user", " dave%20smith ", "dave%20smith"),
        ("user", "smith%2c dave", "smith%2c%20dave"),
        ("user", "100%", "100%25"),
        ("user", "100%25", "100%25"),
        ("user", "Alice@Own.Example", "alice@own.example"),
        ("client", "2001:db8::5", "2001:db8::/64"),
        ("client", "2001:DB8::/64", "2001:db8::/64"),
        ("client", "192.0.2.1", "192.0.2.1"),
        ("client", "192.0.2.1/32", "192.0.2.1"),
        ("client", "::ffff:192.0.2.1", "192.0.2.1"),
        ("sender", "<Alice@Bücher.example.>", "alice@xn--bcher-kva.example"),
        ("sender", "\"dave smith\"@own.example", "dave%20smith@own.example"),
        ("sender", "dave%20smith@own.example", "dave%20smith@own.example"),
        ("sender", "<>Jörg", "<>j%c3%b6rg"),
        ("sender", "<>2001:db8::5", "<>2001:db8::/64"),
        ("sender_domain", "<>192.0.2.1", "<>192.0.2.1"),
        ("sender_domain", "Bücher.Example", "xn--bcher-kva.example"),
        ("recipient_domain", "Big.Example.", "big.example"),
        ("{daemon_name}", "ORIGINATING", "originating"),
    ] {
        assert_eq!(values(&[key], text).as_deref(), Ok(expected), "{key} {text}");
    }
    assert_eq!(values(&["user", "client"], "Jörg, 2001:db8::5").as_deref(), Ok("j%c3%b6rg,2001:db8::/64"));
}

#[test]
fn what_no_message_can_have_is_an_error() {
    for (key, text, reason) in [
        ("user", "", "empty"),
        ("user", " ", "empty"),
        ("user", "%20", "empty"),
        ("user", "a\tb", "control character"),
        ("user", "a\u{9b}b", "control character"),
        ("user", "a\0b", "control character"),
        ("user", "a%00b", "control character"),
        ("user", "smith, dave", "write a comma in a name as %2c"),
        ("client", "alice", "`alice` is no client"),
        ("client", "2001:db8::/48", "networks such as 2001:db8::/64"),
        ("client", "10.0.0.0/8", "networks such as 10.0.0.0"),
        ("client", "10.0.0.1/8", "is no client"),
        ("sender", "<>", "a null sender is counted by its user or client"),
        ("sender", "<>10.0.0.0/8", "not counted as one client"),
        ("sender_domain", "a@b.example", "is no domain"),
        ("recipient_domain", ".", "is no domain"),
        ("recipient_domain", "big example", "is no domain"),
    ] {
        let error = values(&[key], text).unwrap_err().to_string();
        assert!(error.contains(reason), "{key} {text:?}: {error}");
    }
    assert!(matches!(values(&["user", "client"], "alice,"), Err(TypedKeyError::Empty)));
    assert!(matches!(values(&["user", "client"], "alice"), Err(TypedKeyError::Parts { values: 1, parts: 2 })));
}

#[test]
fn a_sender_may_have_its_name_beside_it() {
    assert_eq!(values(&["sender"], "Alice <A@b.example>").unwrap(), "a@b.example");
}

#[test]
fn percent_signs_are_read_once() {
    for (text, octets) in [
        ("a%2Cb", &b"a,b"[..]),
        ("%", b"%"),
        ("%4", b"%4"),
        ("%zz", b"%zz"),
        ("%252c", b"%2c"),
        ("%+1", b"%+1"),
        ("%é", "%é".as_bytes()),
    ] {
        assert_eq!(decoded(text), octets, "{text}");
    }
}

proptest! {
    /// The name of a counter, as a list shows it, is the key of that counter.
    #[test]
    fn a_listed_name_can_be_typed(user: Vec<u8>, sender in "[ -~\u{80}-\u{17f}]{0,20}", ip: IpAddr, value: Vec<u8>) {
        let mut macros = MacroTable::default();
        macros.insert(Stage::Mail, "{x}", value);
        let user = user.trim_ascii();
        let user = (!user.is_empty() && !user.contains(&0)).then_some(user);
        let submitter = Submitter { user, client: Some(ip), listener: "Sub 1", certificate: None, fingerprint: None };
        let facts = KeyFacts { submitter, macros: &macros, sender: sender.as_bytes(), recipient_domain: Some("big.example") };
        for part in ["user", "client", "sender", "sender_domain", "recipient_domain", "listener", "{x}"] {
            let Some(value) = part.parse::<KeyPart>().unwrap().value(&facts, PREFIXES) else { continue };
            if value.contains("%00") || value.is_empty() {
                continue;
            }
            prop_assert_eq!(values(&[part], &value), Ok(value), "{}", part);
        }
    }
}
