use proptest::prelude::{Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use super::*;

/// RFC 6376 sections 3.4.3 and 3.4.4 word by word, over the whole body.
fn by_definition(rule: Canonicalization, body: &[u8]) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> = body.split(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let last = lines.len() - 1;
    for line in lines.iter_mut().take(last) {
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    if rule == Canonicalization::Relaxed {
        for line in &mut lines {
            let words = line.split(|byte| b" \t".contains(byte)).filter(|word| !word.is_empty());
            let indent: &[u8] = if line.first().is_some_and(|byte| b" \t".contains(byte)) { b" " } else { b"" };
            let text = words.collect::<Vec<_>>().join(&b' ');
            *line = if text.is_empty() { text } else { [indent, &text].concat() };
        }
    }
    while lines.last().is_some_and(Vec::is_empty) {
        lines.pop();
    }
    if lines.is_empty() && rule == Canonicalization::Simple {
        lines.push(Vec::new());
    }
    lines.into_iter().flat_map(|line| [line, b"\r\n".to_vec()].concat()).collect()
}

fn in_pieces<'a>(rule: Canonicalization, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut canonical = CanonicalBody::new(rule);
    let mut out = Vec::new();
    for piece in pieces {
        canonical.update(piece, &mut out);
    }
    canonical.finish(&mut out).unwrap();
    out
}

fn relaxed(body: &str) -> String {
    String::from_utf8(in_pieces(Canonicalization::Relaxed, [body.as_bytes()])).unwrap()
}

fn simple(body: &str) -> String {
    String::from_utf8(in_pieces(Canonicalization::Simple, [body.as_bytes()])).unwrap()
}

#[test]
fn relaxed_form() {
    for (body, canonical) in [
        // RFC 6376 section 3.4.5
        (" C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n"),
        ("", ""),
        ("\r\n", ""),
        ("\r\n\r\n", ""),
        (" \r\n\t\r\n", ""),
        (" \t", ""),
        ("a", "a\r\n"),
        ("a ", "a\r\n"),
        ("a\r\n", "a\r\n"),
        ("a\r\n \r\n\t \r\n", "a\r\n"),
        ("a\r\n \r\n\t \r\nb", "a\r\n\r\n\r\nb\r\n"),
        ("\r\n\r\na\r\n", "\r\n\r\na\r\n"),
        ("\ta\r\n", " a\r\n"),
        ("a\tb  c \t d\r\n", "a b c d\r\n"),
        ("a\nb\n\n", "a\r\nb\r\n"),
        ("a \nb\n", "a\r\nb\r\n"),
        ("a\rb\r\n", "a\rb\r\n"),
        ("a \rb\r\n", "a \rb\r\n"),
        ("a\r\r\n", "a\r\r\n"),
        ("a\r\r\r\nb", "a\r\r\r\nb\r\n"),
        ("a\r", "a\r\r\n"),
        ("\r", "\r\r\n"),
        ("\r\n\r", "\r\n\r\r\n"),
        ("\r \r\n", "\r\r\n"),
        ("a\0\x0b\x0c b\r\n\x0c\r\n", "a\0\x0b\x0c b\r\n\x0c\r\n"),
        ("ä  ö\r\n", "ä ö\r\n"),
    ] {
        assert_eq!(relaxed(body), canonical, "{body:?}");
    }
}

#[test]
fn simple_form() {
    for (body, canonical) in [
        (" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n"),
        ("", "\r\n"),
        ("\r\n", "\r\n"),
        ("\r\n\r\n", "\r\n"),
        (" \r\n\t\r\n\r\n", " \r\n\t\r\n"),
        ("a", "a\r\n"),
        ("a ", "a \r\n"),
        ("\r\n\r\na\r\n", "\r\n\r\na\r\n"),
        ("a\nb\n\n", "a\r\nb\r\n"),
        ("a\rb\r\r\n", "a\rb\r\r\n"),
        ("a\r", "a\r\r\n"),
        ("\x0c\0\r\n", "\x0c\0\r\n"),
    ] {
        assert_eq!(simple(body), canonical, "{body:?}");
    }
}

#[test]
fn the_definition_agrees_with_the_tables() {
    assert_eq!(by_definition(Canonicalization::Relaxed, b" C \r\nD \t E\r\n\r\n\r\n"), b" C\r\nD E\r\n");
    assert_eq!(by_definition(Canonicalization::Simple, b" C \r\nD \t E\r\n\r\n\r\n"), b" C \r\nD \t E\r\n");
    assert_eq!(by_definition(Canonicalization::Relaxed, b"a \rb\r"), b"a \rb\r\r\n");
}

#[test]
fn every_cut_into_three() {
    let body =
        b"\r\n \ta\r \tb\r\n\t\r\nlong enough for more than one block, with  two spaces far behind the start of \
                 the line\r\n\n\r\r\n c \r\n \t\r\n\r";
    for rule in [Canonicalization::Relaxed, Canonicalization::Simple] {
        let whole = by_definition(rule, body);
        for first in 0..=body.len() {
            for second in first..=body.len() {
                let pieces = [&body[..first], &body[first..second], &body[second..]];
                assert_eq!(in_pieces(rule, pieces), whole, "{rule:?} cut at {first} and {second}");
            }
        }
    }
}

#[test]
fn more_line_ends_than_are_written_at_once() {
    for count in [63, 64, 65, 1000] {
        let body = format!("a{}b\r\n", "\r\n".repeat(count));
        assert_eq!(relaxed(&body), body);
        assert_eq!(simple(&body), body);
    }
}

/// Every length around a block, a window and a batch, with nothing and with something irregular behind it.
#[test]
fn runs_of_every_length_are_written_whole() {
    for rule in [Canonicalization::Relaxed, Canonicalization::Simple] {
        for length in (1..4 * WINDOW_OCTETS).chain(MAX_BATCH_OCTETS - 2..MAX_BATCH_OCTETS + 3) {
            for end in ["", " ", "\r", "\n", "\r\n", "\t\t", "  y"] {
                let body = ["x".repeat(length), end.to_owned()].concat();
                let (run, rest) = canonical_run(rule, body.as_bytes()).unwrap();
                assert_eq!([run, rest].concat(), body.as_bytes());
                assert_eq!(in_pieces(rule, [body.as_bytes()]), by_definition(rule, body.as_bytes()), "{length}");
            }
        }
    }
}

#[test]
fn a_body_of_which_octets_were_lost_has_no_hash() {
    let mut hash = BodyHash::new(Canonicalization::Relaxed);
    hash.update(b"text");
    hash.canonical.incomplete = true;
    hash.update(b"more");
    assert_eq!(hash.finish().err(), Some(IncompleteHash));
}

#[test]
fn known_hashes() {
    let base64 = |rule, body: &[u8]| {
        let mut hash = BodyHash::new(rule);
        hash.update(body);
        let mut out = Vec::new();
        out.write_base64(hash.finish().unwrap().as_ref());
        String::from_utf8(out).unwrap()
    };
    // RFC 6376 sections 3.4.3 and 3.4.4: the empty body
    assert_eq!(base64(Canonicalization::Simple, b""), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
    assert_eq!(base64(Canonicalization::Relaxed, b""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    // RFC 6376 appendix A.2 and RFC 8463 appendix A.3, which differs by a second space
    let hungry = b"Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
    assert_eq!(base64(Canonicalization::Simple, hungry), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    let hungry = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n\r\n";
    assert_eq!(base64(Canonicalization::Simple, hungry), "4bLNXImK9drULnmePzZNEBleUanJCX5PIsDIFoH4KTQ=");
    assert_eq!(base64(Canonicalization::Relaxed, hungry), "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
}

/// Text with many of the octets that make trouble.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![" ", "\t", "\r", "\n", "\r\n", "  ", " \r\n", "\r\n\r\n", "\x0c", "\0", "\u{fc}"])
            .prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(b'!'..=b'~', 1..100),
        1 => prop::collection::vec(any::<u8>(), 1..10),
        1 => (0..200usize).prop_map(|length| b"plain words ".iter().copied().cycle().take(length).collect()),
        1 => (0..600usize).prop_map(|length| vec![b'x'; length]),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_cut_gives_the_defined_form(body in body(), cuts in prop::collection::vec(1usize..200, 1..100)) {
        for rule in [Canonicalization::Relaxed, Canonicalization::Simple] {
            let mut rest = &body[..];
            let mut pieces = Vec::new();
            for cut in cuts.iter().cycle() {
                let (piece, tail) = rest.split_at(*cut.min(&rest.len()));
                pieces.push(piece);
                rest = tail;
                if rest.is_empty() {
                    break;
                }
            }
            let whole = by_definition(rule, &body);
            prop_assert_eq!(&in_pieces(rule, [&body[..]]), &whole);
            prop_assert_eq!(&in_pieces(rule, pieces), &whole);
        }
    }
}
