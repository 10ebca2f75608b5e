//! How names are compared without regard to case: logins, local parts of addresses, and the values of counters.
//!
//! Each letter is compared in its small form, by Unicode's simple mapping: `JÖRG` is `jörg`. An ASCII letter equals no
//! letter beyond ASCII, so no look-alike (such as the Kelvin sign) passes for one. The two small sigmas are one letter.
//! A letter that can be written in two ways, such as `ö` and `o` with a combining diaeresis, stays two names. In text
//! that is not UTF-8, only ASCII letters have a case.

use std::borrow::Cow;

/// The text in small letters. The text keeps its number of characters.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    match text.bytes().all(|octet| octet.is_ascii() && !octet.is_ascii_uppercase()) {
        true => Cow::Borrowed(text),
        false => text.chars().map(small).collect(),
    }
}

/// [`folded`], for text that may be no UTF-8.
pub(crate) fn folded_octets(text: &[u8]) -> Cow<'_, [u8]> {
    match std::str::from_utf8(text).map(folded) {
        Ok(Cow::Borrowed(text)) => Cow::Borrowed(text.as_bytes()),
        Ok(Cow::Owned(text)) => Cow::Owned(text.into_bytes()),
        Err(_) => Cow::Owned(text.to_ascii_lowercase()),
    }
}

fn small(c: char) -> char {
    let mut small = c.to_lowercase();
    match (c, small.next(), small.next()) {
        ('A'..='Z', Some(small), _) => small,
        ('ς', ..) => 'σ',
        (_, Some(small), None) if !small.is_ascii() => small,
        _ => c,
    }
}

#[cfg(test)]
mod tests;
