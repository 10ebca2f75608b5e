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
    fn long_values_are_clipped() {
        assert_eq!(clip(b"<1@example.com>"), "<1@example.com>");
        assert_eq!(clip(&[b'x'; LONGEST]).len(), LONGEST);
        assert_eq!(clip(&[b'x'; 70_000]).len(), LONGEST + 3);
    }
}
