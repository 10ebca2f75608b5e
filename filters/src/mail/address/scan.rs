//! Cuts the value of an address field into words and specials, without white space and comments.

use std::borrow::Cow;
use std::ops::Range;

use crate::mail::address::AddressError;

pub(crate) enum AddressToken<'a> {
    Word(AddressWord<'a>),
    /// One of `<>@,;:.`
    Special(u8),
}

/// An atom or a quoted string.
pub(crate) struct AddressWord<'a> {
    /// Its text, without quotes.
    pub(crate) text: Cow<'a, [u8]>,
    /// Where it stands, with its quotes.
    pub(crate) range: Range<usize>,
    /// An atom with an octet that only a display name can have.
    pub(crate) odd: bool,
}

pub(crate) struct AddressScanner<'a> {
    text: &'a [u8],
    at: usize,
    start: usize,
}

impl<'a> AddressScanner<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, start: 0 }
    }

    /// Where the token that was read last begins.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    pub(crate) fn next(&mut self) -> Result<Option<AddressToken<'a>>, AddressError> {
        self.skip_white_space_and_comments()?;
        self.start = self.at;
        let Some(first) = self.peek() else { return Ok(None) };
        match first {
            b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.' => {
                self.at += 1;
                Ok(Some(AddressToken::Special(first)))
            }
            b')' => Err(AddressError::Syntax(self.at)),
            b'"' => self.quoted_string().map(|word| Some(AddressToken::Word(word))),
            _ => Ok(Some(AddressToken::Word(self.atom()))),
        }
    }

    /// A domain: atoms joined by dots, or a literal in brackets. White space and comments in it are dropped.
    pub(crate) fn domain(&mut self) -> Result<(Vec<u8>, Range<usize>), AddressError> {
        self.skip_white_space_and_comments()?;
        let start = self.at;
        if self.peek() == Some(b'[') {
            return self.domain_literal();
        }
        let mut domain = Vec::new();
        let mut end = start;
        let mut after_dot = true;
        loop {
            match self.peek() {
                Some(b'.') if !after_dot => {
                    self.at += 1;
                    domain.push(b'.');
                    after_dot = true;
                }
                Some(byte) if after_dot && is_atom(byte) => {
                    let atom = self.atom();
                    if atom.odd {
                        return Err(AddressError::Domain(atom.range.start));
                    }
                    domain.extend_from_slice(&atom.text);
                    end = self.at;
                    after_dot = false;
                }
                _ if after_dot => return Err(AddressError::Domain(start)),
                _ => return Ok((domain, start..end)),
            }
            self.skip_white_space_and_comments()?;
        }
    }

    fn domain_literal(&mut self) -> Result<(Vec<u8>, Range<usize>), AddressError> {
        let start = self.at;
        let mut literal = Vec::new();
        while let Some(byte) = self.bump() {
            match byte {
                b'[' if literal.is_empty() => literal.push(byte),
                b']' => {
                    literal.push(byte);
                    return Ok((literal, start..self.at));
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'!'..=b'Z' | b'^'..=b'~' => literal.push(byte),
                _ => break,
            }
        }
        Err(AddressError::Domain(start))
    }

    fn atom(&mut self) -> AddressWord<'a> {
        let start = self.at;
        let mut odd = false;
        while let Some(byte) = self.peek()
            && is_atom(byte)
        {
            odd |= is_odd(byte);
            self.at += 1;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        AddressWord { text: Cow::Borrowed(text), range: start..self.at, odd }
    }

    fn quoted_string(&mut self) -> Result<AddressWord<'a>, AddressError> {
        let start = self.at;
        self.at += 1;
        let mut text = Vec::new();
        while let Some(byte) = self.bump() {
            match byte {
                b'"' => return Ok(AddressWord { text: Cow::Owned(text), range: start..self.at, odd: false }),
                b'\\' => text.extend(self.bump()),
                // A fold.
                b'\r' | b'\n' => {}
                _ => text.push(byte),
            }
        }
        Err(AddressError::Syntax(start))
    }

    fn skip_white_space_and_comments(&mut self) -> Result<(), AddressError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'(') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    /// Comments nest; a counter knows how deep.
    fn skip_comment(&mut self) -> Result<(), AddressError> {
        let start = self.at;
        let mut depth = 0usize;
        while let Some(byte) = self.bump() {
            match byte {
                b'(' => depth += 1,
                b')' if depth == 1 => return Ok(()),
                b')' => depth -= 1,
                b'\\' => {
                    self.bump();
                }
                _ => {}
            }
        }
        Err(AddressError::Syntax(start))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }
}

/// Everything that ends no word.
fn is_atom(byte: u8) -> bool {
    !matches!(
        byte,
        b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')' | b'"' | b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.'
    )
}

/// What an atom of RFC 5322 can't have, and display names have all the same.
fn is_odd(byte: u8) -> bool {
    byte.is_ascii_control() || matches!(byte, b'[' | b']' | b'\\')
}
