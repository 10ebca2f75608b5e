//! Writes encoded-words (RFC 2047 section 2), folded.

use encodify::base64::STANDARD;
use encodify::qp::Q_PHRASE;

use super::encoded_word;
use super::rfc2047::Token;

/// Writes a value in which some words are encoded.
pub(super) struct Writer {
    out: Vec<u8>,
    /// Characters on the line so far.
    column: usize,
    /// The line has an encoded-word, so it may have 76 characters only.
    encoded: bool,
}

/// Where words stand, which decides about the white space that encoded-words need around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Around {
    /// They are the whole value.
    Value,
    /// Addresses are around them.
    Phrase,
    /// Parentheses are around them.
    Comment,
}

impl Writer {
    /// For a value that begins at this column and has about this length.
    pub(super) fn new(column: usize, length: usize) -> Self {
        Self { out: Vec::with_capacity(length * 2), column, encoded: false }
    }

    pub(super) fn into_octets(self) -> Vec<u8> {
        self.out
    }

    /// Writes text as it is.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        match text.rfind('\n') {
            Some(at) => {
                self.column = text.len() - at - 1;
                self.encoded = false;
            }
            None => self.column += text.len(),
        }
    }

    /// Writes an address behind its display name; folded if it would make the line of an encoded-word too long.
    pub(super) fn address(&mut self, text: &str) {
        if let [.., before, b' ' | b'\t'] = &*self.out
            && self.encoded
            && !matches!(before, b'\n' | b' ' | b'\t')
            && self.column + text.len() > LINE
        {
            self.out.insert(self.out.len() - 1, b'\n');
            self.column = 1;
            self.encoded = false;
        }
        self.verbatim(text);
    }

    /// Writes words, runs of those with 8-bit text encoded; nothing if it is not clear what they mean.
    pub(super) fn tokens(&mut self, tokens: &[Token<'_>], around: Around) -> Option<()> {
        if tokens.iter().any(Token::is_mixed) {
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
            let (run, tail) = rest.split_at_checked(run).unwrap_or((rest, &[]));
            let apart = around == Around::Phrase;
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

    /// A word that stays as it is; folded if it would make the line of an encoded-word too long.
    fn plain(&mut self, token: &Token<'_>) {
        let length = token.space.len() + token.raw.len();
        let foldable = !token.space.is_empty() && !token.raw.is_empty() && !token.space.contains('\n');
        if self.encoded && foldable && self.column + length > LINE {
            self.verbatim("\n");
        }
        self.verbatim(token.space);
        self.verbatim(token.raw);
    }

    fn encode(&mut self, space: &str, text: &str) {
        let form = Form::of(text);
        let mut space = space;
        let mut rest = text;
        let mut first = true;
        while !rest.is_empty() {
            let room = self.room(space);
            let mut cut = form.cut(rest, room);
            let foldable = !space.is_empty() && !space.contains('\n');
            let crowded = room < SHORT && (cut < rest.len() || form.length(rest) > room);
            if foldable && (!first || crowded) {
                self.verbatim("\n");
                cut = form.cut(rest, self.room(space));
            }
            self.verbatim(space);
            let (word, tail) = rest.split_at_checked(cut).unwrap_or((rest, ""));
            let word = form.word(word);
            self.verbatim(&word);
            self.encoded = true;
            (rest, space, first) = (tail, " ", false);
        }
    }

    /// Characters that the text of an encoded-word may have behind this white space.
    fn room(&self, space: &str) -> usize {
        let column = match space.rfind('\n') {
            Some(at) => space.len() - at - 1,
            None => self.column + space.len(),
        };
        LINE.saturating_sub(column).min(WORD).saturating_sub(FRAME)
    }
}

/// What a run of words says. White space between two encoded-words is none, so it has to go into one of them.
fn text(run: &[Token<'_>], after_encoded: bool, next: Option<&Token<'_>>) -> String {
    let unfolded =
        |space: &str, text: &mut String| text.extend(space.chars().filter(|c| !matches!(c, '\n' | '\r')));
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
    raw.starts_with("=?")
        && encoded_word::words(raw.as_bytes()).next().is_some_and(|word| word.length == raw.len())
}

/// The two forms of encoded-words (RFC 2047 section 4).
#[derive(Clone, Copy)]
enum Form {
    Base64,
    Q,
}

impl Form {
    /// Q, which people can read half of, unless it is much longer.
    fn of(text: &str) -> Self {
        let base64 = Self::Base64.length(text);
        if Self::Q.length(text) <= base64 + base64 / 2 { Self::Q } else { Self::Base64 }
    }

    /// Characters that a text takes.
    fn length(self, text: &str) -> usize {
        match self {
            Self::Base64 => STANDARD.encoded_len(text.len()),
            Self::Q => Q_PHRASE.encoded_len(text),
        }
    }

    /// How much of a text fits into so many characters, in octets; at least one character, or it would never end.
    fn cut(self, text: &str, room: usize) -> usize {
        let (mut octets, mut q, mut end) = (0, 0, 0);
        for (at, c) in text.char_indices() {
            octets += c.len_utf8();
            q += Q_PHRASE.encoded_len(c.encode_utf8(&mut [0; 4]));
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

    fn word(self, text: &str) -> String {
        match self {
            Self::Base64 => format!("=?utf-8?B?{}?=", STANDARD.encode(text)),
            Self::Q => format!("=?utf-8?Q?{}?=", Q_PHRASE.encode(text)),
        }
    }
}

/// Characters of a line with an encoded-word, of an encoded-word, and of what is around its text.
const LINE: usize = 76;
const WORD: usize = 75;
const FRAME: usize = "=?utf-8?Q??=".len();
/// A line with less room than this is folded before a word that would have to be cut.
const SHORT: usize = 24;
