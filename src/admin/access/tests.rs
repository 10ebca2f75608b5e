use hyper::header::HeaderValue;

use super::*;

const TOKEN: &str = "0123456789abcdef";

fn may(remote: &str, host: &str, authorization: Option<&str>) -> AccessRight {
    let local: SocketAddr =
        if remote.starts_with("127") { "127.0.0.1:9891" } else { "192.0.2.1:9891" }.parse().unwrap();
    let peer = AdminPeer::Tcp { local, remote: remote.parse().unwrap() };
    let mut headers = HeaderMap::new();
    headers.insert(HOST, HeaderValue::from_str(host).unwrap());
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    right(peer, &headers, Some(&AdminToken(TOKEN.into())))
}

#[test]
fn who_may_do_what() {
    let bearer = format!("Bearer {TOKEN}");
    let basic = format!("Basic {}", STANDARD.encode(format!("anybody:{TOKEN}")));
    for (remote, host, authorization, expected) in [
        ("127.0.0.1:1", "127.0.0.1:9891", None, AccessRight::Read),
        ("127.0.0.1:1", "localhost", None, AccessRight::Read),
        ("127.0.0.1:1", "[::1]:9891", None, AccessRight::Read),
        ("127.0.0.1:1", "rebound.example:9891", None, AccessRight::Scrape),
        ("192.0.2.7:1", "192.0.2.1:9891", None, AccessRight::Scrape),
        ("192.0.2.7:1", "mail.example", Some(&*bearer), AccessRight::Change),
        ("192.0.2.7:1", "mail.example", Some("bearer  0123456789abcdef"), AccessRight::Change),
        ("192.0.2.7:1", "mail.example", Some("Bearer 0123456789abcdee"), AccessRight::Scrape),
        ("192.0.2.7:1", "mail.example", Some("Bearer"), AccessRight::Scrape),
        ("192.0.2.7:1", "mail.example", Some(&*basic), AccessRight::Read),
        ("192.0.2.7:1", "mail.example", Some("Basic !!!"), AccessRight::Scrape),
        ("192.0.2.7:1", "mail.example", Some("Basic YTpi"), AccessRight::Scrape),
        ("127.0.0.1:1", "localhost", Some("Bearer wrong"), AccessRight::Read),
    ] {
        assert_eq!(may(remote, host, authorization), expected, "{remote} {host} {authorization:?}");
    }
    assert_eq!(right(AdminPeer::Unix, &HeaderMap::new(), None), AccessRight::Change);
}

#[test]
fn bad_token_files_say_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    for (text, expected) in [("short\n", "holds 5 octets"), ("0123456789 abcdef", "visible ASCII")] {
        std::fs::write(&path, text).unwrap();
        let error = AdminToken::read(&path).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    std::fs::write(&path, format!("{TOKEN}\n")).unwrap();
    assert!(AdminToken::read(&path).is_ok_and(|token| token.is(TOKEN.as_bytes())));
}

#[test]
fn a_proof_is_for_one_token_one_nonce_and_one_address() {
    let [token, other] = ["0123456789abcdef", "0123456789abcdee"].map(|text| AdminToken(text.into()));
    let address: SocketAddr = "127.0.0.1:9891".parse().unwrap();
    let proof = token.proof(b"nonce", address);
    assert_eq!(proof, token.proof(b"nonce", "[::ffff:127.0.0.1]:9891".parse().unwrap()));
    for wrong in [
        other.proof(b"nonce", address),
        token.proof(b"nonc", address),
        token.proof(b"nonce", "127.0.0.1:9892".parse().unwrap()),
        token.proof(b"nonce", "127.0.0.2:9891".parse().unwrap()),
    ] {
        assert_ne!(proof, wrong);
    }
}
