//! Octets that MTAs change on the way: NUL, and CR or LF that are not together. A signature over them may not hold.

use postseal_protocol::HeaderField;

/// Looks for such octets in a body, piece by piece.
#[derive(Debug, Default)]
pub(super) struct UnsafeOctets {
    before: u8,
    found: bool,
}

impl UnsafeOctets {
    /// Takes the next piece of the body.
    pub(super) fn update(&mut self, chunk: &[u8]) {
        let Some((first, rest)) = chunk.split_first() else { return };
        // The loop has no branches, so that the compiler makes vector instructions of it.
        let pairs = chunk.iter().zip(rest);
        let found = pairs.fold(false, |found, (before, here)| found | is_unsafe(*before, *here));
        self.found |= found | is_unsafe(self.before, *first);
        self.before = *rest.last().unwrap_or(first);
    }

    /// True if there are any, once the body is complete.
    pub(super) const fn found(&self) -> bool {
        self.found || self.before == b'\r'
    }
}

/// True if a field has a CR that does not end a line, or a NUL.
pub(super) fn in_field(field: &HeaderField) -> bool {
    let mut octets = field.value.iter().peekable();
    while let Some(octet) = octets.next() {
        if *octet == 0 || *octet == b'\r' && octets.peek() != Some(&&b'\n') {
            return true;
        }
    }
    false
}

fn is_unsafe(before: u8, here: u8) -> bool {
    (here == 0) | ((before == b'\r') != (here == b'\n'))
}

#[cfg(test)]
mod tests;
