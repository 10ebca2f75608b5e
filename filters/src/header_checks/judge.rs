//! Finds out, piece by piece, whether text is in the charset that the message names.

use encoding_rs::{Decoder, DecoderResult, Encoding, WINDOWS_1252};

use crate::mail::charset::Charset;
use crate::mail::charset::raw;
use crate::mail::charset::utf8::{Utf8Judge, Utf8Tally};

/// The state of the judgement between two pieces of the text.
pub(super) struct CharsetJudge {
    /// `None` if the message names no charset.
    named: Option<Charset>,
    eight_bit: bool,
    utf8: Utf8Judge,
    decoder: Option<Decoder>,
    malformed: bool,
    /// The charset that the postmaster names for text without a usable name.
    fallback: Option<&'static Encoding>,
}

/// The result for a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JudgedText {
    pub(super) fault: Option<CharsetFault>,
    /// The text has octets over 127, and is not UTF-8.
    pub(super) not_utf8: bool,
    /// What tells that text with the name of another charset is UTF-8. Broken if such text is not UTF-8.
    pub(super) misnamed: Utf8Tally,
}

/// The fault of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CharsetFault {
    pub(super) named: bool,
    /// The fault, in a few words.
    pub(super) what: &'static str,
    /// The charset that the text is really in.
    pub(super) really: RealCharset,
}

/// The charset that a text is really in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RealCharset {
    NotKnown,
    Named(&'static str),
    /// UTF-8, if the other text of the message is UTF-8 as well.
    PerhapsUtf8,
}

impl CharsetJudge {
    /// Begins a text with this charset parameter.
    pub(super) fn new(name: Option<&[u8]>, fallback: Option<&'static Encoding>) -> Self {
        let named = name.map(Charset::named);
        let decoder = match named {
            // In windows-1252 every octet is a character, so nothing can be wrong.
            Some(Charset::Other(encoding)) if encoding != WINDOWS_1252 => Some(encoding),
            Some(Charset::Other(_) | Charset::Unjudged) => None,
            _ => fallback,
        };
        let decoder = decoder.map(Encoding::new_decoder_without_bom_handling);
        Self { named, eight_bit: false, utf8: Utf8Judge::new(fallback.is_some()), decoder, malformed: false, fallback }
    }

    /// Takes the next piece, decoded from its transfer encoding.
    pub(super) fn push(&mut self, text: &[u8]) {
        let ascii = text.is_ascii();
        if let Some(decoder) = &mut self.decoder
            && !self.malformed
            && !(ascii && decoder.encoding().is_single_byte())
        {
            self.malformed = is_malformed(decoder, text, false);
        }
        if ascii {
            self.utf8.push_ascii(text);
        } else {
            self.eight_bit = true;
            self.utf8.push(text);
        }
    }

    /// Takes the end of the text.
    pub(super) fn finish(mut self) -> JudgedText {
        if let Some(decoder) = &mut self.decoder {
            self.malformed |= is_malformed(decoder, b"", true);
        }
        let tally = self.utf8.finish();
        let not_utf8 = self.eight_bit && tally.broken;
        let single_byte = self.named.is_some_and(Charset::is_single_byte);
        let misnamed = if single_byte && self.eight_bit { tally } else { Utf8Tally::default() };
        let what = match self.named {
            None if self.eight_bit => Some("8-bit text without a charset"),
            Some(Charset::Ascii) if self.eight_bit => Some("8-bit text that is named us-ascii"),
            Some(Charset::Utf8) if tally.broken => Some("text that is named UTF-8 and is not"),
            Some(Charset::Other(_)) if self.malformed => Some("text that is not in its charset"),
            Some(Charset::Other(_)) if misnamed.is_plausible() => Some("UTF-8 with the name of another charset"),
            Some(Charset::Unknown) => Some("a charset that nobody knows"),
            _ => None,
        };
        let fallback = self.fallback.filter(|_| self.eight_bit && !self.malformed && !tally.is_mixture());
        let really = match (self.named, fallback) {
            (Some(Charset::Other(_)), _) if !self.malformed => RealCharset::PerhapsUtf8,
            _ if tally.is_plausible() => RealCharset::Named("utf-8"),
            (None | Some(Charset::Ascii | Charset::Unknown), Some(fallback)) => RealCharset::Named(fallback.name()),
            _ => RealCharset::NotKnown,
        };
        let fault = what.map(|what| CharsetFault { named: self.named.is_some(), what, really });
        JudgedText { fault, not_utf8, misnamed }
    }
}

fn is_malformed(decoder: &mut Decoder, text: &[u8], last: bool) -> bool {
    let mut scratch = [0; 2048];
    let mut rest = text;
    loop {
        let (result, read, written) = decoder.decode_to_utf8_without_replacement(rest, &mut scratch, last);
        let text = scratch.get(..written).and_then(|text| std::str::from_utf8(text).ok());
        if !text.is_some_and(raw::is_text) {
            return true;
        }
        match result {
            DecoderResult::InputEmpty => return false,
            DecoderResult::Malformed(..) => return true,
            DecoderResult::OutputFull => rest = rest.split_at(read).1,
        }
    }
}

#[cfg(test)]
mod tests;
