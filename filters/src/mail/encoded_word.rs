//! Encoded-words (RFC 2047 section 2): found, decoded and written.

mod control;
pub(crate) mod misnamed;
pub(crate) mod write;

use encodify::base64::STANDARD;
use encodify::hex::decode_pair;

use super::charset::Charset;
use super::transfer::base64;

const MAX_CHARSET_NAME_OCTETS: usize = 64;

/// The text of a field's value with encoded-words decoded. A word that can't be decoded stays as it is, which is enough for
/// checks, but not for showing text to people.
pub(crate) fn decoded(value: &[u8]) -> String {
    let mut out = String::with_capacity(value.len());
    let (mut rest, mut at) = (value, 0);
    let mut after_word = false;
    for word in words(value) {
        let Ok(text) = word.decode() else { continue };
        let (between, word_and_rest) = rest.split_at(word.start - at);
        // White space between two encoded-words is no text (RFC 2047 section 6.2).
        if !(after_word && between.trim_ascii().is_empty()) {
            out.push_str(&String::from_utf8_lossy(between));
        }
        out.push_str(&text);
        rest = word_and_rest.split_at(word.length).1;
        at = word.start + word.length;
        after_word = true;
    }
    out.push_str(&String::from_utf8_lossy(rest));
    out.retain(|c| c != '\n' && c != '\r');
    out
}

/// Text that has the form of an encoded-word.
#[derive(Debug)]
pub(crate) struct EncodedWord<'a> {
    pub(crate) start: usize,
    pub(crate) length: usize,
    charset: &'a [u8],
    encoding: u8,
    pub(crate) text: &'a [u8],
}

/// The encoded-words of a value, from the left.
pub(crate) fn words(value: &[u8]) -> impl Iterator<Item = EncodedWord<'_>> {
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

/// True if a value has the beginning of an encoded-word without its end, or a word with white space or raw octets inside.
/// Readers do not agree on the meaning of text beside it.
pub(crate) fn has_half_word(value: &[u8]) -> bool {
    memchr::memmem::find_iter(value, b"=?").any(|start| {
        let rest = value.split_at(start).1;
        match word(rest, start) {
            Some(word) => !word.text.iter().all(u8::is_ascii_graphic),
            None => begins_word(rest),
        }
    })
}

/// True if a text begins as an encoded-word does.
fn begins_word(text: &[u8]) -> bool {
    let mut pieces = text.splitn(4, |octet| *octet == b'?');
    let (Some(_), Some(charset), Some([b'B' | b'b' | b'Q' | b'q']), Some(_)) =
        (pieces.next(), pieces.next(), pieces.next(), pieces.next())
    else {
        return false;
    };
    !charset.is_empty() && charset.iter().all(u8::is_ascii_graphic)
}

/// Reads the encoded-word at the beginning of a text.
///
/// ```text
/// encoded-word  = "=?" charset "?" encoding "?" encoded-text "?="     ; RFC 2047 section 2
/// charset       = token ["*" language]                                ; RFC 2231 section 5
/// encoding      = token                                               ; "Q" or "B" in either case
/// token         = 1*<Any CHAR except SPACE, CTLs, and especials>
/// encoded-text  = 1*<Any printable ASCII character other than "?" or SPACE>  ; also spaces and none, for the checks
/// ```
fn word(text: &[u8], start: usize) -> Option<EncodedWord<'_>> {
    let inside = text.get(2..)?;
    let token = |octet: &u8| !octet.is_ascii_graphic() || br#"()<>@,;:"/[]?.="#.contains(octet);
    let charset = inside.get(..inside.iter().take(MAX_CHARSET_NAME_OCTETS).position(token)?)?;
    let [b'?', encoding, b'?', ..] = *inside.get(charset.len()..)? else { return None };
    let encoded = inside.get(charset.len() + 3..)?;
    // A word ends on its line, and before the next word begins.
    let end = encoded.iter().position(|octet| *octet == b'?' || *octet == b'\n')?;
    let [b'?', b'=', ..] = encoded.get(end..)? else { return None };
    let text = encoded.get(..end)?;
    (!charset.is_empty()).then_some(EncodedWord {
        start,
        length: charset.len() + text.len() + 7,
        charset,
        encoding,
        text,
    })
}

impl EncodedWord<'_> {
    /// The text of the word; empty in a charset that we do not judge.
    ///
    /// # Errors
    /// The reason why the word can't be decoded, in a few words.
    pub(crate) fn decode(&self) -> Result<String, &'static str> {
        let octets = self.octets()?;
        match Charset::named(self.charset_name()) {
            Charset::Unknown => Err("an encoded-word in a charset that nobody knows"),
            Charset::Unjudged => Ok(String::new()),
            charset => {
                let text = charset.decode(&octets).ok_or("an encoded-word that is not in its charset")?;
                Ok(text.into_owned())
            }
        }
    }

    fn octets(&self) -> Result<Vec<u8>, &'static str> {
        match self.encoding {
            b'B' | b'b' => base64::decoded(self.text).ok_or("an encoded-word that is not base64"),
            b'Q' | b'q' => match q_decoded(self.text) {
                (octets, true) => Ok(octets),
                (_, false) => Err("an encoded-word that is not Q encoding"),
            },
            _ => Err("an encoded-word whose encoding is neither B nor Q"),
        }
    }

    /// The name of the charset without the language that may follow the name (RFC 2231 section 5).
    fn charset_name(&self) -> &[u8] {
        let end = self.charset.iter().position(|octet| *octet == b'*').unwrap_or(self.charset.len());
        self.charset.split_at(end).0
    }

    /// True if a reader might find a control character in the word. Some readers decode words that we would not, so the
    /// word is decoded here as leniently as by the most lenient reader.
    pub(crate) fn hides_control(&self) -> bool {
        let octets = match self.encoding {
            b'B' | b'b' => base64::decoded_leniently(self.text),
            b'Q' | b'q' => q_decoded(self.text).0,
            _ => return false,
        };
        control::is_in(&octets, self.charset_name())
    }

    /// The word without the line end that its text ends with. `None` if there is none, if nothing else is in the word, or
    /// if the rest of the text hides a control character too.
    pub(crate) fn without_line_end(&self) -> Option<Vec<u8>> {
        let octets = self.octets().ok()?;
        let end = octets.iter().rposition(|octet| !matches!(octet, b'\r' | b'\n'))? + 1;
        let (kept, line_end) = octets.split_at_checked(end)?;
        if line_end.is_empty() || kept.trim_ascii().is_empty() || control::is_in(kept, self.charset_name()) {
            return None;
        }
        let text = match self.encoding {
            b'B' | b'b' => STANDARD.encode(kept).into_bytes(),
            _ => without_q_line_end(self.text).to_vec(),
        };
        Some([b"=?", self.charset, b"?", &[self.encoding], b"?", &text, b"?="].concat())
    }

    /// True if the word stands in an addr-spec: beside its `@`, or behind an angle bracket.
    pub(crate) fn is_in_address(&self, value: &[u8]) -> bool {
        let before = self.start.checked_sub(1).and_then(|at| value.get(at));
        matches!(before, Some(b'<' | b'@')) || value.get(self.start + self.length) == Some(&b'@')
    }

    /// True if the word lacks white space, or the parenthesis of a comment, before or behind it. Decoders leave such a word
    /// as it is.
    pub(crate) fn is_glued(&self, value: &[u8]) -> bool {
        let before = self.start.checked_sub(1).and_then(|at| value.get(at));
        let after = value.get(self.start + self.length);
        let apart = |octet: Option<&u8>, others: &[u8]| {
            octet.is_none_or(|octet| matches!(octet, b' ' | b'\t' | b'\n') || others.contains(octet))
        };
        !apart(before, b"(") || !apart(after, b")")
    }
}

/// The text in Q encoding without line ends at its end.
fn without_q_line_end(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [kept @ .., b'=', b'0', b'A' | b'a' | b'D' | b'd'] = rest {
        rest = kept;
    }
    rest
}

/// Decodes Q encoding. False if an `=` is not followed by two digits; such an `=` stands for itself.
///
/// `"Q" = *("_" / "=" 2HEXDIG / <any other printable character>)        ; RFC 2047 section 4.2`
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

#[cfg(test)]
mod tests;
