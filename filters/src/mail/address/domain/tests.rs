use crate::mail::address::*;

#[test]
fn names_are_lower_case_a_labels() {
    for (text, name) in [
        ("Example.COM", "example.com"),
        ("localhost", "localhost"),
        ("a_b.example", "a_b.example"),
        ("Grüße.Example", "xn--gre-6ka8l.example"),
        ("xn--gre-6ka8l.example", "xn--gre-6ka8l.example"),
        ("例え.jp", "xn--r8jz45g.jp"),
    ] {
        assert_eq!(text.parse::<DomainName>().unwrap().as_str(), name);
    }
    assert_eq!("S2026.Mail".parse::<SelectorName>().unwrap().as_str(), "s2026.mail");
}

#[test]
fn mistakes_are_named() {
    for (text, reason) in [
        ("", "is empty"),
        (".", "has an empty label: a dot too many in `.`"),
        ("a..b", "has an empty label: a dot too many in `a..b`"),
        ("a.b.", "has an empty label: a dot too many in `a.b.`"),
        ("a@b", "has '@', which can't be in a name: `a@b`"),
        ("a b", "has ' ', which can't be in a name: `a b`"),
        ("-a.b", "has a label that begins or ends with a hyphen: `-a.b`"),
    ] {
        assert_eq!(text.parse::<DomainName>().unwrap_err().to_string(), reason, "{text:?}");
    }
    assert_eq!("ä".parse::<SelectorName>(), Err(NameError::Character("ä".to_owned(), 'ä')));
    assert!(matches!("a".repeat(64).parse::<DomainName>(), Err(NameError::LongLabel(_))));
    assert_eq!(["abcdefg"; 32].join(".").parse::<DomainName>(), Err(NameError::Long));
    assert!(matches!("\u{200d}.example".parse::<DomainName>(), Err(NameError::Idna(_))));
    assert!("ä".repeat(10_000).parse::<DomainName>().is_err());
}

#[test]
fn within() {
    let name = |text: &str| text.parse::<DomainName>().unwrap();
    assert!(name("example.com").is_within(&name("example.com")));
    assert!(name("a.b.example.com").is_within(&name("example.com")));
    assert!(!name("badexample.com").is_within(&name("example.com")));
    assert!(!name("com").is_within(&name("example.com")));
}

#[test]
fn a_selector_is_only_what_stands_before_domainkey() {
    for (text, selector) in [
        ("mail._domainkey", "mail"),
        ("Mail._DomainKey.example.com", "mail"),
        ("a.b._domainkey.example.com", "a.b"),
        ("_domainkey.example.com", "SELECTOR"),
        ("_domainkey", "SELECTOR"),
    ] {
        assert_eq!(text.parse::<SelectorName>(), Err(NameError::DomainKey(selector.to_owned())), "{text}");
    }
    assert!("my_domainkey".parse::<SelectorName>().is_ok());
    let domain = |text: &str| text.parse::<DomainName>().unwrap().after_domain_key().map(str::to_owned);
    assert_eq!(domain("mail._domainkey.example.com").as_deref(), Some("example.com"));
    assert_eq!(domain("_domainkey.example.com").as_deref(), Some("example.com"));
    assert_eq!((domain("my_domainkey.example.com"), domain("example.com")), (None, None));
}
