//! The body hash, computed while the body streams by (RFC 6376 sections 3.4.3, 3.4.4 and 3.7).
//!
//! Feed [`BodyHash`] the pieces of the body, cut anywhere, then [`BodyHash::finish`] it. Nothing of the body is kept:
//! blank lines, trailing white space and a CR may turn out to be the end of a line or of the body, and are counted, not
//! stored. Text that is canonical already goes to the hash as it lies there, in runs as long as possible. If a length
//! that was computed here should ever be wrong, the hash is given up and the message is not signed.
//!
//! A line ends in CRLF or in a bare LF, since every MTA makes CRLF of the latter. A CR that no LF follows is an ordinary
//! character, and so are NUL, VT and FF; white space is space and tab. The hash always covers the whole body: with `l=`
//! anybody could append to it.

use mail_auth::crypto::{HashContext, HashImpl, HashOutput, Sha256};
use mail_auth::dkim::Canonicalization;
use mail_auth::headers::Writer;

/// Octets that are searched together for the next one that is not canonical.
const BLOCK_OCTETS: usize = 64;
/// A block with the octet before it and the octet after it.
const WINDOW_OCTETS: usize = BLOCK_OCTETS + 2;
/// Octets that are gathered before they go to the hash.
const MAX_BATCH_OCTETS: usize = 512;
/// Line ends that are written together.
const LINE_ENDS: [[u8; 2]; 64] = [*b"\r\n"; 64];

/// The SHA-256 of the canonical form of a body.
pub(super) struct BodyHash {
    canonical: CanonicalBody,
    hash: <Sha256 as HashImpl>::Context,
}

/// The hash lacks octets that it was given. A signature over it would not verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a part of the body is missing from its hash")]
pub(super) struct IncompleteHash;

impl BodyHash {
    /// The hash of a body of which nothing has come yet.
    pub(super) fn new(rule: Canonicalization) -> Self {
        Self { canonical: CanonicalBody::new(rule), hash: Sha256::hasher() }
    }

    /// Takes the next piece of the body.
    pub(super) fn update(&mut self, chunk: &[u8]) {
        self.canonical.update(chunk, &mut self.hash);
    }

    /// The hash, once the body is complete.
    pub(super) fn finish(mut self) -> Result<HashOutput, IncompleteHash> {
        self.canonical.finish(&mut self.hash)?;
        Ok(self.hash.complete())
    }
}

/// Brings a body into its canonical form, piece by piece.
struct CanonicalBody {
    rule: Canonicalization,
    pending: PendingWhitespace,
    /// True as long as there was nothing but line ends and white space.
    empty: bool,
    /// True once octets were lost.
    incomplete: bool,
}

/// White space that was read but is written only if text follows, in this order.
#[derive(Default)]
struct PendingWhitespace {
    line_ends: u64,
    space: bool,
    cr: bool,
}

impl CanonicalBody {
    fn new(rule: Canonicalization) -> Self {
        Self { rule, pending: PendingWhitespace::default(), empty: true, incomplete: false }
    }

    fn update(&mut self, chunk: &[u8], out: &mut impl Writer) {
        let mut out = Batch::new(out);
        let mut rest = chunk;
        while let Some((&first, tail)) = rest.split_first() {
            match first {
                b'\n' => {
                    let line_ends = self.pending.line_ends.saturating_add(1);
                    self.pending = PendingWhitespace { line_ends, ..PendingWhitespace::default() };
                    rest = tail;
                }
                // The octet that follows shows that the CR did not end a line.
                _ if self.pending.cr => self.write(b"\r", &mut out),
                b'\r' => {
                    self.pending.cr = true;
                    rest = tail;
                }
                b' ' | b'\t' if self.rule == Canonicalization::Relaxed => {
                    self.pending.space = true;
                    rest = tail;
                }
                _ => {
                    let Some((run, tail)) = canonical_run(self.rule, rest) else {
                        self.incomplete = true;
                        break;
                    };
                    self.write(run, &mut out);
                    rest = tail;
                }
            }
        }
        out.flush();
    }

    /// Ends the body: trailing empty lines are dropped, and the last line ends in CRLF. A body without any text is CRLF
    /// in simple form and nothing in relaxed form.
    fn finish(&mut self, out: &mut impl Writer) -> Result<(), IncompleteHash> {
        if self.incomplete {
            return Err(IncompleteHash);
        }
        let mut out = Batch::new(out);
        if self.pending.cr {
            self.write(b"\r", &mut out);
        }
        if !self.empty || self.rule == Canonicalization::Simple {
            out.push(b"\r\n");
        }
        out.flush();
        Ok(())
    }

    /// Writes the pending white space, and text behind it.
    fn write(&mut self, text: &[u8], out: &mut Batch<'_, impl Writer>) {
        let PendingWhitespace { mut line_ends, space, .. } = std::mem::take(&mut self.pending);
        while line_ends >= LINE_ENDS.len() as u64 {
            out.push(LINE_ENDS.as_flattened());
            line_ends -= LINE_ENDS.len() as u64;
        }
        for _ in 0..line_ends {
            out.push(b"\r\n");
        }
        if space {
            out.push(b" ");
        }
        out.push(text);
        self.empty = false;
    }
}

/// Splits off the text at the start of `text` that is canonical and does not end in octets that must be held back.
/// The first octet is neither white space nor part of a line end. `None` means that a length was computed wrongly.
fn canonical_run(rule: Canonicalization, text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (end, pending) = match rule {
        Canonicalization::Relaxed => (relaxed_end(text), &b" \t\r\n"[..]),
        Canonicalization::Simple => (simple_end(text), &b"\r\n"[..]),
    };
    let (run, _) = text.split_at_checked(end)?;
    let length = run.iter().rposition(|octet| !pending.contains(octet)).map_or(1, |last| last + 1);
    text.split_at_checked(length)
}

fn relaxed_end(text: &[u8]) -> usize {
    regular_end(text, |before, here, after| {
        (here == b'\t') | ((here == b' ') & (after <= b' ')) | ((here == b'\n') & (before != b'\r'))
    })
}

fn simple_end(text: &[u8]) -> usize {
    regular_end(text, |before, here, _| (here == b'\n') & (before != b'\r'))
}

/// Where the first octet is that may not stay as it is, judged by its neighbours. To stop too early costs time only.
fn regular_end(text: &[u8], irregular: impl Fn(u8, u8, u8) -> bool) -> usize {
    // The first octet is regular: it is only the neighbour of the next one.
    let mut end = 1;
    let mut rest = text;
    while let (Some(window), Some((_, tail))) = (rest.first_chunk(), rest.split_first_chunk::<BLOCK_OCTETS>()) {
        if let Some(ahead) = first_irregular(window, &irregular) {
            return end + ahead;
        }
        end += BLOCK_OCTETS;
        rest = tail;
    }
    let mut window = [b'x'; WINDOW_OCTETS];
    for (octet, from) in window.iter_mut().zip(rest) {
        *octet = *from;
    }
    first_irregular(&window, &irregular).map_or(text.len(), |ahead| text.len().min(end + ahead))
}

/// As [`regular_end`], for a block between two neighbours. There are no short circuits, so that the compiler makes
/// vector instructions of the loop.
fn first_irregular(window: &[u8; WINDOW_OCTETS], irregular: &impl Fn(u8, u8, u8) -> bool) -> Option<usize> {
    let [before @ .., _, _] = window;
    let [_, here @ .., _] = window;
    let [_, _, after @ ..] = window;
    let mut found = [0; BLOCK_OCTETS];
    for (found, ((before, here), after)) in found.iter_mut().zip(before.iter().zip(here).zip(after)) {
        *found = u8::from(irregular(*before, *here, *after));
    }
    let (words, _) = found.as_chunks();
    let (at, word) = words.iter().map(|word| u64::from_le_bytes(*word)).enumerate().find(|(_, word)| *word != 0)?;
    Some(at * 8 + word.trailing_zeros() as usize / 8)
}

/// Gathers short pieces, since a hash takes much time for each call and little for each octet.
struct Batch<'a, W> {
    out: &'a mut W,
    pieces: [u8; MAX_BATCH_OCTETS],
    length: usize,
}

impl<'a, W: Writer> Batch<'a, W> {
    fn new(out: &'a mut W) -> Self {
        Self { out, pieces: [0; MAX_BATCH_OCTETS], length: 0 }
    }

    fn push(&mut self, piece: &[u8]) {
        if piece.len() > MAX_BATCH_OCTETS - self.length {
            self.flush();
        }
        match self.pieces.get_mut(self.length..self.length + piece.len()) {
            Some(room) => {
                room.copy_from_slice(piece);
                self.length += piece.len();
            }
            None => {
                debug_assert!(self.length == 0, "the piece is longer than a batch");
                self.out.write(piece);
            }
        }
    }

    fn flush(&mut self) {
        let (pieces, _) = self.pieces.split_at(self.length);
        self.out.write(pieces);
        self.length = 0;
    }
}

#[cfg(test)]
mod tests;
