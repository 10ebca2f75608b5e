//! Reads raw octets of the header section, for which no charset is named.
//!
//! A reading is certain if it is the only plausible one, or if the message or the postmaster names the charset. Octets that
//! are no UTF-8 fit many charsets at once, so without a name they stay as they are.

use std::borrow::Cow;

use encoding_rs::{Encoding, WINDOWS_1252};

use super::Charset;
use super::utf8::Utf8Tally;

/// In Western languages accented letters come in runs of at most three octets over 127. A longer run means another
/// charset than windows-1252.
const MAX_WESTERN_RUN_OCTETS: usize = 3;
/// Symbols before which no letter stands. In another charset they are letters: `£` is the Polish Ł.
const NO_LETTERS: &str = "¢£¤¥¦¨¬¯±²³¶¸¹¼½¾";

/// What is known of the charset of raw octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RawCharset {
    /// The charset that the message names for its text, unless the text shows that the name is wrong.
    pub(crate) named: Option<Charset>,
    /// Some raw text of the message makes sense as UTF-8, and other text is not UTF-8: several programs have written the
    /// message, or the sense is chance.
    pub(crate) mixed: bool,
    /// The text of the message that is named otherwise is UTF-8.
    pub(crate) misnamed: bool,
    /// The charset that the postmaster names.
    pub(crate) fallback: Option<&'static Encoding>,
}

impl RawCharset {
    /// The text of raw octets. `None` if no reading is certain.
    pub(crate) fn read<'a>(&self, octets: &'a [u8]) -> Option<Cow<'a, str>> {
        if self.mixed || std::str::from_utf8(octets).is_ok_and(|text| !is_text(text)) {
            return None;
        }
        let utf8 = Utf8Tally::of(octets);
        let makes_sense = if self.named == Some(Charset::Utf8) { utf8.is_possible() } else { utf8.is_plausible() };
        if makes_sense {
            let certain = match self.named {
                Some(Charset::Other(_) | Charset::Unjudged) => utf8.is_certain(),
                None | Some(Charset::Utf8 | Charset::Ascii | Charset::Unknown) => true,
            };
            return std::str::from_utf8(octets).ok().filter(|_| certain).map(Cow::Borrowed);
        }
        let named = match self.named {
            Some(Charset::Other(encoding)) => decoded(octets, encoding),
            _ => None,
        };
        named.or_else(|| decoded(octets, self.fallback?))
    }
}

fn decoded<'a>(octets: &'a [u8], encoding: &'static Encoding) -> Option<Cow<'a, str>> {
    if encoding == WINDOWS_1252 && octets.split(u8::is_ascii).any(|run| run.len() > MAX_WESTERN_RUN_OCTETS) {
        return None;
    }
    // A mixture of UTF-8 and other octets was written by several programs. A single-byte charset would fit all of it, so
    // the fit would prove nothing.
    if encoding.is_single_byte() && Utf8Tally::of(octets).is_mixture() {
        return None;
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(octets)?;
    (is_text(&text) && !has_symbols_in_words(&text)).then_some(text)
}

/// False if the text has C1 controls: the decoder makes them of octets that a charset does not have. And U+0085 is a line
/// end to some readers: an encoded-word would hide it.
pub(crate) fn is_text(text: &str) -> bool {
    !text.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c))
}

fn has_symbols_in_words(text: &str) -> bool {
    let mut before = ' ';
    text.chars().zip(text.chars().skip(1)).any(|(c, next)| {
        let digit = std::mem::replace(&mut before, c).is_numeric();
        NO_LETTERS.contains(c) && next.is_alphabetic() && !digit
    })
}

#[cfg(test)]
mod tests;
