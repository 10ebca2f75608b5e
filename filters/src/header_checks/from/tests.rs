use proptest::prelude::*;

use super::*;
use crate::mail::quoted::tests::text;

/// The old code.
fn group_before(value: &[u8]) -> Option<usize> {
    let (mut quoted, mut escaped, mut depth) = (false, false, 0u32);
    for (at, octet) in value.iter().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'(' | b'<' | b'[' => depth += 1,
            b')' | b'>' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

proptest! {
    #[test]
    fn groups_as_before(text in text()) {
        prop_assert_eq!(group(text.as_bytes()), group_before(text.as_bytes()));
    }
}
