//! Finds out, piece by piece, whether text is in the charset that the message names.

use encoding_rs::{Decoder, DecoderResult, WINDOWS_1252};

use crate::mail::charset::Charset;

/// The state of the judgement between two pieces of the text.
pub(super) struct CharsetJudge {
    /// `None` if the message names no charset.
    named: Option<Charset>,
    eight_bit: bool,
    utf8: Utf8Pieces,
    decoder: Option<Decoder>,
    malformed: bool,
}

/// The fault of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CharsetFault {
    pub(super) named: bool,
    /// The fault, in a few words.
    pub(super) what: &'static str,
    /// The text is certainly UTF-8.
    pub(super) certain: bool,
}

impl CharsetJudge {
    /// Begins a text with this charset parameter.
    pub(super) fn new(name: Option<&[u8]>) -> Self {
        let named = name.map(Charset::named);
        let decoder = match named {
            // In windows-1252 every octet is a character, so nothing can be wrong.
            Some(Charset::Other(encoding)) if encoding != WINDOWS_1252 => {
                Some(encoding.new_decoder_without_bom_handling())
            }
            _ => None,
        };
        Self { named, eight_bit: false, utf8: Utf8Pieces::default(), decoder, malformed: false }
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
        if ascii && self.utf8.is_whole() {
            return;
        }
        self.eight_bit |= !ascii;
        self.utf8.push(text);
    }

    /// Takes the end of the text; returns its fault.
    pub(super) fn finish(mut self) -> Option<CharsetFault> {
        if let Some(decoder) = &mut self.decoder {
            self.malformed |= is_malformed(decoder, b"", true);
        }
        let utf8 = self.utf8.is_whole() && !self.utf8.broken;
        let certain = self.eight_bit && utf8;
        let fault = |what| Some(CharsetFault { named: self.named.is_some(), what, certain });
        match self.named {
            None if self.eight_bit => fault("8-bit text without a charset"),
            Some(Charset::Ascii) if self.eight_bit => fault("8-bit text that is named us-ascii"),
            Some(Charset::Utf8) if !utf8 => fault("text that is named UTF-8 and is not"),
            Some(Charset::Other(_)) if self.malformed => fault("text that is not in its charset"),
            Some(Charset::Unknown) => fault("a charset that nobody knows"),
            _ => None,
        }
    }
}

fn is_malformed(decoder: &mut Decoder, text: &[u8], last: bool) -> bool {
    let mut scratch = [0; 2048];
    let mut rest = text;
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(rest, &mut scratch, last);
        match result {
            DecoderResult::InputEmpty => return false,
            DecoderResult::Malformed(..) => return true,
            DecoderResult::OutputFull => rest = rest.split_at(read).1,
        }
    }
}

/// Finds out whether octets are UTF-8. They may be cut anywhere, also within a character.
#[derive(Default)]
struct Utf8Pieces {
    /// The octets of a character that is not complete, at most three.
    open: Vec<u8>,
    broken: bool,
}

impl Utf8Pieces {
    fn push(&mut self, text: &[u8]) {
        let mut rest = text;
        while !self.open.is_empty() && !self.broken {
            let Some((first, tail)) = rest.split_first() else { return };
            self.open.push(*first);
            rest = tail;
            match simdutf8::compat::from_utf8(&self.open) {
                Ok(_) => self.open.clear(),
                Err(error) => self.broken = error.error_len().is_some(),
            }
        }
        if self.broken {
            return;
        }
        if let Err(error) = simdutf8::compat::from_utf8(rest) {
            match error.error_len() {
                Some(_) => self.broken = true,
                None => self.open.extend_from_slice(rest.split_at(error.valid_up_to()).1),
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.open.is_empty()
    }
}

#[cfg(test)]
mod tests;
