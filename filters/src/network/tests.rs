use super::*;

#[test]
fn contains_by_prefix_and_family() {
    for (network, inside, outside) in [
        ("127.0.0.0/8", "127.1.2.3", "128.0.0.1"),
        ("0.0.0.0/0", "203.0.113.9", "::1"),
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("::1/128", "::1", "::2"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
        ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
    ] {
        let network: Network = network.parse().unwrap();
        assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
        assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
    }
}

#[test]
fn mistakes_are_named() {
    for (text, message) in [
        ("localhost", "`localhost` is not an IP address"),
        ("10.0.0.0/33", "`/33` is not a prefix length for this address"),
        ("10.0.0.1/8", "`10.0.0.1/8` has bits set behind its prefix; did you mean 10.0.0.0/8?"),
    ] {
        assert_eq!(text.parse::<Network>().unwrap_err().to_string(), message);
    }
}
