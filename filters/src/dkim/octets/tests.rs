use super::*;

#[test]
fn octets_are_found_wherever_the_body_is_cut() {
    for (body, expected) in [
        (&b""[..], false),
        (b"a\r\nb\r\n", false),
        (b"\r\n\r\n", false),
        (b"no line end", false),
        (b"gr\xfc\xdfe \x0b \x0c\r\n", false),
        (b"a\0b\r\n", true),
        (b"\0", true),
        (b"a\nb\r\n", true),
        (b"\n", true),
        (b"a\rb\r\n", true),
        (b"a\r\r\n", true),
        (b"a\r", true),
        (b"a\r\n\n", true),
    ] {
        for length in 1..=body.len().max(1) {
            let mut octets = UnsafeOctets::default();
            body.chunks(length).for_each(|chunk| octets.update(chunk));
            octets.update(b"");
            assert_eq!(octets.found(), expected, "{:?} in pieces of {length}", String::from_utf8_lossy(body));
        }
    }
}

#[test]
fn a_fold_is_not_unsafe() {
    for (value, expected) in
        [(&b" a\n b"[..], false), (b" a\r\n b", false), (b" a\rb", true), (b" a\r", true), (b" a\0b", true)]
    {
        let field = HeaderField::new(&b"Subject"[..], value.to_vec());
        assert_eq!(in_field(&field), expected, "{value:?}");
    }
}
