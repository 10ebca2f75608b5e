//! Writes encoded-words (RFC 2047 section 2), folded.

use std::borrow::Cow;

use encodify::base64::STANDARD;
use encodify::qp::Q_PHRASE;

use super::words;

/// The characters of a line with an encoded-word (RFC 2047 section 2).
const MAX_LINE_CHARACTERS: usize = 76;
/// The characters of an encoded-word (RFC 2047 section 2).
const MAX_WORD_CHARACTERS: usize = 75;
/// The characters of an encoded-word that are not its text.
const FRAME_CHARACTERS: usize = "=?utf-8?Q??=".len();
/// A line with less room than this is folded rather than filled with the beginning of a word.
const MIN_ROOM_CHARACTERS: usize = 24;

/// Writes a value in which some words are encoded.
pub(crate) struct EncodedWordWriter {
    out: Vec<u8>,
    /// The characters on the current line.
    column: usize,
    /// The current line has an encoded-word, so it may have only 76 characters.
    encoded: bool,
}

/// A word and the white space before it.
pub(crate) struct SpacedWord<'a> {
    pub(crate) space: &'a str,
    /// The word as it stands in the value.
    pub(crate) raw: &'a str,
    /// The word without quotes.
    pub(crate) text: Cow<'a, str>,
}

impl SpacedWord<'_> {
    /// True if the word has both raw 8-bit text and an encoded-word. Readers do not agree on the meaning of such a word.
    pub(crate) fn is_mixed(&self) -> bool {
        !self.raw.is_ascii() && words(self.raw.as_bytes()).next().is_some()
    }
}

/// The text around words, which decides about the white space that encoded-words need around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WordSurroundings {
    /// The words are the whole value.
    Value,
    /// The words stand among addresses.
    Phrase,
    /// The words stand in parentheses.
    Comment,
}

impl EncodedWordWriter {
    /// A writer for a value that begins at this column and has about this length.
    pub(crate) fn new(column: usize, length: usize) -> Self {
        Self { out: Vec::with_capacity(length * 2), column, encoded: false }
    }

    pub(crate) fn into_octets(self) -> Vec<u8> {
        self.out
    }

    pub(crate) fn verbatim(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        match text.rfind('\n') {
            Some(at) => {
                self.column = text.len() - at - 1;
                self.encoded = false;
            }
            None => self.column += text.len(),
        }
    }

    /// Writes an address behind its display name, and folds before the address if the line of an encoded-word would get
    /// too long.
    pub(crate) fn address(&mut self, text: &str) {
        if let [.., before, b' ' | b'\t'] = &*self.out
            && self.encoded
            && !matches!(before, b'\n' | b' ' | b'\t')
            && self.column + text.len() > MAX_LINE_CHARACTERS
        {
            self.out.insert(self.out.len() - 1, b'\n');
            self.column = 1;
            self.encoded = false;
        }
        self.verbatim(text);
    }

    /// Writes words. Runs of words with 8-bit text are encoded. `None` if the meaning of a word is not clear.
    pub(crate) fn tokens(&mut self, tokens: &[SpacedWord<'_>], around: WordSurroundings) -> Option<()> {
        if tokens.iter().any(SpacedWord::is_mixed) {
            return None;
        }
        let mut rest = tokens;
        let mut after_encoded = false;
        while let Some((first, tail)) = rest.split_first() {
            if first.raw.is_ascii() {
                self.plain(first);
                after_encoded = is_encoded_word(first.raw);
                rest = tail;
                continue;
            }
            let run = rest.iter().take_while(|token| !token.raw.is_ascii()).count();
            let (run, tail) = rest.split_at(run);
            let apart = around == WordSurroundings::Phrase;
            let missing = apart && first.space.is_empty() && !self.out.is_empty();
            self.encode(if missing { " " } else { first.space }, &text(run, after_encoded, tail.first()));
            if apart && tail.is_empty() {
                self.verbatim(" ");
            }
            after_encoded = true;
            rest = tail;
        }
        Some(())
    }

    /// Writes a word that stays as it is, and folds before the word if the line of an encoded-word would get too long.
    fn plain(&mut self, token: &SpacedWord<'_>) {
        let length = token.space.len() + token.raw.len();
        let foldable = !token.space.is_empty() && !token.raw.is_empty() && !token.space.contains('\n');
        if self.encoded && foldable && self.column + length > MAX_LINE_CHARACTERS {
            self.verbatim("\n");
        }
        self.verbatim(token.space);
        self.verbatim(token.raw);
    }

    /// Writes a text as encoded-words, behind this white space.
    pub(crate) fn encode(&mut self, space: &str, text: &str) {
        let form = EncodedWordForm::of(text);
        let mut space = space;
        let mut rest = text;
        let mut first = true;
        while !rest.is_empty() {
            let room = self.room(space);
            let mut cut = form.cut(rest, room);
            let foldable = !space.is_empty() && !space.contains('\n');
            let crowded = room < MIN_ROOM_CHARACTERS && (cut < rest.len() || form.length(rest) > room);
            if foldable && (!first || crowded) {
                self.verbatim("\n");
                cut = form.cut(rest, self.room(space));
            }
            self.verbatim(space);
            let (word, tail) = rest.split_at(cut);
            let start = self.out.len();
            form.append(word, &mut self.out);
            self.column += self.out.len() - start;
            self.encoded = true;
            (rest, space, first) = (tail, " ", false);
        }
    }

    /// The characters that the text of an encoded-word may have behind this white space.
    fn room(&self, space: &str) -> usize {
        let column = match space.rfind('\n') {
            Some(at) => space.len() - at - 1,
            None => self.column + space.len(),
        };
        MAX_LINE_CHARACTERS.saturating_sub(column).min(MAX_WORD_CHARACTERS).saturating_sub(FRAME_CHARACTERS)
    }
}

/// The text of a run of words. Readers drop white space between two encoded-words, so the white space becomes part of the
/// text.
fn text(run: &[SpacedWord<'_>], after_encoded: bool, next: Option<&SpacedWord<'_>>) -> String {
    let unfolded = |space: &str, text: &mut String| text.extend(space.chars().filter(|c| !matches!(c, '\n' | '\r')));
    let mut text = String::new();
    for (at, token) in run.iter().enumerate() {
        if at > 0 || after_encoded {
            unfolded(token.space, &mut text);
        }
        text.push_str(&token.text);
    }
    if let Some(next) = next
        && is_encoded_word(next.raw)
    {
        unfolded(next.space, &mut text);
    }
    text
}

fn is_encoded_word(raw: &str) -> bool {
    raw.starts_with("=?") && words(raw.as_bytes()).next().is_some_and(|word| word.length == raw.len())
}

/// The two forms of encoded-words (RFC 2047 section 4).
#[derive(Clone, Copy)]
enum EncodedWordForm {
    Base64,
    Q,
}

impl EncodedWordForm {
    /// Chooses Q, which people can partly read, unless Q is much longer than base64.
    fn of(text: &str) -> Self {
        let base64 = Self::Base64.length(text);
        if Self::Q.length(text) <= base64 + base64 / 2 { Self::Q } else { Self::Base64 }
    }

    /// The characters that a text takes when it is encoded.
    fn length(self, text: &str) -> usize {
        match self {
            Self::Base64 => STANDARD.encoded_len(text.len()),
            Self::Q => Q_PHRASE.encoded_len(text),
        }
    }

    /// The octets of a text that fit into so many characters when they are encoded. They hold at least one character of the
    /// text, so that the writer gets on.
    fn cut(self, text: &str, room: usize) -> usize {
        let (mut octets, mut q, mut end) = (0, 0, 0);
        for (at, c) in text.char_indices() {
            octets += c.len_utf8();
            q += u8::try_from(c)
                .map_or_else(|_| 3 * c.len_utf8(), |octet| Q_PHRASE.encoded_byte_len(octet) * c.len_utf8());
            let length = match self {
                Self::Base64 => STANDARD.encoded_len(octets),
                Self::Q => q,
            };
            if length > room && at > 0 {
                break;
            }
            end = octets;
        }
        end
    }

    fn append(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Base64 => {
                out.extend_from_slice(b"=?utf-8?B?");
                STANDARD.encode_append(text, out);
            }
            Self::Q => {
                out.extend_from_slice(b"=?utf-8?Q?");
                Q_PHRASE.encode_append(text, out);
            }
        }
        out.extend_from_slice(b"?=");
    }
}
