use super::*;

#[test]
fn organizational_domains() {
    for (domain, expected) in [
        ("example.com", "example.com"),
        ("a.b.example.com", "example.com"),
        ("www.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("xn--gre-6ka8l.de", "xn--gre-6ka8l.de"),
        ("mail.customer.github.io", "customer.github.io"),
        ("localhost", "localhost"),
        ("host.test.example", "test.example"),
        ("[192.0.2.1]", "[192.0.2.1]"),
    ] {
        assert_eq!(organizational_domain(domain), expected);
    }
}
