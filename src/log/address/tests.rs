use super::*;

#[test]
fn addresses_are_shortened() {
    for (address, short) in [
        ("alice@example.com", "a***@example.com"),
        ("a@example.com", "a***@example.com"),
        ("\"a@b\"@example.com", "\"***@example.com"),
        ("ärger@exämple.de", "ä***@exämple.de"),
        ("root", "r***"),
        ("@example.com", "@example.com"),
        ("", ""),
    ] {
        assert_eq!(shorten(address.as_bytes()), short);
    }
    assert_eq!(shorten(b"\xff\xfe@x.example"), "\u{fffd}***@x.example");
    assert!(shorten(&[b'x'; 10_000]).len() < 10);
    assert!(shorten(format!("x@{}", "y".repeat(10_000)).as_bytes()).len() < 300);
}

#[test]
fn addresses_within_a_text_are_shortened() {
    for (text, short) in [
        ("", ""),
        ("no address here", "no address here"),
        ("user bob@a.example may not use alice@b.example.", "user b***@a.example may not use a***@b.example."),
        ("<ärger@exämple.de>,(x@y)", "<ä***@exämple.de>,(x***@y)"),
        ("owner of @example.com", "owner of @example.com"),
    ] {
        assert_eq!(shorten_within(text), short);
    }
}

#[test]
fn long_values_are_clipped() {
    assert_eq!(clip(b"<1@example.com>"), "<1@example.com>");
    assert_eq!(clip(&[b'x'; MAX_VALUE_OCTETS]).len(), MAX_VALUE_OCTETS);
    assert_eq!(clip(&[b'x'; 70_000]).len(), MAX_VALUE_OCTETS + 3);
}
