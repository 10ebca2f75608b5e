use super::*;

fn decoded(text: &[u8], cut: usize) -> (Vec<u8>, bool) {
    let mut decoder = Base64::default();
    let mut out = Vec::new();
    text.chunks(cut).for_each(|piece| decoder.push(piece, &mut out));
    (out, decoder.is_broken())
}

#[test]
fn known_answers_however_cut() {
    for (text, expected, broken) in [
        (&b""[..], &b""[..], false),
        (b"Zg==", b"f", false),
        (b"Zm8=\r\n", b"fo", false),
        (b"Zm9v\r\nYm Fy", b"foobar", false),
        (b"Zm9vYg", b"foob", true),
        (b"Zm9v=", b"foo", true),
        (b"Zg===", b"f", true),
        (b"Zg==Zg==", b"f", true),
        (b"Z!m9v", b"foo", true),
        (b"/+AZaz09", b"\xff\xe0\x19\x6b\x3d\x3d", false),
    ] {
        for cut in 1..9 {
            assert_eq!(decoded(text, cut), (expected.to_vec(), broken), "{text:?}");
        }
    }
}

#[test]
fn the_alphabet() {
    for octet in 0..=255u8 {
        let fits = DIGITS.contains(&octet) || b"= \t\r\n".contains(&octet);
        assert_eq!(is_alphabet(&[octet]), fits, "{octet}");
        assert_eq!(value(octet) != NONE, DIGITS.contains(&octet), "{octet}");
    }
}
