//! Control characters in the octets of an encoded-word, whatever the charset of the word.

use crate::mail::transfer::base64;

/// True if a reader might find a line end or another control character in these octets.
pub(super) fn is_in(octets: &[u8], charset: &[u8]) -> bool {
    let charset = charset.to_ascii_lowercase();
    let wide = |width| octets.chunks(width).any(is_wide_line_end);
    if charset.starts_with(b"utf-16") || charset.starts_with(b"utf16") {
        return wide(2);
    }
    if charset.starts_with(b"utf-32") || charset.starts_with(b"utf32") {
        return wide(4);
    }
    // These switch between sets with ESC, SO and SI.
    let switches = charset.windows(4).any(|part| part == b"2022") || charset.starts_with(b"hz");
    let is_control = |octet: &u8| match octet {
        b'\t' => false,
        0x1b | 0x0e | 0x0f => !switches,
        octet => octet.is_ascii_control(),
    };
    octets.iter().any(is_control)
        // U+0085, which some readers take for a line end.
        || (charset.starts_with(b"utf-8") || charset == b"utf8") && octets.windows(2).any(|pair| pair == b"\xc2\x85")
        || charset.starts_with(b"utf-7") && is_in_utf7(octets)
}

/// CR, LF or NUL in UTF-16 or UTF-32, of either byte order.
fn is_wide_line_end(unit: &[u8]) -> bool {
    let mut others = unit.iter().filter(|octet| **octet != 0);
    let first = others.next();
    let at_end = unit.first() == first || unit.last() == first;
    others.next().is_none() && at_end && matches!(first, None | Some(b'\r' | b'\n'))
}

/// Looks for line ends in UTF-7.
///
/// `shifted = "+" *base64-of-UTF-16 <an octet that is not base64>      ; RFC 2152`
fn is_in_utf7(octets: &[u8]) -> bool {
    octets.split(|octet| *octet == b'+').skip(1).any(|rest| {
        let end = rest.iter().position(|octet| !base64::DIGITS.contains(octet)).unwrap_or(rest.len());
        base64::decoded_leniently(rest.split_at(end).0).chunks_exact(2).any(is_wide_line_end)
    })
}
