use proptest::prelude::*;

use super::*;
use crate::mail::quoted::tests::text;

fn quoted_string(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut cursor = TextCursor::new(text);
    cursor.quoted_string().map(|content| (content, cursor.at()))
}

fn comment_length(text: &[u8]) -> Option<usize> {
    let mut cursor = TextCursor::new(text);
    cursor.comment().map(|()| cursor.at())
}

#[test]
fn octets_are_taken_from_the_left() {
    let mut cursor = TextCursor::new(b"ab=c");
    assert_eq!(cursor.take_while(|octet| octet != b'='), b"ab");
    assert_eq!((cursor.at(), cursor.peek(), cursor.bump(), cursor.at()), (2, Some(b'='), Some(b'='), 3));
    assert_eq!(cursor.take_while(|octet| octet != b'='), b"c");
    assert_eq!((cursor.take_while(|_| true), cursor.at(), cursor.bump()), (&b""[..], 4, None));
}

#[test]
fn what_does_not_end_is_nothing() {
    assert_eq!(quoted_string(br#""a\" b"c"#), Some((b"a\" b".to_vec(), 7)));
    assert_eq!(quoted_string(b"\"a\r\n\\\n\""), Some((b"a\n".to_vec(), 7)));
    assert_eq!(quoted_string(br#""a\""#), None);
    assert_eq!(quoted_string(b"\"\\"), None);
    assert_eq!(comment_length(br"(a(b)\))c)"), Some(8));
    assert_eq!(comment_length(br"(a(b)\)"), None);
    assert_eq!(comment_length(br"(\"), None);
}

/// The old code.
mod before {
    pub(super) fn quoted_string(text: &[u8]) -> Option<(Vec<u8>, usize)> {
        let mut at = 1;
        let mut content = Vec::new();
        while let Some(octet) = text.get(at) {
            at += 1;
            match octet {
                b'"' => return Some((content, at)),
                b'\\' => {
                    content.extend(text.get(at));
                    at += 1;
                }
                b'\r' | b'\n' => {}
                _ => content.push(*octet),
            }
        }
        None
    }

    pub(super) fn comment_length(text: &[u8]) -> Option<usize> {
        let (mut at, mut depth) = (0, 0);
        while let Some(octet) = text.get(at) {
            at += 1;
            match octet {
                b'(' => depth += 1,
                b')' if depth == 1 => return Some(at),
                b')' => depth -= 1,
                b'\\' => at += 1,
                _ => {}
            }
        }
        None
    }
}

proptest! {
    #[test]
    fn as_before(text in text()) {
        let (quoted, comment) = (format!("\"{text}"), format!("({text}"));
        prop_assert_eq!(quoted_string(quoted.as_bytes()), before::quoted_string(quoted.as_bytes()));
        prop_assert_eq!(comment_length(comment.as_bytes()), before::comment_length(comment.as_bytes()));
    }
}
