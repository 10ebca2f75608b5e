//! Lines of a header field (RFC 5322 sections 2.1.1 and 2.2.3). Values have a bare LF at each fold.

mod points;

use postseal_protocol::HeaderField;

use points::{FoldPoint, FoldRank, fold_points};

/// The octets that a line should have at most (RFC 5322 section 2.1.1).
const PREFERRED_LINE_OCTETS: usize = 78;

/// The octets of a line that every MTA sends as it is; Sendmail cuts longer ones.
pub(crate) const MAX_SENT_LINE_OCTETS: usize = 990;
/// The octets of a value that both MTAs take back unchanged.
pub(crate) const MAX_VALUE_OCTETS: usize = 60_000;

/// The lines of a value, each with its offset.
pub(crate) fn lines(value: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    value.split(|octet| *octet == b'\n').map(move |line| {
        let start = next;
        next += line.len() + 1;
        (start, line)
    })
}

/// The offset of the first continuation line of nothing but white space.
pub(crate) fn blank_line(value: &[u8]) -> Option<usize> {
    lines(value).skip(1).find(|(_, line)| is_blank(line)).map(|(start, _)| start)
}

/// True for a line of nothing but white space. A form feed is no white space in a field (RFC 5322 section 2.2.2).
fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|octet| matches!(octet, b' ' | b'\t' | b'\r'))
}

/// The value without continuation lines of nothing but white space.
pub(crate) fn without_blank_lines(field: &HeaderField) -> Option<Vec<u8>> {
    let mut lines = field.value.split(|octet| *octet == b'\n');
    let mut out = lines.next()?.to_vec();
    for line in lines.filter(|line| !is_blank(line)) {
        out.push(b'\n');
        out.extend_from_slice(line);
    }
    Some(out)
}

/// The offset of the first octet too many, in the first line of more than `max` octets.
pub(crate) fn long_line(field: &HeaderField, max: usize) -> Option<usize> {
    if field.name.len() + 1 + field.value.len() <= max {
        return None;
    }
    // The field's name and the colon stand on the first line.
    let mut before = field.name.len() + 1;
    for (start, line) in lines(&field.value) {
        if before + line.len() > max {
            return Some(start + max.saturating_sub(before));
        }
        before = 0;
    }
    None
}

/// The value with long lines folded. `None` if a line can't be folded: a word is too long, and its field may not get white
/// space there. Unfolding the result gives back the value, to the octet, but for a space at folds where there was none.
pub(crate) fn refolded(field: &HeaderField) -> Option<Vec<u8>> {
    if field.value.len() > MAX_VALUE_OCTETS {
        return None;
    }
    let points = fold_points(field);
    let mut out = Vec::with_capacity(field.value.len() + field.value.len() / 32);
    for (start, line) in lines(&field.value) {
        if start > 0 {
            out.push(b'\n');
        }
        let column = if start == 0 { field.name.len() + 1 } else { 0 };
        if column + line.len() <= MAX_SENT_LINE_OCTETS {
            out.extend_from_slice(line);
            continue;
        }
        let mut pieces = vec![LinePiece { start, end: start + line.len(), column }];
        let text_end = start + line.trim_ascii_end().len();
        for rank in FoldRank::ALL {
            let here = |point: &&FoldPoint| point.rank == rank && (start + 1..text_end).contains(&point.at);
            let usable: Vec<_> = points.iter().filter(here).map(|point| point.at).collect();
            pieces = pieces.into_iter().flat_map(|piece| piece.folded(&usable, rank.inserts_space())).collect();
        }
        for (at, piece) in pieces.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(if piece.column > 0 { b"\n " } else { b"\n" });
            }
            out.extend_from_slice(field.value.get(piece.start..piece.end)?);
        }
    }
    let folded = HeaderField::new(field.name.clone(), out.clone());
    (long_line(&folded, MAX_SENT_LINE_OCTETS).is_none() && out.len() <= MAX_VALUE_OCTETS).then_some(out)
}

/// A part of a value that is to stand on a line of its own.
#[derive(Clone, Copy)]
struct LinePiece {
    start: usize,
    end: usize,
    /// The octets on the line before the piece.
    column: usize,
}

impl LinePiece {
    /// The piece itself if it fits on its line; else its pieces, cut at some of these offsets.
    fn folded(self, points: &[usize], inserts_space: bool) -> Vec<Self> {
        if self.column + self.end - self.start <= MAX_SENT_LINE_OCTETS {
            return vec![self];
        }
        let mut out = Vec::new();
        let mut line = self;
        let mut last = None;
        let inside = points.iter().copied().filter(|at| (self.start + 1..self.end).contains(at));
        for next in inside.chain([self.end]) {
            // The line ends at the last point before the column where it gets too long.
            if let Some(at) = last
                && line.column + next - line.start > PREFERRED_LINE_OCTETS
            {
                out.push(Self { end: at, ..line });
                line = Self { start: at, end: self.end, column: usize::from(inserts_space) };
            }
            last = Some(next);
        }
        out.push(line);
        out
    }
}

#[cfg(test)]
mod tests;
