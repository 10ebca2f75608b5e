use super::*;

/// What hyper is given of some octets.
fn strict(text: &[u8]) -> Vec<u8> {
    let mut lines = HeadLines::default();
    let mut text = text.to_vec();
    text.iter_mut().for_each(|octet| lines.next(octet));
    text
}

#[test]
fn lines_that_end_in_crlf_and_bodies_pass() {
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1000));
    for text in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n{\n}\nGET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n",
        long.as_bytes(),
    ] {
        assert_eq!(strict(text), text);
    }
}

#[test]
fn a_bare_lf_in_a_head_is_replaced() {
    for text in [
        &b"GET / HTTP/1.1\nHost: x\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nHost: x\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\n",
        b"\nGET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\nGET / HTTP/1.1\r\nA: b\n\r\n",
    ] {
        let found = strict(text);
        assert_eq!(found.iter().filter(|octet| **octet == b'\0').count(), 1, "{}", String::from_utf8_lossy(text));
    }
    let long = format!("GET / HTTP/1.1\r\nX: {}\n\r\n", "x".repeat(1000));
    assert!(strict(long.as_bytes()).contains(&b'\0'));
}
