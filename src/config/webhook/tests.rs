use super::*;

#[test]
fn addresses_are_taken_apart() {
    for (text, tls, host, port, path) in [
        ("http://127.0.0.1:8080/hook?a=b", false, "127.0.0.1", 8080, "/hook?a=b"),
        ("https://hooks.example", true, "hooks.example", 443, "/"),
        ("http://[::1]:81/x", false, "::1", 81, "/x"),
        ("http://[::1]", false, "::1", 80, "/"),
    ] {
        let url: WebhookUrl = text.parse().unwrap();
        assert_eq!((url.tls, &*url.host, url.port, &*url.path), (tls, host, port, path), "{text}");
    }
    for text in ["", "ftp://x/", "http://", "http:///x", "http://user@x/", "http://x:port/", "http://x/a b"] {
        assert_eq!(text.parse::<WebhookUrl>(), Err(WebhookUrlError), "{text}");
    }
}
