//! The body as octets and lines, whatever its parts: NUL, CR and LF that are not together, 8-bit octets, long lines.

use super::finding::Spot;
use crate::connection::MtaKind;

const EIGHT_BIT: u8 = 1;
const NUL: u8 = 2;
const BARE: u8 = 4;

/// The state of the checks between two pieces of the body.
#[derive(Debug)]
pub(super) struct BodyOctets {
    /// The octets that a line may have.
    max_line: usize,
    offset: u64,
    before: u8,
    /// The octets of the line whose end has not come yet.
    line: usize,
    pub(super) nul: Option<Spot>,
    pub(super) bare: Option<Spot>,
    pub(super) eight_bit: Option<Spot>,
    pub(super) long: Option<Spot>,
}

impl BodyOctets {
    /// The checks of a body that this MTA will send.
    pub(super) fn new(mta: MtaKind) -> Self {
        let max_line = mta.max_line_octets();
        Self { max_line, offset: 0, before: 0, line: 0, nul: None, bare: None, eight_bit: None, long: None }
    }

    /// Takes the next piece. True if the piece is all ASCII.
    pub(super) fn push(&mut self, chunk: &[u8]) -> bool {
        let Some((first, rest)) = chunk.split_first() else { return true };
        let kinds = kinds(self.before, *first) | fold(chunk, rest);
        self.note(kinds, chunk);
        self.lines(chunk);
        self.before = *rest.last().unwrap_or(first);
        self.offset += chunk.len() as u64;
        kinds & EIGHT_BIT == 0
    }

    pub(super) fn finish(&mut self) {
        if self.before == b'\r' {
            let spot = Spot { offset: self.offset.saturating_sub(1), octet: b'\r' };
            self.bare.get_or_insert(spot);
        }
    }

    /// Finds the first place of each kind that the chunk has and that was not found before.
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

    /// Looks for a line that is too long. If the next 1,000 octets contain a line end, no line before the last line end
    /// among them is too long.
    fn lines(&mut self, chunk: &[u8]) {
        let mut rest = chunk;
        while self.long.is_none() {
            let Some((window, _)) = rest.split_at_checked(self.max_line + 2 - self.line) else {
                self.line = match memchr::memrchr(b'\n', rest) {
                    Some(at) => rest.len() - at - 1,
                    None => self.line + rest.len(),
                };
                return;
            };
            if let Some(at) = memchr::memrchr(b'\n', window) {
                rest = rest.split_at(at + 1).1;
                self.line = 0;
                continue;
            }
            let offset = self.offset + (chunk.len() - rest.len() + self.max_line) as u64;
            // The octet itself may have been in the piece before; then the first octet of this piece stands for it.
            let spot = Spot::of(window, self.max_line.saturating_sub(self.line));
            debug_assert!(spot.is_some(), "the window reaches beyond the longest line");
            self.long = spot.map(|spot| Spot { offset: offset.saturating_sub(self.line as u64), ..spot });
            return;
        }
    }
}

/// The loop has no branches, so that the compiler makes vector instructions of it.
fn fold(before: &[u8], here: &[u8]) -> u8 {
    let pairs = before.iter().zip(here);
    pairs.fold(0, |all, (before, here)| all | kinds(*before, *here))
}

fn kinds(before: u8, here: u8) -> u8 {
    (u8::from(here > 127) * EIGHT_BIT) | (u8::from(here == 0) * NUL) | (u8::from(is_bare(before, here)) * BARE)
}

fn is_bare(before: u8, here: u8) -> bool {
    (before == b'\r') != (here == b'\n')
}

/// The fault of a line that is too long for this MTA.
pub(super) const fn long_line_fault(mta: MtaKind) -> &'static str {
    match mta {
        MtaKind::Postfix => "a line of more than 998 octets",
        MtaKind::Sendmail => "a line of more than 990 octets",
    }
}

#[cfg(test)]
mod tests;
