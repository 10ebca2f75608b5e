//! The values of Content-Type and Content-Transfer-Encoding (RFC 2045 sections 5 and 6).

use std::ops::Range;

use crate::mail::cursor::TextCursor;

/// The value of a Content-Type field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentType {
    /// The type, in lower case.
    pub(crate) kind: Vec<u8>,
    pub(crate) subtype: Vec<u8>,
    pub(crate) charset: Option<Vec<u8>>,
    /// The place of the charset in the value, quotes included.
    pub(crate) charset_at: Range<usize>,
    pub(crate) boundary: Option<Vec<u8>>,
    /// The field has several boundaries, or one in a form that not every reader understands: CVE-2024-28054.
    pub(crate) ambiguous: bool,
    /// The field has text that does not belong there, so readers do not agree on its meaning.
    pub(crate) broken: bool,
    /// The end of the last parameter in the value.
    pub(crate) end: usize,
}

impl ContentType {
    /// Reads a value.
    ///
    /// `content = "Content-Type" ":" type "/" subtype *(";" parameter)      ; RFC 2045 section 5.1`
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let mut scanner = ParameterScanner::new(value);
        let kind = scanner.token()?.to_ascii_lowercase();
        scanner.special(b'/')?;
        let subtype = scanner.token()?.to_ascii_lowercase();
        let mut this = Self { kind, subtype, end: scanner.cursor.at(), ..Self::default() };
        while let Some(Parameter { name, content, at, .. }) = scanner.parameter() {
            this.end = at.end;
            this.parameter(&name, content, at);
        }
        this.broken = scanner.broken;
        Some(this)
    }

    fn parameter(&mut self, name: &[u8], content: Vec<u8>, at: Range<usize>) {
        match name {
            b"charset" if self.charset.is_none() => {
                self.charset = Some(content);
                self.charset_at = at;
            }
            // RFC 2231 section 4: charset*=us-ascii'en'utf-8. It has no use, but some agents write it.
            b"charset*" if self.charset.is_none() => {
                self.charset = content.rsplit(|octet| *octet == b'\'').next().map(<[u8]>::to_vec);
                self.charset_at = 0..0;
            }
            b"boundary" => match &self.boundary {
                Some(other) => self.ambiguous |= *other != content,
                None => self.boundary = Some(content),
            },
            _ => self.ambiguous |= name.starts_with(b"boundary*"),
        }
    }

    pub(crate) fn is_text(&self) -> bool {
        self.kind == b"text"
    }

    pub(crate) fn is_message(&self) -> bool {
        self.kind == b"message"
    }

    pub(crate) fn is_multipart(&self) -> bool {
        self.kind == b"multipart"
    }
}

/// A parameter of a field such as Content-Type or Content-Disposition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// The name, in lower case.
    pub(crate) name: Vec<u8>,
    /// The value of the parameter, without quotes.
    pub(crate) content: Vec<u8>,
    /// The end of the parameter's name in the value of the field.
    pub(crate) name_end: usize,
    /// The place of the parameter's value in the value of the field, quotes included.
    pub(crate) at: Range<usize>,
}

impl Parameter {
    /// All parameters of a value. `None` if the value has text that does not belong there.
    ///
    /// ```text
    /// value = token ["/" token] *(";" parameter)       ; Content-Type, or Content-Disposition: RFC 2183 section 2
    /// ```
    pub(crate) fn all(value: &[u8]) -> Option<Vec<Self>> {
        let mut scanner = ParameterScanner::new(value);
        scanner.token()?;
        if scanner.special(b'/').is_some() {
            scanner.token()?;
        }
        let all = std::iter::from_fn(|| scanner.parameter()).collect();
        (!scanner.broken).then_some(all)
    }
}

/// The encoding of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransferEncoding {
    /// There is no field, which means 7bit.
    Unnamed,
    SevenBit,
    /// 8bit, or binary, which passes SMTP only if it is 8bit as well.
    EightBit,
    QuotedPrintable,
    Base64,
    Unknown,
}

impl TransferEncoding {
    /// Reads a value.
    ///
    /// ```text
    /// encoding  = "Content-Transfer-Encoding" ":" mechanism               ; RFC 2045 section 6.1
    /// mechanism = "7bit" / "8bit" / "binary" / "quoted-printable" / "base64" / ietf-token / x-token
    /// ```
    pub(crate) fn parse(value: &[u8]) -> Self {
        let mut scanner = ParameterScanner::new(value);
        let Some(name) = scanner.token() else { return Self::Unknown };
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        if is(b"7bit") {
            Self::SevenBit
        } else if is(b"8bit") || is(b"binary") {
            Self::EightBit
        } else if is(b"quoted-printable") {
            Self::QuotedPrintable
        } else if is(b"base64") {
            Self::Base64
        } else {
            Self::Unknown
        }
    }

    /// True if the octets of the body stand for themselves.
    pub(crate) fn is_identity(self) -> bool {
        matches!(self, Self::Unnamed | Self::SevenBit | Self::EightBit)
    }
}

/// Reads tokens and parameters (RFC 2045 section 5.1). Comments and white space may stand between any two of them.
struct ParameterScanner<'a> {
    cursor: TextCursor<'a>,
    /// The value has something that does not belong there.
    broken: bool,
}

impl<'a> ParameterScanner<'a> {
    fn new(value: &'a [u8]) -> Self {
        Self { cursor: TextCursor::new(value), broken: false }
    }

    /// ```text
    /// token      = 1*<any (US-ASCII) CHAR except SPACE, CTLs, or tspecials>    ; also octets over 127
    /// tspecials  = "(" / ")" / "<" / ">" / "@" / "," / ";" / ":" / "\" / <"> / "/" / "[" / "]" / "?" / "="
    /// ```
    fn token(&mut self) -> Option<&'a [u8]> {
        self.skip();
        let ends = |octet: u8| octet.is_ascii_control() || br#" ()<>@,;:\"/[]?="#.contains(&octet);
        let token = self.cursor.take_while(|octet| !ends(octet));
        (!token.is_empty()).then_some(token)
    }

    fn special(&mut self, wanted: u8) -> Option<()> {
        self.skip();
        if self.cursor.peek() != Some(wanted) {
            return None;
        }
        self.cursor.bump().map(drop)
    }

    /// The next parameter that can be read; others are passed over.
    ///
    /// ```text
    /// parameter = ";" attribute "=" value
    /// attribute = token
    /// ```
    fn parameter(&mut self) -> Option<Parameter> {
        while self.skip_to_parameter() {
            let Some(name) = self.token().map(<[u8]>::to_ascii_lowercase) else { continue };
            let name_end = self.cursor.at();
            if self.special(b'=').is_none() {
                continue;
            }
            let Some((content, at)) = self.value() else { continue };
            return Some(Parameter { name, content, name_end, at });
        }
        None
    }

    /// The value of a parameter, and where the value stands. Values with specials but without quotes are common.
    ///
    /// `value = token / quoted-string     ; also octets up to the next white space or ";"`
    fn value(&mut self) -> Option<(Vec<u8>, Range<usize>)> {
        self.skip();
        let start = self.cursor.at();
        let content = if self.cursor.peek() == Some(b'"') {
            let content = self.cursor.quoted_string();
            self.broken |= content.is_none();
            content?
        } else {
            let ends = |octet: u8| octet.is_ascii_whitespace() || octet == b';';
            let content = self.cursor.take_while(|octet| !ends(octet));
            (!content.is_empty()).then(|| content.to_vec())?
        };
        Some((content, start..self.cursor.at()))
    }

    /// Goes behind the next `;`, over anything in the way. False if there is no `;`.
    fn skip_to_parameter(&mut self) -> bool {
        loop {
            self.skip();
            match self.cursor.peek() {
                Some(b';') => {
                    self.cursor.bump();
                    return true;
                }
                Some(b'"') => {
                    self.broken = true;
                    if self.cursor.quoted_string().is_none() {
                        return false;
                    }
                }
                Some(_) => {
                    self.broken = true;
                    self.cursor.bump();
                }
                None => return false,
            }
        }
    }

    /// Skips white space and comments.
    fn skip(&mut self) {
        loop {
            self.cursor.take_while(|octet| octet.is_ascii_whitespace());
            if self.cursor.peek() != Some(b'(') {
                return;
            }
            self.broken |= self.cursor.comment().is_none();
        }
    }
}

#[cfg(test)]
mod tests;
