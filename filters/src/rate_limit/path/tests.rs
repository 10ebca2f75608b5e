use super::*;

fn domains(path: &str) -> Vec<String> {
    recipient_domains(path.as_bytes(), None, 8)
}

#[test]
fn every_domain_that_a_recipient_names_is_found() {
    for (path, expected) in [
        ("<v@big.example>", &["big.example"][..]),
        ("v@BIG.example.", &["big.example"]),
        ("<v%big.example@host.example>", &["big.example", "host.example"]),
        ("<big.example!v>", &["big.example"]),
        ("<big.example!v@host.example>", &["big.example", "host.example"]),
        ("<a.example!b.example!v>", &["a.example", "b.example"]),
        ("<v%a.example%b.example@c.example>", &["a.example", "b.example", "c.example"]),
        ("<a.example!v%b.example>", &["a.example", "b.example"]),
        ("<@r.example,@s.example:v@big.example>", &["r.example", "s.example", "big.example"]),
        ("<@r.example:v%big.example@host.example>", &["r.example", "big.example", "host.example"]),
        ("<\"v%big.example\"@host.example>", &["big.example", "host.example"]),
        ("<\"v@big.example\"@host.example>", &["big.example", "host.example"]),
        ("<\"v\\@big.example\"@host.example>", &["big.example", "host.example"]),
        ("<v\\%big.example@host.example>", &["big.example", "host.example"]),
        ("<\"big.example!v\"@host.example>", &["big.example", "host.example"]),
        ("<v@big.example(x)>", &["big.example"]),
        ("<v@(x(y)\\)z)big.example>", &["big.example"]),
        ("<v@ big.example>", &["big.example"]),
        ("\"V <x\" <v@big.example>", &["big.example"]),
        ("Name <v@big.example>", &["big.example"]),
        ("<v@b\u{fc}cher.example>", &["xn--bcher-kva.example"]),
        ("<v%B\u{dc}CHER.example@host.example>", &["xn--bcher-kva.example", "host.example"]),
        ("<v@[192.0.2.1]>", &["%5b192.0.2.1%5d"]),
        ("<v@[IPv6:2001:db8::1]>", &["%5bipv6:2001:db8::1%5d"]),
        ("<v@[ipv6:2001:0DB8:0:0::1]>", &["%5bipv6:2001:db8::1%5d"]),
        ("<v>", &["localhost"]),
        ("<v%>", &["localhost"]),
        ("<>", &["localhost"]),
        ("<v%big.example@>", &["big.example"]),
        ("<v@big.example@>", &["big.example"]),
        ("<v%big.example@localhost>", &["big.example", "localhost"]),
        ("<v%big.example%big.example@big.example>", &["big.example"]),
    ] {
        assert_eq!(domains(path), expected, "{path}");
    }
}

#[test]
fn the_domain_that_the_mta_resolves_to_counts_too() {
    let found = recipient_domains(b"<v@big>", Some(b"v@big.example"), 8);
    assert_eq!(found, ["big", "big.example"]);
    assert_eq!(recipient_domains(b"<v>", Some(b"v@host.example"), 8), ["host.example"]);
    assert_eq!(recipient_domains(b"<v@big.example>", Some(b"v"), 8), ["big.example"]);
}

#[test]
fn the_domains_of_a_recipient_are_bounded() {
    let many: String = (0..1000).map(|n| format!("d{n}.example!")).collect();
    assert_eq!(domains(&format!("<{many}v>")).len(), 9);
}

#[test]
fn a_sender_has_one_value_for_all_its_spellings() {
    for path in [
        "<Alice@Own.Example>", "alice@own.example", "<alice@own.example.>", "<\"alice\"@own.example>",
        "<al\\ice@own.example>", "<alice(x)@own.example>", "<@relay.example:alice@own.example>",
        "Alice <alice@own.example>",
    ] {
        assert_eq!(
            (sender(path.as_bytes()), sender_domain(path.as_bytes()).as_str()),
            ("alice@own.example".into(), "own.example"),
            "{path}"
        );
    }
    assert_eq!(sender("<J\u{d6}RG@b\u{fc}cher.example>".as_bytes()), "j%c3%b6rg@xn--bcher-kva.example");
    assert_eq!((sender(b"<root>"), sender_domain(b"<root>")), ("root".into(), "localhost".into()));
    assert_eq!(sender(b"\"dave smith\"@own.example"), "dave%20smith@own.example");
}
