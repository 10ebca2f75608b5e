use super::*;

fn pattern(text: &str) -> AddressPattern {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn which_addresses_are_meant() {
    for (text, inside, outside) in [
        ("alice@example.com", "ALICE@Example.com", "alicf@example.com"),
        ("@example.com", "anybody@example.com", "anybody@www.example.com"),
        ("*@example.com", "anybody@example.com", "anybody@www.example.com"),
        ("@.example.com", "a@b.c.example.com", "a@example.com"),
        ("@.example.com", "a@www.example.com", "a@wwwexample.com"),
        ("wwwrun@*.firma.de", "wwwrun@www.firma.de", "wwwrun@firma.de"),
        ("sales-*@example.com", "Sales-EU@example.com", "sales@example.com"),
        ("*@*", "a@b", ""),
        ("*", "a@b", ""),
        ("root@*", "root@anything.example", "toor@anything.example"),
        ("a@grüße.example", "a@xn--gre-6ka8l.example", "a@gruesse.example"),
        ("@*.grüße.example", "a@www.xn--gre-6ka8l.example", "a@xn--gre-6ka8l.example"),
        ("a@xn--gre-6ka8l.example", "a@Grüße.example", "b@grüße.example"),
        ("x@[192.0.2.1]", "x@[192.0.2.1]", "x@[192.0.2.2]"),
    ] {
        assert!(pattern(text).matches(&inside.parse().unwrap()), "{text} {inside}");
        if !outside.is_empty() {
            assert!(!pattern(text).matches(&outside.parse().unwrap()), "{text} {outside}");
        }
    }
}

#[test]
fn what_tables_look_up() {
    for (text, shape) in [
        ("Alice@Example.com", PatternShape::Address("alice@example.com".to_owned())),
        ("*@Example.com", PatternShape::Domain("@example.com".to_owned())),
        ("@*.example.com", PatternShape::Subdomains("@.example.com".to_owned())),
        ("@.Grüße.example", PatternShape::Subdomains("@.xn--gre-6ka8l.example".to_owned())),
        ("*", PatternShape::Any),
        ("*@*", PatternShape::Any),
        ("a*@example.com", PatternShape::Mixed),
        ("a@*.example.com", PatternShape::Mixed),
        ("*@*.*.com", PatternShape::Mixed),
    ] {
        assert_eq!(*pattern(text).shape(), shape, "{text}");
    }
}

#[test]
fn stars_are_captured() {
    for (text, address, captures) in [
        ("*@www.firma.de", "Info@www.firma.de", &["Info"][..]),
        ("@www.firma.de", "Info@www.firma.de", &["Info"]),
        ("wwwrun@*.firma.de", "wwwrun@a.b.firma.de", &["a.b"]),
        ("*-*@*.de", "a-b-c@firma.de", &["a", "b-c", "firma"]),
        ("a@b.de", "a@b.de", &[]),
    ] {
        let address = address.parse().unwrap();
        assert_eq!(pattern(text).captures(&address).as_deref(), Some(captures), "{text}");
    }
    assert_eq!(pattern("*@www.firma.de").captures(&"a@firma.de".parse().unwrap()), None);
}

#[test]
fn mistakes_are_named() {
    for (text, reason) in [
        ("example.com", "has no @; write @example.com"),
        ("a b@example.com", "is not an address"),
        ("a@b@c", "is not an address"),
        ("@exa mple.com", "domain: has ' '"),
        ("a@ä*.de", "mixes *"),
        ("*********@*.de", "more than 9 stars"),
        ("a*@-x.de", "hyphen"),
        ("", "has no @"),
    ] {
        let error = text.parse::<AddressPattern>().unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
}
