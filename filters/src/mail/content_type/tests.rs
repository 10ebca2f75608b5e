use proptest::prelude::*;

use crate::mail::content_type::*;
use crate::mail::quoted::tests::text;

fn parse(value: &str) -> ContentType {
    ContentType::parse(value.as_bytes()).unwrap()
}

#[test]
fn parameters_are_read_as_people_write_them() {
    for (value, charset, boundary) in [
        (" text/plain; charset=utf-8", Some("utf-8"), None),
        (" TEXT/Plain;CHARSET=\"utf-8\"", Some("utf-8"), None),
        (" text/plain (a comment) ; name=x.txt ; charset = utf-8 (b)", Some("utf-8"), None),
        (" text/plain charset=no; charset=yes", Some("yes"), None),
        (" text/plain; name=\"a;charset=no\"; charset=yes", Some("yes"), None),
        (" text/plain; charset*=us-ascii'en'utf-8", Some("utf-8"), None),
        (" multipart/mixed;\n boundary=\"a b\\\"c\"", None, Some("a b\"c")),
        (" multipart/mixed; boundary=----=_Part_1", None, Some("----=_Part_1")),
        (" multipart/mixed; boundary=\"open", None, None),
        (" text/plain;;;", None, None),
    ] {
        let parsed = parse(value);
        assert_eq!(parsed.charset.as_deref(), charset.map(str::as_bytes), "{value}");
        assert_eq!(parsed.boundary.as_deref(), boundary.map(str::as_bytes), "{value}");
        assert!(!parsed.ambiguous, "{value}");
    }
    for value in ["", " text", " /plain", " ;", "text plain", " \"text/plain\""] {
        assert_eq!(ContentType::parse(value.as_bytes()), None, "{value}");
    }
}

#[test]
fn where_the_charset_stands() {
    let value = " text/plain; charset=\"utf-8\"; format=flowed ";
    let parsed = parse(value);
    assert_eq!(value.get(parsed.charset_at), Some("\"utf-8\""));
    assert_eq!(value.get(parsed.end..), Some(" "));
    assert_eq!(parse(" text/plain ;").end, " text/plain".len());
}

#[test]
fn cve_2024_28054_several_boundaries() {
    for value in [
        " multipart/mixed; boundary=a; boundary=b",
        " multipart/mixed; boundary=a; BOUNDARY=\"b\"",
        " multipart/mixed; boundary=a; boundary*0=b",
        " multipart/mixed; boundary*=us-ascii''b",
    ] {
        assert!(parse(value).ambiguous, "{value}");
    }
    assert!(!parse(" multipart/mixed; boundary=a; boundary=\"a\"").ambiguous);
}

#[test]
fn transfer_encodings() {
    for (value, encoding) in [
        (" 7bit", TransferEncoding::SevenBit),
        (" 8BIT ", TransferEncoding::EightBit),
        ("binary", TransferEncoding::EightBit),
        (" (a) Base64", TransferEncoding::Base64),
        (" quoted-printable;", TransferEncoding::QuotedPrintable),
        (" 8-bit", TransferEncoding::Unknown),
        ("", TransferEncoding::Unknown),
    ] {
        assert_eq!(TransferEncoding::parse(value.as_bytes()), encoding, "{value}");
    }
}

/// The old code: where white space and comments end, and whether the last comment is open.
fn skip_before(text: &[u8]) -> (usize, bool) {
    let (mut at, mut depth) = (0, 0u32);
    while let Some(octet) = text.get(at) {
        match octet {
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b'\\' if depth > 0 => at += 1,
            _ if depth > 0 || octet.is_ascii_whitespace() => {}
            _ => break,
        }
        at += 1;
    }
    (at.min(text.len()), depth > 0)
}

proptest! {
    #[test]
    fn comments_as_before(text in text()) {
        for text in [format!("({text}"), text] {
            let mut scanner = ParameterScanner::new(text.as_bytes());
            scanner.skip();
            prop_assert_eq!((scanner.cursor.at(), scanner.broken), skip_before(text.as_bytes()));
        }
    }
}
