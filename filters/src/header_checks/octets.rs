//! The body as octets and lines, whatever parts it has: NUL, CR and LF that are not together, 8-bit, long lines.

use super::finding::Spot;
use crate::mail::fold::LONGEST;

/// What is known so far.
#[derive(Debug, Default)]
pub(super) struct BodyOctets {
    offset: u64,
    before: u8,
    /// Octets of the open line.
    line: usize,
    pub(super) nul: Option<Spot>,
    pub(super) bare: Option<Spot>,
    pub(super) eight_bit: Option<Spot>,
    pub(super) long: Option<Spot>,
}

impl BodyOctets {
    /// Takes the next piece; true if it is all ASCII.
    pub(super) fn push(&mut self, chunk: &[u8]) -> bool {
        let Some((first, rest)) = chunk.split_first() else { return true };
        let kinds = kinds(self.before, *first) | fold(chunk, rest);
        self.note(kinds, chunk);
        self.lines(chunk);
        self.before = chunk.last().copied().unwrap_or_default();
        self.offset += chunk.len() as u64;
        kinds & EIGHT_BIT == 0
    }

    /// The body is complete.
    pub(super) fn finish(&mut self) {
        if self.before == b'\r' {
            let spot = Spot { offset: self.offset.saturating_sub(1), octet: b'\r' };
            self.bare.get_or_insert(spot);
        }
    }

    /// Finds where something is for the first time.
    fn note(&mut self, kinds: u8, chunk: &[u8]) {
        let Self { offset, before, .. } = *self;
        let find = |wrong: &dyn Fn(u8, u8) -> bool| {
            let pairs = std::iter::once(before).chain(chunk.iter().copied()).zip(chunk.iter().copied());
            let mut pairs = pairs.enumerate();
            let (at, pair) = pairs.find(|(_, (before, here))| wrong(*before, *here))?;
            Some((offset + at as u64, pair))
        };
        if kinds & EIGHT_BIT != 0 && self.eight_bit.is_none() {
            let found = find(&|_, here| here > 127);
            self.eight_bit = found.map(|(offset, (_, octet))| Spot { offset, octet });
        }
        if kinds & NUL != 0 && self.nul.is_none() {
            self.nul = find(&|_, here| here == 0).map(|(offset, (_, octet))| Spot { offset, octet });
        }
        if kinds & BARE != 0 && self.bare.is_none() {
            self.bare = find(&is_bare).map(|(offset, (before, here))| match here {
                b'\n' => Spot { offset, octet: here },
                _ => Spot { offset: offset.saturating_sub(1), octet: before },
            });
        }
    }

    /// Looks for a line that is too long. Where a line end is near, nothing before it needs a look.
    fn lines(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while self.long.is_none() {
            let most = LONGEST + 2 - self.line;
            let window = rest.get(..most).unwrap_or(rest);
            match memchr::memrchr(b'\n', window) {
                Some(at) => {
                    rest = rest.get(at + 1..).unwrap_or_default();
                    self.line = 0;
                }
                None if window.len() < most => {
                    self.line += window.len();
                    return;
                }
                None => {
                    let taken = chunk.len() - rest.len();
                    let offset = (self.offset + (taken + LONGEST) as u64).saturating_sub(self.line as u64);
                    // It may have been in the piece before.
                    let at = (taken + LONGEST).saturating_sub(self.line);
                    self.long = Some(Spot { offset, octet: chunk.get(at).copied().unwrap_or(b'\n') });
                }
            }
        }
    }
}

/// No branches: the compiler makes vector instructions of this.
fn fold(before: &[u8], here: &[u8]) -> u8 {
    let pairs = before.iter().zip(here);
    pairs.fold(0, |all, (before, here)| all | kinds(*before, *here))
}

fn kinds(before: u8, here: u8) -> u8 {
    (u8::from(here > 127) * EIGHT_BIT)
        | (u8::from(here == 0) * NUL)
        | (u8::from(is_bare(before, here)) * BARE)
}

fn is_bare(before: u8, here: u8) -> bool {
    (before == b'\r') != (here == b'\n')
}

const EIGHT_BIT: u8 = 1;
const NUL: u8 = 2;
const BARE: u8 = 4;

#[cfg(test)]
mod tests;
