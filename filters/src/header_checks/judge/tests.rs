use super::*;

fn judged(name: Option<&str>, text: &[u8]) -> Option<(&'static str, bool)> {
    let mut results: Vec<_> = (1..=4.max(text.len()))
        .map(|cut| {
            let mut judge = CharsetJudge::new(name.map(str::as_bytes));
            text.chunks(cut).for_each(|chunk| judge.push(chunk));
            judge.finish().map(|fault| (fault.what, fault.certain))
        })
        .collect();
    results.dedup();
    assert_eq!(results.len(), 1, "it depends on the cuts: {results:?}");
    results[0]
}

#[test]
fn text_and_its_charset() {
    const UTF8: &[u8] = "Grüße 😀\r\n".as_bytes();
    const LATIN1: &[u8] = b"Gr\xfc\xdfe\r\n";
    for (name, text, expected) in [
        (None, &b"plain"[..], None),
        (None, UTF8, Some(("8-bit text without a charset", true))),
        (None, LATIN1, Some(("8-bit text without a charset", false))),
        (Some("us-ascii"), b"plain", None),
        (Some("US-ASCII"), UTF8, Some(("8-bit text that is named us-ascii", true))),
        (Some("us-ascii"), LATIN1, Some(("8-bit text that is named us-ascii", false))),
        (Some("utf-8"), UTF8, None),
        (Some("utf8"), LATIN1, Some(("text that is named UTF-8 and is not", false))),
        (Some("utf-8"), b"a\xe2\x82", Some(("text that is named UTF-8 and is not", false))),
        (Some("utf-8"), b"\xe2\x82\xac", None),
        (Some("utf-8"), b"\xed\xa0\x80", Some(("text that is named UTF-8 and is not", false))),
        (Some("iso-8859-1"), LATIN1, None),
        (Some("iso-8859-1"), UTF8, None),
        (Some("windows-1252"), b"\x81", None),
        (Some("windows-1253"), b"\xaa", Some(("text that is not in its charset", false))),
        (Some("big5"), b"a\xa4\xa4", None),
        (Some("big5"), b"a\xa4", Some(("text that is not in its charset", false))),
        (Some("iso-2022-jp"), b"\x1b$B%F%9%H\x1b(B", None),
        (Some("iso-2022-jp"), b"\xe4", Some(("text that is not in its charset", false))),
        (Some("klingon"), b"plain", Some(("a charset that nobody knows", false))),
        (Some("klingon"), UTF8, Some(("a charset that nobody knows", true))),
        (Some("utf-7"), b"plain +AOQ-", None),
    ] {
        assert_eq!(judged(name, text), expected, "{name:?} {text:?}");
    }
}
