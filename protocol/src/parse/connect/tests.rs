use bytes::Bytes;

use super::connect;
use crate::command::Peer;
use crate::parse::ParseError;

fn peer(data: &'static [u8]) -> Peer {
    let parsed = connect(&Bytes::from_static(data)).unwrap();
    assert_eq!(parsed.hostname, "mx");
    parsed.peer
}

fn inet(address: &str) -> Peer {
    Peer::Inet(address.parse().unwrap())
}

#[test]
fn every_way_to_write_an_ip_address() {
    assert_eq!(peer(b"mx\x004\x27\x0f192.0.2.1\0"), inet("192.0.2.1:9999"));
    assert_eq!(peer(b"mx\x004\0\x00127.0.0.1\0"), inet("127.0.0.1:0"));
    assert_eq!(peer(b"mx\x006\0\x192001:db8::1\0"), inet("[2001:db8::1]:25"));
    for text in [
        &b"mx\x006\0\x19IPv6:2001:db8::1\0"[..],
        b"mx\x006\0\x19ipv6:2001:db8::1\0",
        b"mx\x006\0\x19IPV6:2001:db8:0:0:0:0:0:1\0",
        b"mx\x006\0\x19[2001:db8::1]\0",
        b"mx\x006\0\x19[IPv6:2001:db8::1]\0",
        b"mx\x004\0\x19IPv6:2001:db8::1\0",
    ] {
        assert_eq!(peer(text), inet("[2001:db8::1]:25"));
    }
    assert_eq!(peer(b"mx\x006\0\0fe80::1%eth0\0"), inet("[fe80::1]:0"));
    assert_eq!(peer(b"mx\x004\0\0[192.0.2.1]\0"), inet("192.0.2.1:0"));
}

#[test]
fn mapped_addresses_are_ipv4() {
    let mapped = peer(b"mx\x006\0\0IPv6:::ffff:192.0.2.1\0");
    assert_eq!(mapped.ip(), Some([192, 0, 2, 1].into()));
    assert_eq!(peer(b"mx\x004\0\0::ffff:192.0.2.1\0").ip(), Some([192, 0, 2, 1].into()));
}

#[test]
fn unix_and_unknown() {
    assert_eq!(peer(b"mx\0L\0\0/run/smtp\0"), Peer::Unix("/run/smtp".into()));
    assert_eq!(peer(b"mx\0U"), Peer::Unknown);
    assert_eq!(peer(b"mx\0U\0\0somewhere\0"), Peer::Unknown);
    assert_eq!(peer(b"mx\0\x36\0\0\0"), Peer::Unknown);
    assert_eq!(peer(b"mx\0X\0\0what\0"), Peer::Unknown);
    assert_eq!(Peer::Unknown.ip(), None);
    assert_eq!(Peer::Unix("/run/smtp".into()).ip(), None);
}

#[test]
fn quirk_02_unreadable_addresses_are_unknown() {
    for text in [
        &b"mx\x004\0\0\0"[..],
        b"mx\x004\0\0unknown\0",
        b"mx\x004\0\x00192.0.2\0",
        b"mx\x004\0\x00192.0.2.256\0",
        b"mx\x006\0\0IPv6:\0",
        b"mx\x006\0\0IPv6:2001:db8\0",
        b"mx\x006\0\0[2001:db8::1\0",
        b"mx\x006\0\0\xff\xfe\0",
    ] {
        assert_eq!(peer(text), Peer::Unknown);
    }
}

#[test]
fn the_structure_must_hold() {
    let expected = |data: &'static [u8]| match connect(&Bytes::from_static(data)) {
        Err(ParseError::Malformed { expected, at, .. }) => (expected, at),
        other => panic!("{other:?}"),
    };
    assert_eq!(expected(b""), ("a string that ends in NUL", 0));
    assert_eq!(expected(b"mx"), ("a string that ends in NUL", 0));
    assert_eq!(expected(b"mx\0"), ("an octet", 3));
    assert_eq!(expected(b"mx\x004"), ("a 16-bit number", 4));
    assert_eq!(expected(b"mx\x004\0"), ("a 16-bit number", 4));
    assert_eq!(expected(b"mx\x004\0\x19"), ("a string that ends in NUL", 6));
    assert_eq!(expected(b"mx\x004\0\x191.2.3.4"), ("a string that ends in NUL", 6));
    assert_eq!(expected(b"mx\x004\0\x191.2.3.4\0x"), ("the end", 14));
    assert_eq!(expected(b"mx\0L\0\0/run"), ("a string that ends in NUL", 6));
}
