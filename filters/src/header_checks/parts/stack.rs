//! The multiparts that are open, from the outside in.

use crate::mail::content_type::ContentType;

/// Their boundaries.
#[derive(Default)]
pub(super) struct BoundaryStack(Vec<Boundary>);

/// What separates the parts of a multipart.
pub(super) struct Boundary {
    text: Vec<u8>,
    pub(super) seen: bool,
    pub(super) closed: bool,
    /// Parts of multipart/digest are messages unless they say otherwise.
    digest: bool,
}

impl BoundaryStack {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Opens a multipart.
    ///
    /// # Errors
    /// In a few words, why its parts can't be told apart.
    pub(super) fn open(&mut self, content_type: &ContentType) -> Result<(), &'static str> {
        let text = content_type.boundary.as_deref().map(<[u8]>::trim_ascii_end).unwrap_or_default();
        if text.is_empty() || text.len() > LONGEST {
            return Err("a multipart without a boundary");
        }
        if self.0.iter().any(|outer| outer.text == text) {
            return Err("a multipart with the boundary of the one around it");
        }
        if self.0.len() >= DEEPEST {
            return Err("multiparts nested more than 64 deep");
        }
        let digest = content_type.subtype == b"digest";
        self.0.push(Boundary { text: text.to_vec(), seen: false, closed: false, digest });
        Ok(())
    }

    /// The boundary that a line is of, and whether it is the closing one.
    pub(super) fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?.trim_ascii_end();
        self.0.iter().enumerate().rev().find_map(|(at, boundary)| {
            match line.strip_prefix(&*boundary.text)? {
                b"" => Some((at, false)),
                b"--" => Some((at, true)),
                _ => None,
            }
        })
    }

    /// The boundary at this depth has come.
    pub(super) fn seen(&mut self, at: usize, close: bool) {
        if let Some(boundary) = self.0.get_mut(at) {
            boundary.seen = true;
            boundary.closed |= close;
        }
    }

    /// Ends the innermost multipart, if there are more than this.
    pub(super) fn pop_above(&mut self, depth: usize) -> Option<Boundary> {
        if self.0.len() > depth { self.0.pop() } else { None }
    }

    /// True if the innermost is a multipart/digest.
    pub(super) fn is_digest(&self) -> bool {
        self.0.last().is_some_and(|boundary| boundary.digest)
    }
}

/// Multiparts within each other.
const DEEPEST: usize = 64;
/// RFC 2046 allows 70; some write more.
const LONGEST: usize = 250;
