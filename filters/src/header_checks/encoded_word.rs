//! Encoded-words (RFC 2047 section 2): found, decoded, judged.

mod control;

use encodify::hex::decode_pair;
use postseal_protocol::HeaderField;

use super::base64;
use super::charset::Charset;
use super::check::Check;
use super::field::Kind;
use super::finding::{Finding, Findings, Spot};

/// Checks the encoded-words of a field.
pub(super) fn check(field: &HeaderField, kind: Kind, findings: &mut Findings) {
    let value = &*field.value;
    let mut quotes = Quotes::default();
    for word in words(value) {
        let spot = |at: usize| Spot::of(value, word.start + at);
        let mut add = |check, what| findings.add(Finding::field(check, field, spot(0), what));
        if word.hides_control() {
            add(Check::EncodedWordControl, "an encoded-word hides a line end or a control character");
            continue;
        }
        match word.decode() {
            Err(what) => add(Check::EncodedWord, what),
            Ok(_) if word.text.contains(&b' ') => add(Check::EncodedWord, "white space in an encoded-word"),
            Ok(_) if word.length > 75 => {
                add(Check::EncodedWord, "an encoded-word of more than 75 characters")
            }
            Ok(_) if kind != Kind::Unstructured && quotes.open_at(value, word.start) => {
                add(Check::EncodedWord, "an encoded-word in quotes, where it is not decoded");
            }
            Ok(_) if word.is_glued(value) => {
                add(Check::EncodedWord, "an encoded-word without white space around it")
            }
            Ok(_) => {}
        }
    }
}

/// The text of a field's value, encoded-words decoded where they can be. For checks only: what is not clear stays.
pub(super) fn decoded(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    let mut at = 0;
    let mut after_word = false;
    for word in words(value) {
        let Ok(text) = word.decode() else { continue };
        let between = value.get(at..word.start).unwrap_or_default();
        if !(after_word && between.trim_ascii().is_empty()) {
            out.push_str(&String::from_utf8_lossy(between));
        }
        out.push_str(&text);
        at = word.start + word.length;
        after_word = true;
    }
    out.push_str(&String::from_utf8_lossy(value.get(at..).unwrap_or_default()));
    out.retain(|c| c != '\n' && c != '\r');
    out
}

/// Something that is meant to be an encoded-word.
#[derive(Debug)]
pub(super) struct Word<'a> {
    pub(super) start: usize,
    pub(super) length: usize,
    charset: &'a [u8],
    encoding: u8,
    text: &'a [u8],
}

/// The encoded-words of a value, from the left.
pub(super) fn words(value: &[u8]) -> impl Iterator<Item = Word<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let rest = value.get(at..)?;
            let start = at + memchr::memmem::find(rest, b"=?")?;
            let word = word(value.get(start..)?, start);
            at = start + word.as_ref().map_or(2, |word| word.length);
            if word.is_some() {
                return word;
            }
        }
    })
}

/// The encoded-word that a text begins with.
fn word(text: &[u8], start: usize) -> Option<Word<'_>> {
    let inside = text.get(2..)?;
    let token = |octet: &u8| !octet.is_ascii_graphic() || br#"()<>@,;:"/[]?.="#.contains(octet);
    let charset = inside.get(..inside.iter().take(MOST_CHARSET).position(token)?)?;
    let [b'?', encoding, b'?', ..] = *inside.get(charset.len()..)? else { return None };
    let encoded = inside.get(charset.len() + 3..)?;
    // It ends on its line, and before another begins.
    let end = encoded.iter().position(|octet| *octet == b'?' || *octet == b'\n')?;
    let [b'?', b'=', ..] = encoded.get(end..)? else { return None };
    let text = encoded.get(..end)?;
    (!charset.is_empty()).then_some(Word {
        start,
        length: charset.len() + text.len() + 7,
        charset,
        encoding,
        text,
    })
}

impl Word<'_> {
    /// Its text.
    ///
    /// # Errors
    /// In a few words, why it can't be decoded.
    pub(super) fn decode(&self) -> Result<String, &'static str> {
        let octets = match self.encoding {
            b'B' | b'b' => base64::decoded(self.text).ok_or("an encoded-word that is not base64")?,
            b'Q' | b'q' => match q_decoded(self.text) {
                (octets, true) => octets,
                (_, false) => return Err("an encoded-word that is not Q encoding"),
            },
            _ => return Err("an encoded-word whose encoding is neither B nor Q"),
        };
        match Charset::named(self.charset_name()) {
            Charset::Unknown => Err("an encoded-word in a charset that nobody knows"),
            Charset::Unjudged => Ok(String::new()),
            charset => {
                let text = charset.decode(&octets).ok_or("an encoded-word that is not in its charset")?;
                Ok(text.into_owned())
            }
        }
    }

    /// RFC 2231 section 5: a language may follow the charset.
    fn charset_name(&self) -> &[u8] {
        self.charset.split(|octet| *octet == b'*').next().unwrap_or_default()
    }

    /// Readers decode what we would not, so that is looked at as the most lenient of them would.
    fn hides_control(&self) -> bool {
        let octets = match self.encoding {
            b'B' | b'b' => base64::decoded_leniently(self.text),
            b'Q' | b'q' => q_decoded(self.text).0,
            _ => return false,
        };
        control::is_in(&octets, self.charset_name())
    }

    /// Decoders take a word for one only with white space around it, or in the parentheses of a comment.
    fn is_glued(&self, value: &[u8]) -> bool {
        let before = self.start.checked_sub(1).and_then(|at| value.get(at));
        let after = value.get(self.start + self.length);
        let apart = |octet: Option<&u8>, others: &[u8]| {
            octet.is_none_or(|octet| matches!(octet, b' ' | b'\t' | b'\n') || others.contains(octet))
        };
        !apart(before, b"(") || !apart(after, b")")
    }
}

/// Whether a place is inside of a quoted-string; asked from the left to the right.
#[derive(Default)]
struct Quotes {
    at: usize,
    open: bool,
}

impl Quotes {
    fn open_at(&mut self, value: &[u8], place: usize) -> bool {
        while self.at < place {
            match value.get(self.at) {
                Some(b'"') => self.open = !self.open,
                Some(b'\\') if self.open => self.at += 1,
                _ => {}
            }
            self.at += 1;
        }
        self.open
    }
}

/// The octets, and whether every `=` had its digits; one that has not stands for itself.
fn q_decoded(text: &[u8]) -> (Vec<u8>, bool) {
    let mut octets = Vec::with_capacity(text.len());
    let mut clean = true;
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let escaped = || {
            let ([high, low], tail) = tail.split_first_chunk()?;
            Some((decode_pair(*high, *low)?, tail))
        };
        octets.push(match (first, escaped()) {
            (b'_', _) => b' ',
            (b'=', Some((octet, tail))) => {
                rest = tail;
                octet
            }
            (octet, _) => {
                clean &= *octet != b'=';
                *octet
            }
        });
    }
    (octets, clean)
}

/// Characters of the name of a charset that is looked at.
const MOST_CHARSET: usize = 64;

#[cfg(test)]
mod tests;
