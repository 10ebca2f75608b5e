//! Notes about single addresses, whose number is bounded however many addresses a message has.

use super::Code;
use crate::filter::Context;

/// The notes about single addresses that a message gets.
const MAX_ADDRESS_NOTES: usize = 30;

/// Writes notes up to the bound, and counts the rest.
#[derive(Debug, Default)]
pub(super) struct AddressNotes {
    written: usize,
    /// For each code, the notes that were not written.
    more: Vec<(Code, usize)>,
}

impl AddressNotes {
    /// Adds a note. The text is made only if the note is written.
    pub(super) fn add(&mut self, cx: &mut Context<'_>, code: Code, text: impl FnOnce() -> String) {
        if self.written < MAX_ADDRESS_NOTES {
            self.written += 1;
            return cx.note_with(code.as_str(), text());
        }
        match self.more.iter_mut().find(|(other, _)| *other == code) {
            Some((_, count)) => *count += 1,
            None => self.more.push((code, 1)),
        }
    }

    /// Tells how many notes were not written.
    pub(super) fn finish(&mut self, cx: &mut Context<'_>) {
        for (code, count) in self.more.drain(..) {
            cx.note_with(code.as_str(), format!("and {count} more addresses"));
        }
    }
}
