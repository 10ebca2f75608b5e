//! Mail addresses in the log: enough to recognise one, not enough to collect them.

use std::borrow::Cow;

/// The first character of the local part, and the domain: `a***@example.com`.
pub fn shorten(address: &[u8]) -> String {
    let text = String::from_utf8_lossy(address);
    let (local, domain) = match text.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (&*text, None),
    };
    let mut short = String::with_capacity(text.len());
    if let Some(first) = local.chars().next() {
        short.push(first);
        short.push_str("***");
    }
    if let Some(domain) = domain {
        short.push('@');
        short.push_str(&clip(domain.as_bytes()));
    }
    short
}

/// A text for people, with every address in it shortened.
pub fn shorten_within(text: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || !c.is_ascii() || "!#$%&'*+/=?^_`{|}~.-\"@".contains(c);
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !part(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(end);
        short.push_str(before);
        // What has nothing before the @ is a pattern for a domain, and no address.
        if word.trim_start_matches('@').contains('@') {
            short.push_str(&shorten(word.as_bytes()));
        } else {
            short.push_str(word);
        }
        rest = after;
    }
    short.push_str(rest);
    short
}

/// Bytes of a message as text of bounded length: its sender decides how long they are.
pub(super) fn clip(bytes: &[u8]) -> Cow<'_, str> {
    match bytes.split_at_checked(LONGEST) {
        Some((head, tail)) if !tail.is_empty() => Cow::Owned(format!("{}...", String::from_utf8_lossy(head))),
        _ => String::from_utf8_lossy(bytes),
    }
}

/// A mailbox has 254 octets at most (RFC 5321 section 4.5.3.1.3), a Message-ID is rarely longer.
const LONGEST: usize = 256;

#[cfg(test)]
mod tests {
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
            (
                "user bob@a.example may not use alice@b.example.",
                "user b***@a.example may not use a***@b.example.",
            ),
            ("<ärger@exämple.de>,(x@y)", "<ä***@exämple.de>,(x***@y)"),
            ("owner of @example.com", "owner of @example.com"),
        ] {
            assert_eq!(shorten_within(text), short);
        }
    }

    #[test]
    fn long_values_are_clipped() {
        assert_eq!(clip(b"<1@example.com>"), "<1@example.com>");
        assert_eq!(clip(&[b'x'; LONGEST]).len(), LONGEST);
        assert_eq!(clip(&[b'x'; 70_000]).len(), LONGEST + 3);
    }
}
