//! Whether text is in the charset that is named for it, piece by piece.

use encoding_rs::{Decoder, DecoderResult, WINDOWS_1252};

use crate::mail::charset::Charset;

/// What is known of a text so far.
pub(super) struct CharsetJudge {
    /// `None`: no charset is named.
    named: Option<Charset>,
    eight_bit: bool,
    utf8: Utf8,
    decoder: Option<Decoder>,
    malformed: bool,
}

/// What is wrong with a text, and whether it is certain that it is UTF-8 in truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CharsetFault {
    pub(super) named: bool,
    pub(super) what: &'static str,
    pub(super) certain: bool,
}

impl CharsetJudge {
    /// For a text with this charset parameter.
    pub(super) fn new(name: Option<&[u8]>) -> Self {
        let named = name.map(Charset::named);
        let decoder = match named {
            // Every octet is something in it.
            Some(Charset::Other(encoding)) if encoding != WINDOWS_1252 => {
                Some(encoding.new_decoder_without_bom_handling())
            }
            _ => None,
        };
        Self { named, eight_bit: false, utf8: Utf8::default(), decoder, malformed: false }
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

    /// What is wrong, now that the text is complete.
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
            DecoderResult::OutputFull => rest = rest.get(read..).unwrap_or_default(),
        }
    }
}

/// Whether octets are UTF-8, cut anywhere.
#[derive(Default)]
struct Utf8 {
    /// The octets of a character that is not complete.
    open: [u8; 4],
    length: usize,
    broken: bool,
}

impl Utf8 {
    fn push(&mut self, text: &[u8]) {
        let mut rest = text;
        while self.length > 0 && !self.broken {
            let Some((first, tail)) = rest.split_first() else { return };
            if let Some(slot) = self.open.get_mut(self.length) {
                *slot = *first;
            }
            self.length += 1;
            rest = tail;
            match simdutf8::compat::from_utf8(self.open.get(..self.length).unwrap_or_default()) {
                Ok(_) => self.length = 0,
                Err(error) => self.broken |= error.error_len().is_some(),
            }
        }
        if self.broken {
            return;
        }
        if let Err(error) = simdutf8::compat::from_utf8(rest) {
            let tail = rest.get(error.valid_up_to()..).unwrap_or_default();
            match self.open.get_mut(..tail.len()) {
                Some(open) if error.error_len().is_none() => {
                    open.copy_from_slice(tail);
                    self.length = tail.len();
                }
                _ => self.broken = true,
            }
        }
    }

    fn is_whole(&self) -> bool {
        self.length == 0
    }
}

#[cfg(test)]
mod tests;
