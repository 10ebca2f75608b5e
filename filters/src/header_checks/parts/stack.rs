//! The multiparts that are open, from the outside in.

use crate::mail::content_type::ContentType;

/// The multiparts within each other.
const MAX_DEPTH: usize = 64;
/// RFC 2046 section 5.1.1 allows 70 octets; some agents write more.
const MAX_BOUNDARY_OCTETS: usize = 250;

/// The boundaries of the multiparts that are open.
#[derive(Default)]
pub(super) struct BoundaryStack(Vec<Boundary>);

/// The boundary between the parts of a multipart.
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
    /// The reason why the parts can't be told apart, in a few words.
    pub(super) fn open(&mut self, content_type: &ContentType) -> Result<(), &'static str> {
        let text = content_type.boundary.as_deref().map(<[u8]>::trim_ascii_end);
        let Some(text) = text.filter(|text| (1..=MAX_BOUNDARY_OCTETS).contains(&text.len())) else {
            return Err("a multipart without a boundary");
        };
        if self.0.iter().any(|outer| outer.text == text) {
            return Err("a multipart with the boundary of the one around it");
        }
        if self.0.len() >= MAX_DEPTH {
            return Err("multiparts nested more than 64 deep");
        }
        let digest = content_type.subtype == b"digest";
        self.0.push(Boundary { text: text.to_vec(), seen: false, closed: false, digest });
        Ok(())
    }

    /// The depth of the boundary in a delimiter line, and whether the line closes the multipart.
    ///
    /// ```text
    /// dash-boundary    = "--" boundary               ; RFC 2046 section 5.1.1; white space may follow
    /// close-delimiter  = dash-boundary "--"
    /// ```
    pub(super) fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let line = line.strip_prefix(b"--")?.trim_ascii_end();
        self.0.iter().enumerate().rev().find_map(|(at, boundary)| {
            // Most boundaries already differ in length.
            matches!(line.len().wrapping_sub(boundary.text.len()), 0 | 2).then_some(())?;
            match line.strip_prefix(&*boundary.text)? {
                b"" => Some((at, false)),
                b"--" => Some((at, true)),
                _ => None,
            }
        })
    }

    /// Notes that the boundary at this depth has arrived.
    pub(super) fn seen(&mut self, at: usize, close: bool) {
        if let Some(boundary) = self.0.get_mut(at) {
            boundary.seen = true;
            boundary.closed |= close;
        }
    }

    /// Ends the innermost multipart if more than this many are open.
    pub(super) fn pop_above(&mut self, depth: usize) -> Option<Boundary> {
        if self.0.len() > depth { self.0.pop() } else { None }
    }

    /// True if the innermost multipart is a multipart/digest.
    pub(super) fn is_digest(&self) -> bool {
        self.0.last().is_some_and(|boundary| boundary.digest)
    }
}
