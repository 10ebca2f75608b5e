use super::*;

fn judged(name: Option<&str>, text: &[u8]) -> Option<(&'static str, bool)> {
    let (what, really) = judged_with(name, text, None)?;
    Some((what, really == RealCharset::Named("utf-8")))
}

fn judged_with(name: Option<&str>, text: &[u8], fallback: Option<&str>) -> Option<(&'static str, RealCharset)> {
    let fallback = fallback.and_then(|name| Encoding::for_label(name.as_bytes()));
    let mut results: Vec<_> = (1..=4.max(text.len()))
        .map(|cut| {
            let mut judge = CharsetJudge::new(name.map(str::as_bytes), fallback);
            text.chunks(cut).for_each(|chunk| judge.push(chunk));
            judge.finish().fault.map(|fault| (fault.what, fault.really))
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
        (Some("iso-8859-1"), UTF8, Some(("UTF-8 with the name of another charset", false))),
        (Some("koi8-r"), UTF8, Some(("UTF-8 with the name of another charset", false))),
        (Some("iso-8859-2"), b"SP\xd3\xa3KA", None),
        (None, b"SP\xd3\xa3KA", Some(("8-bit text without a charset", false))),
        (Some("unknown-8bit"), UTF8, Some(("a charset that nobody knows", true))),
        (Some("unknown"), UTF8, Some(("a charset that nobody knows", true))),
        (Some(""), UTF8, Some(("a charset that nobody knows", true))),
        (Some("unknown-8bit"), LATIN1, Some(("a charset that nobody knows", false))),
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

#[test]
fn the_postmaster_names_a_charset() {
    let fallback = |name, text| judged_with(name, text, Some("iso-8859-2")).map(|(_, really)| really);
    let named = |name| Some(RealCharset::Named(name));
    assert_eq!(fallback(None, b"Zam\xf3wienie SP\xd3\xa3KA"), named("ISO-8859-2"));
    assert_eq!(fallback(Some("us-ascii"), b"Zam\xf3wienie"), named("ISO-8859-2"));
    assert_eq!(fallback(Some("unknown-8bit"), b"Zam\xf3wienie"), named("ISO-8859-2"));
    assert_eq!(fallback(None, "Zamówienie".as_bytes()), named("utf-8"));
    // Not in that charset, in two charsets, or in one that is named.
    assert_eq!(fallback(None, b"Zam\xf3wienie \x81"), Some(RealCharset::NotKnown));
    assert_eq!(fallback(None, b"Zam\xf3wienie, cz\xc4\x99\xc5\x9b\xc4\x87"), Some(RealCharset::NotKnown));
    assert_eq!(fallback(Some("utf-8"), b"Zam\xf3wienie"), Some(RealCharset::NotKnown));
    assert_eq!(fallback(Some("windows-1250"), b"Zam\xf3wienie"), None);
}
