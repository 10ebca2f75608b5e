//! Finds out whether octets are UTF-8, and whether they could be so by chance.
//!
//! Short text in another charset can be valid UTF-8: `SP\xd3\xa3KA` is the Polish word SPÓŁKA in ISO-8859-2, and SP, a Cyrillic
//! letter and KA in UTF-8. So the characters are looked at as well. Letters of two scripts within a word are odd, and so is
//! a rare letter that stands alone.

/// The characters of a text that are looked at. More would prove no more.
const MAX_CHARACTERS: u32 = 256;
/// The weight from which UTF-8 is certain under the name of another charset.
const CERTAIN_WEIGHT: u32 = 4;
/// Second octets of UTF-8 that end a word in windows-1252: ellipsis, quotes, dashes. `IRM\xc3\x85` is `IRMÃ…` there.
const CLOSING: [u32; 9] = [0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x9b, 0xbb];

/// The state of the judgement between two pieces of a text. The text may be cut anywhere, also within a character.
#[derive(Debug, Default)]
pub(crate) struct Utf8Judge {
    /// The octets of a character that is not complete, at most three.
    open: Vec<u8>,
    whole: bool,
    before: Option<Letter>,
    /// The last character is odd unless a letter follows.
    alone: bool,
    tally: Utf8Tally,
    /// The last character is strange.
    strange: bool,
    /// The tally at the last ASCII character.
    at_ascii: Utf8Tally,
    /// Octets that are not UTF-8 have come since the last ASCII character.
    in_broken_run: bool,
}

/// The evidence that octets are UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Utf8Tally {
    /// Some octets are not UTF-8.
    pub(crate) broken: bool,
    characters: u32,
    /// The characters that are next to a letter of another script, or that hardly any text has.
    strange: u32,
    /// The rare letters that stand alone.
    alone: u32,
    weight: u32,
}

/// The script of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letter {
    Capital,
    Latin,
    Greek,
    Cyrillic,
    /// Scripts with longer characters, which are not there by chance. Many stand next to Latin letters without a space.
    Wide,
    Other,
}

impl Utf8Judge {
    /// Begins a text. If `whole`, the judge looks for UTF-8 behind octets that are not UTF-8 as well.
    pub(crate) fn new(whole: bool) -> Self {
        Self { whole, ..Self::default() }
    }

    /// Takes the next piece.
    pub(crate) fn push(&mut self, text: &[u8]) {
        let mut rest = text;
        while !self.open.is_empty() {
            let Some((first, tail)) = rest.split_first() else { return };
            self.open.push(*first);
            rest = tail;
            let open = std::mem::take(&mut self.open);
            self.piece(&open);
        }
        self.piece(rest);
    }

    /// Takes a piece that is ASCII.
    pub(crate) fn push_ascii(&mut self, text: &[u8]) {
        if !self.open.is_empty() {
            return self.push(text);
        }
        // Only the two ends have neighbours that matter.
        if let ([first, ..], [.., last]) = (text, text) {
            self.step(char::from(*first));
            self.step(char::from(*last));
        }
    }

    /// Takes octets that begin with a character. The octets of an incomplete character at the end stay open.
    fn piece(&mut self, text: &[u8]) {
        let mut rest = text;
        while !rest.is_empty() && (!self.tally.broken || (self.whole && self.tally.characters < MAX_CHARACTERS)) {
            let end = match simdutf8::compat::from_utf8(rest) {
                Ok(text) => return self.count(text),
                Err(error) => error,
            };
            let (valid, tail) = rest.split_at(end.valid_up_to());
            self.count(std::str::from_utf8(valid).unwrap_or_default());
            let Some(length) = end.error_len() else {
                self.open.extend_from_slice(tail);
                return;
            };
            // Octets beside others that are not UTF-8 are valid by chance.
            self.tally = Utf8Tally { broken: true, ..self.at_ascii };
            self.in_broken_run = true;
            self.alone = false;
            self.before = None;
            rest = tail.split_at(length).1;
        }
    }

    /// Takes the end of the text.
    pub(crate) fn finish(mut self) -> Utf8Tally {
        self.tally.alone += u32::from(self.alone);
        self.tally.broken |= !self.open.is_empty();
        self.tally
    }

    fn count(&mut self, text: &str) {
        if self.tally.characters >= MAX_CHARACTERS {
            return;
        }
        if text.is_ascii() {
            self.push_ascii(text.as_bytes());
        } else {
            text.chars().for_each(|c| self.step(c));
        }
    }

    fn step(&mut self, c: char) {
        self.in_broken_run &= !c.is_ascii();
        if self.in_broken_run {
            return;
        }
        let (before, letter) = (self.before, Letter::of(c));
        self.before = letter;
        self.tally.alone += u32::from(self.alone && letter.is_none());
        self.alone = false;
        let mixed = letter.zip(before).is_some_and(|(here, before)| here.is_odd_behind(before));
        // A character between two letters of another script counts once.
        let strange = (mixed && !self.strange) || is_strange(c);
        self.tally.strange += u32::from(strange);
        self.strange = strange && !c.is_ascii();
        if c.is_ascii() {
            self.at_ascii = self.tally;
            return;
        }
        self.tally.characters += 1;
        let octets = c.len_utf8();
        let inside = before.is_some() || letter == Some(Letter::Wide);
        self.tally.weight += match octets {
            2 => u32::from(inside),
            _ => 1 + u32::from(inside),
        };
        let rare = letter.is_some() && before.is_none() && c > '\u{ff}' && octets == 2;
        let closing = before == Some(Letter::Capital)
            && ('\u{c0}'..='\u{ff}').contains(&c)
            && CLOSING.contains(&((c as u32) - 0x40));
        self.alone = rare || closing;
    }
}

impl Utf8Tally {
    pub(crate) fn of(octets: &[u8]) -> Self {
        let mut judge = Utf8Judge::new(true);
        judge.push(octets);
        judge.finish()
    }

    /// The evidence of both texts. A text that makes no sense as UTF-8 shows that UTF-8 is wrong.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            broken: self.broken | other.broken | (other.characters > 0 && !other.is_plausible()),
            characters: self.characters.saturating_add(other.characters),
            strange: self.strange.saturating_add(other.strange),
            alone: self.alone.saturating_add(other.alone),
            weight: self.weight.saturating_add(other.weight),
        }
    }

    /// True if the text is valid UTF-8 and makes sense as such. That is enough where no other charset is named.
    pub(crate) fn is_plausible(self) -> bool {
        self.is_possible() && self.strange.saturating_add(self.alone) < self.characters
    }

    /// True if the text is valid UTF-8, and makes sense if UTF-8 is named.
    pub(crate) fn is_possible(self) -> bool {
        !self.broken && self.strange.saturating_mul(2) < self.characters
    }

    /// True if at least some of the text makes sense as UTF-8.
    pub(crate) fn is_mixture(self) -> bool {
        Self { broken: false, ..self }.is_plausible()
    }

    /// True if the text is UTF-8 even though another charset is named.
    pub(crate) fn is_certain(self) -> bool {
        self.is_plausible() && self.weight >= CERTAIN_WEIGHT
    }
}

impl Letter {
    fn of(c: char) -> Option<Self> {
        Some(match c {
            'A'..='Z' => Self::Capital,
            'a'..='z' => Self::Latin,
            // Marks belong to their letters.
            '\u{300}'..='\u{36f}' => Self::Latin,
            '\u{483}'..='\u{7ff}' if !c.is_alphabetic() => Self::Other,
            _ if c.is_ascii() || !c.is_alphabetic() => return None,
            ..='\u{24f}' | '\u{1e00}'..='\u{1eff}' if c.is_uppercase() => Self::Capital,
            ..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Self::Latin,
            '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Self::Greek,
            '\u{400}'..='\u{52f}' => Self::Cyrillic,
            ..='\u{7ff}' => Self::Other,
            _ => Self::Wide,
        })
    }

    fn is_odd_behind(self, before: Self) -> bool {
        let script = |letter| if letter == Self::Capital { Self::Latin } else { letter };
        self != Self::Wide && before != Self::Wide && script(self) != script(before)
    }
}

/// True for characters that hardly any text has: phonetic letters, rare combining marks, code points without a character.
fn is_strange(c: char) -> bool {
    matches!(c, '\u{80}'..='\u{9f}' | '\u{250}'..='\u{2b8}' | '\u{329}'..='\u{36f}' | '\u{e000}'..='\u{f8ff}' | '\u{fffe}'..='\u{ffff}')
}

#[cfg(test)]
mod tests;
