//! Encoded-words whose text is UTF-8, although they name another charset or end within a character.
//!
//! Libraries whose charset is not set write UTF-8 under the name iso-8859-1, and cut the text between any two octets.
//! Adjacent words are therefore read as one text.

use super::{EncodedWord, words};
use crate::mail::charset::Charset;
use crate::mail::charset::utf8::Utf8Tally;

/// Adjacent encoded-words with the same fault.
#[derive(Debug)]
pub(crate) struct MisnamedWords {
    /// The place of the first word in the value, and the end of the last one.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) fault: MisnamedFault,
    octets: Vec<u8>,
}

/// The fault of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MisnamedFault {
    /// It names a charset in which the octets are text as well.
    Another,
    /// It names no charset that can be right.
    Impossible,
    /// It names UTF-8, and has a part of a character.
    Cut,
}

/// The words of a value that may be UTF-8 under another name.
pub(crate) fn misnamed(value: &[u8]) -> Vec<MisnamedWords> {
    let mut found: Vec<MisnamedWords> = Vec::new();
    for word in words(value) {
        let Some((fault, octets)) = fault(&word) else { continue };
        let end = word.start + word.length;
        let space = |from: usize| value.get(from..word.start).is_some_and(|text| text.trim_ascii().is_empty());
        match found.last_mut() {
            Some(last) if last.fault == fault && space(last.end) => {
                last.octets.extend_from_slice(&octets);
                last.end = end;
            }
            _ => found.push(MisnamedWords { start: word.start, end, fault, octets }),
        }
    }
    found
}

fn fault(word: &EncodedWord<'_>) -> Option<(MisnamedFault, Vec<u8>)> {
    let octets = word.octets().ok().filter(|octets| !octets.is_ascii())?;
    let fault = match Charset::named(word.charset_name()) {
        Charset::Ascii | Charset::Unknown => MisnamedFault::Impossible,
        Charset::Utf8 if std::str::from_utf8(&octets).is_err() => MisnamedFault::Cut,
        charset if charset.is_single_byte() => MisnamedFault::Another,
        _ => return None,
    };
    Some((fault, octets))
}

impl MisnamedWords {
    /// The evidence that the text is UTF-8.
    pub(crate) fn tally(&self) -> Utf8Tally {
        Utf8Tally::of(&self.octets)
    }

    /// The text, if it is UTF-8. `others` is true if the other text of the message shows that its names are wrong.
    pub(crate) fn text(&self, others: bool) -> Option<&str> {
        let tally = self.tally();
        let certain = match self.fault {
            MisnamedFault::Another => others && tally.is_plausible(),
            MisnamedFault::Impossible => tally.is_plausible(),
            MisnamedFault::Cut => tally.is_possible(),
        };
        std::str::from_utf8(&self.octets).ok().filter(|text| certain && !text.contains(char::is_control))
    }
}

#[cfg(test)]
mod tests;
