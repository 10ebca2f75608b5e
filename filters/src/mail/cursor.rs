//! A place in the value of a field, moving from the left to the right.

use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};

/// The octets that a reader has not taken yet.
#[derive(Clone, Debug)]
pub(crate) struct TextCursor<'a> {
    rest: &'a [u8],
    /// The number of octets of the whole text.
    length: usize,
}

impl<'a> TextCursor<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, length: text.len() }
    }

    /// The number of octets that were taken.
    pub(crate) fn at(&self) -> usize {
        self.length - self.rest.len()
    }

    /// The next octet, which is not taken.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub(crate) fn bump(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Takes octets up to the first that does not fit.
    pub(crate) fn take_while(&mut self, mut fits: impl FnMut(u8) -> bool) -> &'a [u8] {
        let length = self.rest.iter().position(|octet| !fits(*octet)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// Takes the quoted string that comes next; returns its content. Line ends in the string belong to folds and are
    /// dropped. If the string does not end, everything is taken and there is no content.
    pub(crate) fn quoted_string(&mut self) -> Option<Vec<u8>> {
        debug_assert_eq!(self.peek(), Some(b'"'), "no quoted string");
        let mut scanner = QuoteScanner::new(QuotingRules::QuotedStrings);
        let mut content = Vec::new();
        while let Some(octet) = self.bump() {
            match scanner.step(octet) {
                QuotedRole::Mark if !scanner.in_quotes() => return Some(content),
                QuotedRole::Mark => {}
                QuotedRole::Open | QuotedRole::Hidden if matches!(octet, b'\r' | b'\n') => {}
                _ => content.push(octet),
            }
        }
        None
    }

    /// Takes white space and comments. `None` if a comment does not end.
    pub(crate) fn white_space_and_comments(&mut self) -> Option<()> {
        loop {
            self.take_while(|octet| octet.is_ascii_whitespace());
            if self.peek() != Some(b'(') {
                return Some(());
            }
            self.comment()?;
        }
    }

    /// Takes the comment that comes next, and the comments in it. If the comment does not end, everything is taken.
    pub(crate) fn comment(&mut self) -> Option<()> {
        debug_assert_eq!(self.peek(), Some(b'('), "no comment");
        let mut scanner = QuoteScanner::new(QuotingRules::Comments);
        while let Some(octet) = self.bump() {
            scanner.step(octet);
            if !scanner.in_brackets() {
                return Some(());
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
