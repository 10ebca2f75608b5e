//! Identifiers of messages (RFC 5322 section 3.6.4).

use super::cursor::TextCursor;

/// The first fault of the value of a Message-ID field: the octet, and a few words. The value is not empty. Octets over 127
/// are left to another check.
///
/// ```text
/// msg-id    = [CFWS] "<" id-left "@" id-right ">" [CFWS]
/// id-left   = dot-atom-text / obs-id-left
/// id-right  = dot-atom-text / no-fold-literal / obs-id-right
/// ```
pub(crate) fn fault(value: &[u8]) -> Option<(usize, &'static str)> {
    let mut cursor = TextCursor::new(value);
    if cursor.white_space_and_comments().is_none() {
        return Some((0, "a comment that does not end"));
    }
    let start = cursor.at();
    if cursor.bump() != Some(b'<') {
        return Some((start, "no identifier in angle brackets"));
    }
    let inside = cursor.take_while(|octet| octet > b' ' && octet != 127 && octet != b'<' && octet != b'>');
    let at = cursor.at();
    match cursor.bump() {
        Some(b'>') => {}
        Some(b'<') => return Some((at, "an angle bracket in the identifier")),
        Some(_) => return Some((at, "white space in the identifier")),
        None => return Some((at, "an identifier without its last angle bracket")),
    }
    let mut halves = inside.split(|octet| *octet == b'@');
    let what = match (halves.next(), halves.next(), halves.next()) {
        (_, None, _) => "an identifier without @",
        (Some([]), ..) | (_, Some([]), None) => "an identifier with nothing beside its @",
        (_, _, Some(_)) if !inside.contains(&b'"') => "an identifier with several @",
        _ => {
            let ends = cursor.white_space_and_comments().is_some() && cursor.peek().is_none();
            return (!ends).then(|| (cursor.at(), "more than one identifier"));
        }
    };
    Some((start, what))
}

#[cfg(test)]
mod tests;
