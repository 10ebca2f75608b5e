use super::*;

#[test]
fn every_form_is_read_and_shown() {
    for (text, shown) in [
        ("inet:127.0.0.1:8891", "inet:127.0.0.1:8891"),
        ("inet:8891@localhost", "inet:localhost:8891"),
        ("inet:8891@[::1]", "inet:[::1]:8891"),
        ("inet:mail_1.example.com:0", "inet:mail_1.example.com:0"),
        ("inet6:[::1]:8891", "inet6:[::1]:8891"),
        ("inet6:8891@ip6-localhost", "inet6:ip6-localhost:8891"),
        ("unix:/run/postseal/postseal.sock", "unix:/run/postseal/postseal.sock"),
        ("local:/run/postseal.sock", "unix:/run/postseal.sock"),
        ("/run/postseal.sock", "unix:/run/postseal.sock"),
        ("fd:submission", "fd:submission"),
    ] {
        let address: ListenAddress = text.parse().unwrap();
        assert_eq!(address.to_string(), shown);
        assert_eq!(shown.parse(), Ok(address));
    }
}

#[test]
fn mistakes_are_named() {
    let long = format!("unix:/{}", "x".repeat(120));
    for (text, message) in [
        ("8891", "`8891` does not begin with inet:, inet6:, unix:, local: or fd:"),
        ("tcp:127.0.0.1:8891", "`tcp:127.0.0.1:8891` does not begin with inet:, inet6:, unix:, local: or fd:"),
        (
            "inet:8891",
            "`8891` names no host; write inet:127.0.0.1:8891 for this machine, inet:0.0.0.0:8891 for every network",
        ),
        (
            "inet:*:8891",
            "`*:8891` names no host; write inet:127.0.0.1:8891 for this machine, inet:0.0.0.0:8891 for every network",
        ),
        ("inet:localhost", "`localhost` has no port; write HOST:PORT"),
        ("inet:localhost:88910", "`88910` is not a port"),
        ("inet:localhost:smtp", "`smtp` is not a port"),
        ("inet:local host:8891", "`local host` is neither a host name nor an IP address"),
        ("inet:::1:8891", "put the IPv6 address in brackets: [::1]"),
        ("inet6:[::1:8891", "`[::1` is neither a host name nor an IP address"),
        ("inet6:127.0.0.1:8891", "127.0.0.1 is an IPv4 address; write inet: before it"),
        ("unix:run/postseal.sock", "`run/postseal.sock` is not an absolute path"),
        (long.as_str(), "the path has 121 bytes, a unix socket's at most 96"),
        ("fd:", "`` is not a descriptor name"),
        ("fd:a:b", "`a:b` is not a descriptor name"),
    ] {
        assert_eq!(text.parse::<ListenAddress>().unwrap_err().to_string(), message);
    }
}
