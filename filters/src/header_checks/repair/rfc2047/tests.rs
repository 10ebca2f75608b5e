use proptest::prelude::*;

use crate::header_checks::repair::rfc2047::*;
use crate::mail::charset::Charset;
use crate::mail::encoded_word::decoded;
use crate::mail::quoted::tests::text;

fn fixed(name: &str, value: impl AsRef<[u8]>) -> Option<String> {
    let field = HeaderField::new(name.to_owned(), value.as_ref().to_vec());
    encoded(&field, &RawCharset::default()).ok().map(|value| String::from_utf8(value).unwrap())
}

fn unfolded(text: &str) -> String {
    text.chars().filter(|c| *c != '\n').collect()
}

#[test]
fn only_words_that_need_it_are_encoded() {
    for (raw, expected) in [
        (" Grüße aus Köln", " =?utf-8?Q?Gr=C3=BC=C3=9Fe?= aus =?utf-8?Q?K=C3=B6ln?="),
        ("Grüße", "=?utf-8?Q?Gr=C3=BC=C3=9Fe?="),
        (" Öl  über alles", " =?utf-8?Q?=C3=96l__=C3=BCber?= alles"),
        (" ä\n\tb", " =?utf-8?Q?=C3=A4?=\n\tb"),
        // White space between two encoded-words is none, so it goes into one of them.
        (" =?utf-8?Q?a?= ä", " =?utf-8?Q?a?= =?utf-8?B?IMOk?="),
        (" ä =?utf-8?Q?a?=", " =?utf-8?B?w6Qg?= =?utf-8?Q?a?="),
    ] {
        assert_eq!(fixed("Subject", raw).as_deref(), Some(expected));
        assert_eq!(decoded(expected.as_bytes()), decoded(raw.as_bytes()), "{raw}");
    }
}

fn named(name: &str) -> RawCharset {
    RawCharset { named: Some(Charset::named(name.as_bytes())), ..RawCharset::default() }
}

fn why(value: &[u8], raw: &RawCharset) -> Option<&'static str> {
    encoded(&HeaderField::new("Subject", value.to_vec()), raw).err()
}

#[test]
fn what_is_not_utf_8_needs_the_name_of_its_charset() {
    let raw = named("windows-1252");
    let euro = encoded(&HeaderField::new("Subject", b" Gr\xfc\xdfe \x80 5".to_vec()), &raw).unwrap();
    assert_eq!(decoded(&euro), " Grüße € 5");
    let unknown: [&[u8]; 4] = [
        // Nothing, in windows-1252.
        b"a\x81b",                           // Western text has no such runs.
        b" \xb3\xcc\xca\xbd\xc9",            // Some of it is UTF-8.
        b" \xc3\x91and\xc3\xba Gr\xfc\xdfe", // Polish.
        b" \xa3ukasz",
    ];
    for value in unknown {
        assert_eq!(why(value, &raw), Some(UNKNOWN_CHARSET), "{value:?}");
    }
    assert_eq!(why(b" Gr\xfc\xdfe", &RawCharset::default()), Some(UNKNOWN_CHARSET));
    let never: [&[u8]; 8] = [
        // An encoded-word that is glued to raw text: readers do not agree.
        b" =?utf-8?Q?a?=\xfc", b" \xfc=?utf-8?Q?a?=", // Half an encoded-word.
        b" =?utf-8?Q?Gr=C3=BC \xfc", b" =?utf-8?Q?\xfc?=", b" =?utf-8?B?w7w \xfc ?=", b" =?utf-8?Q?a b?= \xfc",
        b" a\x07\xfc", // A control character in UTF-8.
        b" a\xc2\x85b",
    ];
    for value in never {
        assert_eq!(why(value, &raw), Some(NOT_CERTAIN), "{value:?}");
    }
    for near in [" what =? is =?utf-8?Q?a?= =?= ü", " 2=? ü ?=", " =?? ü", " =?a?b ü"] {
        let out = fixed("Subject", near).unwrap();
        assert_eq!(decoded(out.as_bytes()), decoded(near.as_bytes()));
    }
}

#[test]
fn what_the_text_of_the_message_is_in_the_header_is_too() {
    let fixed = |value: &[u8], name: &str| {
        let field = HeaderField::new("Subject", value.to_vec());
        let value = encoded(&field, &named(name)).ok()?;
        Some(decoded(&value))
    };
    assert_eq!(fixed(b" T\xdcRK\xddYE", "windows-1254").as_deref(), Some(" TÜRKİYE"));
    assert_eq!(fixed(b" \xc4\xe3\xba\xc3", "gb2312").as_deref(), Some(" 你好"));
    assert_eq!(fixed(" 你好你好".as_bytes(), "gb2312").as_deref(), Some(" 你好你好"));
    assert_eq!(fixed(b" Gr\xfc\xdfe", "iso-8859-1").as_deref(), Some(" Grüße"));
    for name in ["utf-8", "us-ascii", "klingon"] {
        assert_eq!(fixed(b" Gr\xfc\xdfe", name), None);
    }
    assert_eq!(fixed(b" \xff\xff", "gb2312"), None);
}

#[test]
fn octets_in_an_address_are_no_question_of_the_charset() {
    let why = |value: &[u8]| encoded(&HeaderField::new("To", value.to_vec()), &RawCharset::default()).err();
    assert_eq!(why(b" M\xfcller <m@example.com>"), Some(UNKNOWN_CHARSET));
    for value in [
        &b" m\xfcller@example.com"[..],
        b" M\xfcller <m\xfc@example.com>",
        b" M\xfcller",
        "info@grün.example".as_bytes(),
    ] {
        assert_eq!(why(value), Some(NOT_CERTAIN), "{value:?}");
    }
}

#[test]
fn display_names_only() {
    for (raw, expected) in [
        (" Jörg <j@x.de>", " =?utf-8?Q?J=C3=B6rg?= <j@x.de>"),
        ("Jörg<j@x.de>", "=?utf-8?Q?J=C3=B6rg?= <j@x.de>"),
        (" \"Müller, Jörg\" <j@x.de>, b@y.de", " =?utf-8?Q?M=C3=BCller=2C_J=C3=B6rg?= <j@x.de>, b@y.de"),
        (" a@b.de,Jörg <j@x.de>", " a@b.de, =?utf-8?Q?J=C3=B6rg?= <j@x.de>"),
        (" j@x.de (Jörg)", " j@x.de (=?utf-8?Q?J=C3=B6rg?=)"),
        (" Böse: a@b.de, c@d.de;", " =?utf-8?Q?B=C3=B6se?= : a@b.de, c@d.de;"),
        (" \"a \\\"ä\\\" b\" <j@x.de>", " =?utf-8?Q?a_=22=C3=A4=22_b?= <j@x.de>"),
    ] {
        assert_eq!(fixed("To", raw).as_deref(), Some(expected));
    }
    for raw in [" jörg@x.de", " Jörg <jörg@x.de>", " a@ä.de", " \"ä@x.de", " ä (b (c ä)) <a@b>", " Jörg", " <ä>"]
    {
        assert_eq!(fixed("From", raw), None, "{raw}");
    }
    for name in ["Content-Type", "Message-ID", "Received", "List-Unsubscribe"] {
        assert_eq!(fixed(name, " ä"), None, "{name}");
    }
}

#[test]
fn lines_and_words_are_short_enough() {
    let long = format!(" {} {}", "ä".repeat(200), "wort ".repeat(40));
    let fixed = fixed("Subject", &long).unwrap();
    assert_limits("Subject", &fixed);
    assert_eq!(decoded(fixed.as_bytes()), long);
    let address = format!(" {} <somebody-with-a-long-name@a-long-name.example.com>", "ö".repeat(20));
    assert_limits("From", &crate::header_checks::repair::rfc2047::tests::fixed("From", &address).unwrap());
}

/// RFC 2047 section 2.
fn assert_limits(name: &str, value: &str) {
    for (at, line) in value.split('\n').enumerate() {
        let length = line.len() + if at == 0 { name.len() + 1 } else { 0 };
        assert!(length <= 76 || !line.contains("=?utf-8?"), "{length}: {line}");
        assert!(at == 0 || !line.trim().is_empty(), "a blank line: {value}");
    }
    for word in value.split_whitespace().filter(|word| word.contains("=?utf-8?")) {
        assert!(word.len() <= 75 + 2, "{word}");
    }
}

proptest! {
    /// Decoding gives back the text, and lines and words are short enough.
    #[test]
    fn nothing_is_lost(words in prop::collection::vec("[a-zäöü€😀=?_.,]{1,12}", 1..20), space in "( |\t|\n |  )") {
        let raw = format!(" {}", words.join(&space));
        prop_assume!(!raw.contains("=?") && !raw.is_ascii());
        let fixed = fixed("Subject", &raw).unwrap();
        prop_assert_eq!(decoded(fixed.as_bytes()), unfolded(&raw));
        assert_limits("Subject", &fixed);
    }

    /// Addresses stay the same with any display name.
    #[test]
    fn addresses_stay(names in prop::collection::vec("[a-zäöü \",.()<\\\\]{0,10}", 1..4)) {
        let raw = names.iter().map(|name| format!("{name} <a@example.com>")).collect::<Vec<_>>().join(", ");
        if let Some(fixed) = fixed("To", &raw) {
            let before = mailboxes(raw.as_bytes()).unwrap();
            prop_assert_eq!(before.len(), mailboxes(fixed.as_bytes()).unwrap().len());
        }
    }

    #[test]
    fn any_octets(value in prop::collection::vec(any::<u8>(), 0..200), address: bool) {
        let name = if address { "From" } else { "Subject" };
        if let Some(fixed) = fixed(name, &value) {
            prop_assert!(fixed.is_ascii());
        }
    }
}

/// The old code.
mod before {
    use super::{AddressListPiece, Cow, is_space};

    fn split(text: &str, at: usize) -> (&str, &str) {
        text.split_at(at)
    }

    pub(super) fn end_of_word(text: &str) -> usize {
        let (mut quoted, mut escaped) = (false, false);
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                c if is_space(c) && !quoted => return at,
                _ => {}
            }
        }
        text.len()
    }

    pub(super) fn unquoted(raw: &str) -> Cow<'_, str> {
        if !raw.contains(['"', '\n']) {
            return Cow::Borrowed(raw);
        }
        let mut text = String::with_capacity(raw.len());
        let mut chars = raw.chars();
        let mut quoted = false;
        while let Some(c) = chars.next() {
            match c {
                '"' => quoted = !quoted,
                '\\' if quoted => text.extend(chars.next()),
                '\n' | '\r' => {}
                other => text.push(other),
            }
        }
        Cow::Owned(text)
    }

    pub(super) fn end_of_comment(text: &str) -> Option<usize> {
        let (mut depth, mut escaped) = (0u32, false);
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '(' => depth += 1,
                ')' if depth == 1 => return Some(at + 1),
                ')' => depth -= 1,
                _ => {}
            }
        }
        None
    }

    pub(super) fn piece(text: &str) -> Option<(AddressListPiece, usize)> {
        match text.chars().next()? {
            '(' => return Some((AddressListPiece::Comment, end_of_comment(text)?)),
            '<' => return Some((AddressListPiece::Rest, text.find('>')? + 1)),
            ',' | ';' | ':' => return Some((AddressListPiece::Rest, 1)),
            _ => {}
        }
        let (mut quoted, mut escaped) = (false, false);
        for (at, c) in text.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' if quoted => escaped = true,
                '"' => quoted = !quoted,
                _ if quoted => {}
                '<' | ':' => return Some((AddressListPiece::Phrase, at)),
                ',' | ';' => return Some((AddressListPiece::Rest, at)),
                // Either a phrase or an address without a name goes before a comment.
                '(' => {
                    let (before, _) = split(text, at);
                    let piece = if before.contains('@') { AddressListPiece::Rest } else { AddressListPiece::Phrase };
                    return Some((piece, at));
                }
                _ => {}
            }
        }
        (!quoted).then_some((AddressListPiece::Rest, text.len()))
    }
}

proptest! {
    #[test]
    fn as_before(text in text()) {
        let text = text.replace('=', "ü");
        prop_assert_eq!(end_of_word(&text), before::end_of_word(&text));
        prop_assert_eq!(unquoted(&text), before::unquoted(&text));
        prop_assert_eq!(piece(&text), before::piece(&text));
        let comment = format!("({text}");
        prop_assert_eq!(end_of_comment(&comment), before::end_of_comment(&comment));
    }
}
