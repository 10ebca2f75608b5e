use proptest::prelude::*;

use crate::mail::transfer::quoted_printable::*;

fn decoded(text: &[u8], cut: usize) -> (Vec<u8>, bool) {
    let mut decoder = QuotedPrintableDecoder::default();
    let mut out = Vec::new();
    for piece in text.chunks(cut) {
        decoder.push(piece, &mut out);
    }
    (out, decoder.is_broken())
}

#[test]
fn known_answers() {
    for (text, expected) in [
        (&b"Gr\xc3\xbc\xc3\x9fe = 1\r\n"[..], &b"Gr=C3=BC=C3=9Fe =3D 1\r\n"[..]),
        (b"blank \r\ntab\t\r\n\r\n", b"blank=20\r\ntab=09\r\n\r\n"),
        (b".\r\nFrom me\r\nFar\r\n", b"=2E\r\n=46rom me\r\nFar\r\n"),
        (b"no end", b"no end=\r\n"),
        (b"", b""),
        (b"\0\r\x07\n", b"=00=0D=07=0A=\r\n"),
    ] {
        assert_eq!(encoded(text), expected);
    }
}

#[test]
fn what_is_not_quoted_printable() {
    for (text, expected, broken) in [
        (&b"a=3Db"[..], &b"a=b"[..], false),
        (b"a=\r\nb=  \r\nc=\n", b"abc", false),
        (b"a=3db", b"a=b", false),
        (b"a=zb", b"azb", true),
        (b"a=3", b"a", true),
        (b"http://x?a=b", b"http://x?a", true),
        (b"a=", b"a", false),
    ] {
        for cut in 1..4 {
            assert_eq!(decoded(text, cut), (expected.to_vec(), broken), "{text:?}");
        }
    }
}

proptest! {
    /// Decoded, it is the same to the octet, and no line is too long.
    #[test]
    fn encoding_is_exact(
        pieces in prop::collection::vec(
            prop_oneof![
                "[a-zF. =\t]{0,90}".prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..90),
                Just(b"\r\n".to_vec()),
            ],
            0..20,
        ),
        cut in 1usize..50,
    ) {
        let body = pieces.concat();
        let text = encoded(&body);
        prop_assert!(text.is_ascii());
        prop_assert!(text.split(|octet| *octet == b'\n').all(|line| line.len() <= 77));
        prop_assert_eq!(decoded(&text, cut), (body, false));
    }
}
