//! Cuts the value of an address field into words and specials, without white space and comments.

use std::borrow::Cow;
use std::ops::Range;

use crate::mail::address::AddressError;
use crate::mail::cursor::TextCursor;

pub(crate) enum AddressToken<'a> {
    Word(AddressWord<'a>),
    /// One of `<>@,;:.`
    Special(u8),
}

/// An atom or a quoted string.
pub(crate) struct AddressWord<'a> {
    /// The text without quotes.
    pub(crate) text: Cow<'a, [u8]>,
    /// The place of the word in the value, quotes included.
    pub(crate) range: Range<usize>,
    /// The word is an atom with an octet that only a display name can have.
    pub(crate) odd: bool,
}

pub(crate) struct AddressScanner<'a> {
    cursor: TextCursor<'a>,
    start: usize,
}

impl<'a> AddressScanner<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { cursor: TextCursor::new(text), start: 0 }
    }

    /// The offset of the token that was read last.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// The offset behind the token that was read last.
    pub(crate) fn at(&self) -> usize {
        self.cursor.at()
    }

    /// ```text
    /// token    = [CFWS] (word / special)
    /// word     = atom / quoted-string              ; RFC 5322 section 3.2.5
    /// special  = "<" / ">" / "@" / "," / ";" / ":" / "."
    /// ```
    pub(crate) fn next(&mut self) -> Result<Option<AddressToken<'a>>, AddressError> {
        self.skip_white_space_and_comments()?;
        self.start = self.cursor.at();
        let Some(first) = self.cursor.peek() else { return Ok(None) };
        match first {
            b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.' => {
                self.cursor.bump();
                Ok(Some(AddressToken::Special(first)))
            }
            b')' => Err(AddressError::Syntax(self.start)),
            b'"' => self.quoted_string().map(|word| Some(AddressToken::Word(word))),
            _ => Ok(Some(AddressToken::Word(self.atom()))),
        }
    }

    /// A domain, from which white space and comments are dropped.
    ///
    /// ```text
    /// domain      = dot-atom / domain-literal / obs-domain       ; RFC 5322 section 3.4.1
    /// obs-domain  = atom *("." atom)                             ; section 4.4; an atom may have [CFWS] around it
    /// ```
    pub(crate) fn domain(&mut self) -> Result<(Vec<u8>, Range<usize>), AddressError> {
        self.skip_white_space_and_comments()?;
        let start = self.cursor.at();
        if self.cursor.peek() == Some(b'[') {
            return self.domain_literal();
        }
        let mut domain = Vec::new();
        let mut end = start;
        let mut after_dot = true;
        loop {
            match self.cursor.peek() {
                Some(b'.') if !after_dot => {
                    self.cursor.bump();
                    domain.push(b'.');
                    after_dot = true;
                }
                Some(byte) if after_dot && is_atom(byte) => {
                    let atom = self.atom();
                    if atom.odd {
                        return Err(AddressError::Domain(atom.range.start));
                    }
                    domain.extend_from_slice(&atom.text);
                    end = self.cursor.at();
                    after_dot = false;
                }
                _ if after_dot => return Err(AddressError::Domain(start)),
                _ => return Ok((domain, start..end)),
            }
            self.skip_white_space_and_comments()?;
        }
    }

    /// ```text
    /// domain-literal  = [CFWS] "[" *([FWS] dtext) [FWS] "]" [CFWS]    ; RFC 5322 section 3.4.1
    /// dtext           = %d33-90 / %d94-126
    /// ```
    fn domain_literal(&mut self) -> Result<(Vec<u8>, Range<usize>), AddressError> {
        let start = self.cursor.at();
        let mut literal = Vec::new();
        while let Some(byte) = self.cursor.bump() {
            match byte {
                b'[' if literal.is_empty() => literal.push(byte),
                b']' => {
                    literal.push(byte);
                    return Ok((literal, start..self.cursor.at()));
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'!'..=b'Z' | b'^'..=b'~' => literal.push(byte),
                _ => break,
            }
        }
        Err(AddressError::Domain(start))
    }

    /// ```text
    /// atom = 1*atext      ; RFC 5322 section 3.2.3; also octets that display names have all the same, see is_odd
    /// ```
    fn atom(&mut self) -> AddressWord<'a> {
        let start = self.cursor.at();
        let mut odd = false;
        let text = self.cursor.take_while(|byte| {
            let fits = is_atom(byte);
            odd |= fits && is_odd(byte);
            fits
        });
        AddressWord { text: Cow::Borrowed(text), range: start..self.cursor.at(), odd }
    }

    fn quoted_string(&mut self) -> Result<AddressWord<'a>, AddressError> {
        let start = self.cursor.at();
        let text = self.cursor.quoted_string().ok_or(AddressError::Syntax(start))?;
        Ok(AddressWord { text: Cow::Owned(text), range: start..self.cursor.at(), odd: false })
    }

    /// `CFWS = (1*([FWS] comment) [FWS]) / FWS              ; RFC 5322 section 3.2.2`
    fn skip_white_space_and_comments(&mut self) -> Result<(), AddressError> {
        loop {
            match self.cursor.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => {
                    self.cursor.bump();
                }
                Some(b'(') => {
                    let start = self.cursor.at();
                    self.cursor.comment().ok_or(AddressError::Syntax(start))?;
                }
                _ => return Ok(()),
            }
        }
    }
}

/// True for every octet that does not end a word.
fn is_atom(byte: u8) -> bool {
    !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'(' | b')' | b'"' | b'<' | b'>' | b'@' | b',' | b';' | b':' | b'.')
}

/// True for an octet that an atom of RFC 5322 can't have. Display names have such octets all the same.
fn is_odd(byte: u8) -> bool {
    byte.is_ascii_control() || matches!(byte, b'[' | b']' | b'\\')
}
