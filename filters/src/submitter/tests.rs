use std::net::SocketAddr;

use bytes::Bytes;
use postseal_protocol::{Connect, Peer};
use proptest::prelude::*;

use super::*;
use crate::connection::Role;

fn who(text: &str) -> Who {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn connection(client: &str) -> ClientConnection {
    let client = Connect { hostname: Bytes::new(), peer: Peer::Inet(SocketAddr::new(client.parse().unwrap(), 0)) };
    ClientConnection { client, ..ClientConnection::new("submission".into(), Role::Submission) }
}

fn matches(condition: &str, client: &str, macros: &[(&'static str, &'static str)]) -> bool {
    matches_with(MtaKind::Postfix, condition, client, macros)
}

fn matches_with(mta: MtaKind, condition: &str, client: &str, macros: &[(&'static str, &'static str)]) -> bool {
    let connection = ClientConnection { mta, ..connection(client) };
    let mut table = MacroTable::default();
    for (name, value) in macros {
        table.insert(Stage::Mail, *name, *value);
    }
    who(condition).matches(&Submitter::new(&connection, &table))
}

#[test]
fn every_kind_must_match_by_one_of_its_values() {
    let alice = [("{auth_authen}", "Alice@example.com")];
    for (condition, expected) in [
        ("", true),
        ("user = 'alice@example.com'", true),
        ("user = '*@example.com'", true),
        ("user = '*'", true),
        ("user = ['bob', 'a*e@*.com']", true),
        ("user = 'bob'", false),
        ("user = 'alice'", false),
        ("client = '10.0.0.0/8'", true),
        ("client = ['192.0.2.0/24', '::1']", false),
        ("listener = 'submission'", true),
        ("listener = ['local', 'sub*']", true),
        ("listener = 'local'", false),
        ("user = '*'\nclient = '10.0.0.0/8'\nlistener = 'submission'", true),
        ("user = '*'\nclient = '10.0.0.0/8'\nlistener = 'local'", false),
        ("certificate = '*'", false),
        ("fingerprint = '*'", false),
    ] {
        assert_eq!(matches(condition, "10.1.2.3", &alice), expected, "{condition}");
    }
    assert!(!matches("user = '*'", "10.1.2.3", &[]), "nobody has logged in");
    assert!(!matches("user = '*'", "10.1.2.3", &[("{auth_authen}", "")]));
}

#[test]
fn a_certificate_counts_only_if_the_mta_trusts_it() {
    let condition = "certificate = 'web*'";
    assert!(matches(condition, "10.1.2.3", &[("{cert_subject}", "web1.example.com")]));
    assert!(!matches(condition, "10.1.2.3", &[("{cert_subject}", "")]));
    let sendmail = |verify| [("{cert_subject}", "web1.example.com"), ("{verify}", verify)];
    assert!(matches(condition, "10.1.2.3", &sendmail("OK")));
    assert!(!matches(condition, "10.1.2.3", &sendmail("FAIL")));
    // An MTA that is not Postfix and says nothing about trust has verified nothing.
    let by_sendmail = |macros: &[_]| matches_with(MtaKind::Sendmail, condition, "10.1.2.3", macros);
    assert!(by_sendmail(&sendmail("OK")));
    assert!(!by_sendmail(&sendmail("FAIL")));
    assert!(!by_sendmail(&sendmail("")));
    assert!(!by_sendmail(&[("{cert_subject}", "web1.example.com")]));
    assert!(matches_with(MtaKind::Sendmail, "fingerprint = 'aa:bb'", "10.1.2.3", &[("{cert_fp}", "AA:BB")]));
    assert!(matches("fingerprint = 'aa:bb'", "10.1.2.3", &[("{cert_fp}", "AA:BB")]));
    assert!(matches("fingerprint = 'aa:bb'", "10.1.2.3", &[("{cert_md5}", "AA:BB")]));
}

#[test]
fn macros_are_asked_for_only_where_they_are_needed() {
    assert!(who("user = 'a'\nclient = '::1'").macros().is_empty());
    let names: Vec<_> = who("certificate = '*'").macros().into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["{cert_subject}", "{verify}"]);
}

#[test]
fn mistakes_say_what_would_be_right() {
    for (text, expected) in [
        ("user = []", "is empty"),
        ("user = ''", "empty text"),
        ("user = 5", "expected text in quotes"),
        ("client = '10.0.0.1/8'", "did you mean 10.0.0.0/8"),
        ("uesr = 'a'", "unknown field"),
    ] {
        let error = toml::from_str::<Who>(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let before = who("user = ['a', 'b*']\nclient = '10.0.0.0/8'");
    assert_eq!(who(&toml::to_string(&before).unwrap()), before);
}

/// The plainest matcher there is.
fn oracle(pattern: &[u8], value: &[u8]) -> bool {
    match pattern.split_first() {
        None => value.is_empty(),
        Some((b'*', rest)) => (0..=value.len()).any(|at| oracle(rest, &value[at..])),
        Some((first, rest)) => value.split_first().is_some_and(|(byte, left)| first == byte && oracle(rest, left)),
    }
}

proptest! {
    #[test]
    fn patterns_match_as_the_plainest_matcher_says(pattern in "[ab*]{0,8}", value in "[ab]{0,10}") {
        prop_assert_eq!(TextPattern::new(&*pattern).matches(value.as_bytes()), oracle(pattern.as_bytes(), value.as_bytes()));
    }
}

#[test]
fn users_are_compared_without_regard_to_case_beyond_ascii_too() {
    for (condition, user, expected) in [
        ("user = 'jörg'", "JÖRG", true),
        ("user = 'JÖRG'", "Jörg", true),
        ("user = 'J*RG'", "jörg", true),
        ("user = 'dave smith'", "Dave Smith", true),
        ("user = ' dave smith '", "dave smith  ", true),
        ("user = 'davesmith'", "dave smith", false),
        ("user = 'kate'", "\u{212a}ate", false),
        ("user = '*'", "  ", false),
    ] {
        assert_eq!(matches(condition, "10.1.2.3", &[("{auth_authen}", user)]), expected, "{condition} {user}");
    }
}

#[test]
fn a_star_keeps_the_letters_that_it_stands_for() {
    let pattern = TextPattern::new("Ⱥ*-x*");
    assert_eq!(pattern.captures("ⱥJÖRG Ⱥ-XÉ"), Some(vec!["JÖRG Ⱥ", "É"]));
    assert_eq!(pattern.captures("ⱥJÖRG"), None);
}
