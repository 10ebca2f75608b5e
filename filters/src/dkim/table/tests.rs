use super::*;
use crate::dkim::pattern::Pattern;
use crate::mail::address::mailboxes;

fn rule(pattern: &str, signing_domain: &str) -> SigningRule {
    let pattern = Pattern::from_domain(pattern).or_else(|_| Pattern::from_address(pattern)).unwrap();
    SigningRule::new(pattern, signing_domain.parse().unwrap(), [])
}

fn found(table: &KeyTable, from: &str) -> Option<String> {
    let mailbox = mailboxes(from.as_bytes()).unwrap().remove(0);
    table.find(&mailbox).first().map(|rule| rule.signing_domain.to_string())
}

#[test]
fn the_longest_match_wins() {
    let table = KeyTable::new([
        rule("example.com", "exact"),
        rule(".example.com", "below"),
        rule(".deep.example.com", "deeper"),
        rule("host.deep.example.com", "host"),
        rule("newsletter@example.com", "newsletter"),
        rule("\"odd one\"@example.com", "odd"),
        rule("bücher.example", "umlaut"),
        rule(".org", "toplevel"),
    ]);
    for (from, signing_domain) in [
        ("joe@example.com", Some("exact")),
        ("joe@EXAMPLE.COM", Some("exact")),
        ("Newsletter@Example.com", Some("newsletter")),
        ("\"newsletter\"@example.com", Some("newsletter")),
        ("newsletter@mail.example.com", Some("below")),
        ("\"odd one\"@example.com", Some("odd")),
        ("joe@mail.example.com", Some("below")),
        ("joe@a.b.c.example.com", Some("below")),
        ("joe@deep.example.com", Some("below")),
        ("joe@x.deep.example.com", Some("deeper")),
        ("joe@host.deep.example.com", Some("host")),
        ("joe@x.host.deep.example.com", Some("deeper")),
        ("joe@badexample.com", None),
        ("joe@com", None),
        ("joe@bücher.example", Some("umlaut")),
        ("joe@xn--bcher-kva.example", Some("umlaut")),
        ("joe@any.org", Some("toplevel")),
        ("joe@org", None),
        ("joe@[192.0.2.1]", None),
        ("joe", None),
    ] {
        assert_eq!(found(&table, from).as_deref(), signing_domain, "{from}");
    }
    let table = KeyTable::new([rule("*", "any"), rule(".example.com", "below")]);
    for (from, signing_domain) in
        [("joe@example.com", "any"), ("joe@a.example.com", "below"), ("joe@[192.0.2.1]", "any")]
    {
        assert_eq!(found(&table, from).as_deref(), Some(signing_domain), "{from}");
    }
    assert_eq!(found(&table, "joe"), None);
    assert_eq!(found(&KeyTable::default(), "joe@example.com"), None);
}

#[test]
fn of_the_same_pattern_each_signing_domain_counts_once() {
    for pattern in ["example.com", ".example.com", "*", "joe@example.com"] {
        let mut first = rule(pattern, "first");
        first.identity = Some("@first".parse().unwrap());
        let table = KeyTable::new([first, rule(pattern, "second"), rule(pattern, "first")]);
        let rules: Vec<_> = table.rules().map(|rule| (rule.signing_domain.as_str(), rule.identity.is_some())).collect();
        assert_eq!(rules, [("first", true), ("second", false)]);
    }
}

#[test]
fn many_domains() {
    let rules = (0..50_000).map(|number| rule(&format!("d{number}.example.com"), &format!("s{number}.example")));
    let table = KeyTable::new(rules.chain([rule(".example.com", "below")]));
    for (from, signing_domain) in [("joe@d49999.example.com", "s49999.example"), ("joe@d50000.example.com", "below")] {
        assert_eq!(found(&table, from).as_deref(), Some(signing_domain));
    }
}

#[test]
fn keys_are_in_the_order_of_signatures() {
    let key = |selector: &str, pem: &[u8]| NamedKey {
        selector: selector.parse().unwrap(),
        private: Arc::new(PrivateKey::from_pem(pem).unwrap()),
        since: 0,
    };
    let (rsa, ed) = (include_bytes!("../testdata/rsa2048.pkcs8.pem"), include_bytes!("../testdata/ed25519.pem"));
    let keys = [key("e1", ed), key("r1", rsa), key("e2", ed), key("r2", rsa)];
    let rule = SigningRule::for_domain("example.com".parse().unwrap(), keys);
    let selectors: Vec<_> = rule.keys().iter().map(|key| key.selector.as_str()).collect();
    assert_eq!(selectors, ["r1", "r2", "e1", "e2"]);
    assert!(!KeyTable::new([rule]).is_empty());
}
