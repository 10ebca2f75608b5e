//! The body hash, computed while the body streams by (RFC 6376 sections 3.4.3, 3.4.4 and 3.7).
//!
//! Feed [`BodyHash`] the pieces of the body, cut anywhere, then [`BodyHash::finish`] it. Nothing of the body is kept:
//! what may turn out to be the end of a line or of the body (blank lines, trailing white space, a CR) is counted, not
//! stored. Text that is canonical already goes to the hash as it lies there, in runs as long as possible.
//!
//! A line ends in CRLF or in a bare LF, since every MTA makes CRLF of the latter. A CR that no LF follows is an ordinary
//! character, and so are NUL, VT and FF; white space is space and tab. The hash always covers the whole body: with `l=`
//! anybody could append to it.

use mail_auth::crypto::{HashContext, HashImpl, HashOutput, Sha256};
use mail_auth::dkim::Canonicalization;
use mail_auth::headers::Writer;

/// Octets looked at together.
const BLOCK_OCTETS: usize = 64;
/// Octets gathered before they go to the hash.
const BATCH_OCTETS: usize = 512;
const LINE_ENDS: [[u8; 2]; 64] = [*b"\r\n"; 64];

/// The SHA-256 of the canonical form of a body.
pub(super) struct BodyHash {
    canonical: Canonical,
    hash: <Sha256 as HashImpl>::Context,
}

impl BodyHash {
    /// The hash of a body of which nothing is known yet.
    pub(super) fn new(rule: Canonicalization) -> Self {
        Self { canonical: Canonical::new(rule), hash: Sha256::hasher() }
    }

    /// Takes the next piece of the body.
    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.canonical.update(chunk, &mut self.hash);
    }

    /// The hash, once the body is complete.
    pub(super) fn finish(mut self) -> HashOutput {
        self.canonical.finish(&mut self.hash);
        self.hash.complete()
    }
}

/// Brings a body into its canonical form, piece by piece.
struct Canonical {
    rule: Canonicalization,
    held: PendingWhitespace,
    /// Nothing but line ends and white space so far.
    empty: bool,
}

/// What was read but is written only if text follows, in this order.
#[derive(Default)]
struct PendingWhitespace {
    line_ends: u64,
    space: bool,
    cr: bool,
}

impl Canonical {
    fn new(rule: Canonicalization) -> Self {
        Self { rule, held: PendingWhitespace::default(), empty: true }
    }

    fn update(&mut self, chunk: &[u8], out: &mut impl Writer) {
        let mut out = Batch::new(out);
        let mut rest = chunk;
        while let Some((&first, tail)) = rest.split_first() {
            match first {
                b'\n' => {
                    self.held = PendingWhitespace {
                        line_ends: self.held.line_ends.saturating_add(1),
                        ..PendingWhitespace::default()
                    };
                    rest = tail;
                }
                // What follows shows that the CR did not end a line.
                _ if self.held.cr => self.write(b"\r", &mut out),
                b'\r' => {
                    self.held.cr = true;
                    rest = tail;
                }
                b' ' | b'\t' if self.rule == Canonicalization::Relaxed => {
                    self.held.space = true;
                    rest = tail;
                }
                _ => {
                    let length = match self.rule {
                        Canonicalization::Relaxed => relaxed_run(rest),
                        Canonicalization::Simple => simple_run(rest),
                    };
                    let (run, tail) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                    self.write(run, &mut out);
                    rest = tail;
                }
            }
        }
        out.flush();
    }

    /// Ends the body: trailing empty lines are gone, the last line ends in CRLF. A body without any text is CRLF in
    /// simple form and nothing in relaxed form.
    fn finish(&mut self, out: &mut impl Writer) {
        if self.held.cr {
            let mut out = Batch::new(out);
            self.write(b"\r", &mut out);
            out.flush();
        }
        if !self.empty || self.rule == Canonicalization::Simple {
            out.write(b"\r\n");
        }
    }

    /// Writes what was held back, and text.
    fn write(&mut self, text: &[u8], out: &mut Batch<'_, impl Writer>) {
        let PendingWhitespace { mut line_ends, space, .. } = std::mem::take(&mut self.held);
        while line_ends > 0 {
            let count = line_ends.min(LINE_ENDS.len() as u64);
            out.push(LINE_ENDS.as_flattened().get(..count as usize * 2).unwrap_or_default());
            line_ends -= count;
        }
        if space {
            out.push(b" ");
        }
        out.push(text);
        self.empty = false;
    }
}

/// Length of the text at the start of `text` that is canonical and does not end in anything to be held back. The first
/// octet is neither white space nor part of a line end.
fn relaxed_run(text: &[u8]) -> usize {
    let irregular = |before, here, after| {
        (here == b'\t') | ((here == b' ') & (after <= b' ')) | ((here == b'\n') & (before != b'\r'))
    };
    trimmed(text, run(text, irregular), b" \t\r\n")
}

/// As [`relaxed_run`], where white space is text.
fn simple_run(text: &[u8]) -> usize {
    let irregular = |before, here, _| (here == b'\n') & (before != b'\r');
    trimmed(text, run(text, irregular), b"\r\n")
}

/// Where the first octet is that may not stay as it is, judged by its neighbours. To stop too early costs time only.
fn run(text: &[u8], irregular: impl Fn(u8, u8, u8) -> bool) -> usize {
    let mut end = 1;
    while let Some(window) = text.get(end - 1..).unwrap_or_default().first_chunk() {
        if let Some(ahead) = first_irregular(window, &irregular) {
            return end + ahead;
        }
        end += BLOCK_OCTETS;
    }
    let mut window = [b'x'; BLOCK_OCTETS + 2];
    for (octet, from) in window.iter_mut().zip(text.get(end - 1..).unwrap_or_default()) {
        *octet = *from;
    }
    first_irregular(&window, &irregular).map_or(text.len(), |ahead| text.len().min(end + ahead))
}

/// The same for a block between two neighbours. No short circuits: the compiler makes vector instructions of this.
fn first_irregular(
    window: &[u8; BLOCK_OCTETS + 2],
    irregular: &impl Fn(u8, u8, u8) -> bool,
) -> Option<usize> {
    let [before @ .., _, _] = window;
    let [_, here @ .., _] = window;
    let [_, _, after @ ..] = window;
    let mut found = [0; BLOCK_OCTETS];
    for (found, ((before, here), after)) in found.iter_mut().zip(before.iter().zip(here).zip(after)) {
        *found = u8::from(irregular(*before, *here, *after));
    }
    let (words, _) = found.as_chunks();
    let (at, word) =
        words.iter().map(|word| u64::from_le_bytes(*word)).enumerate().find(|(_, word)| *word != 0)?;
    Some(at * 8 + word.trailing_zeros() as usize / 8)
}

fn trimmed(text: &[u8], end: usize, held: &[u8]) -> usize {
    let run = text.get(..end).unwrap_or(text);
    run.iter().rposition(|byte| !held.contains(byte)).map_or(1, |last| last + 1)
}

/// Gathers short pieces, since a hash takes much time for each call and little for each octet.
struct Batch<'a, W> {
    out: &'a mut W,
    pieces: [u8; BATCH_OCTETS],
    length: usize,
}

impl<'a, W: Writer> Batch<'a, W> {
    fn new(out: &'a mut W) -> Self {
        Self { out, pieces: [0; BATCH_OCTETS], length: 0 }
    }

    fn push(&mut self, piece: &[u8]) {
        if piece.len() > BATCH_OCTETS - self.length {
            self.flush();
        }
        match self.pieces.get_mut(self.length..self.length + piece.len()) {
            Some(room) => {
                room.copy_from_slice(piece);
                self.length += piece.len();
            }
            None => self.out.write(piece),
        }
    }

    fn flush(&mut self) {
        self.out.write(self.pieces.get(..self.length).unwrap_or_default());
        self.length = 0;
    }
}

#[cfg(test)]
mod tests;
