//! Content-Type and Content-Transfer-Encoding (RFC 2045 sections 5 and 6), as far as the checks need them.

use std::ops::Range;

/// A Content-Type that can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ContentType {
    /// In lower case.
    pub(crate) kind: Vec<u8>,
    /// In lower case.
    pub(crate) subtype: Vec<u8>,
    pub(crate) charset: Option<Vec<u8>>,
    /// Where the charset stands in the value, with its quotes.
    pub(crate) charset_at: Range<usize>,
    pub(crate) boundary: Option<Vec<u8>>,
    /// There are several boundaries, or one in a form that not every reader understands: CVE-2024-28054.
    pub(crate) ambiguous: bool,
    /// There is something in it that does not belong there: readers will not agree on what it says.
    pub(crate) broken: bool,
    /// Where the last parameter ends.
    pub(crate) end: usize,
}

impl ContentType {
    /// Reads a value.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let mut scanner = ParameterScanner { text: value, at: 0, broken: false };
        let kind = scanner.token()?.to_ascii_lowercase();
        scanner.special(b'/')?;
        let subtype = scanner.token()?.to_ascii_lowercase();
        let mut this = Self { kind, subtype, end: scanner.at, ..Self::default() };
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
            // RFC 2231: charset*=us-ascii'en'utf-8. Nobody needs it, some write it.
            b"charset*" if self.charset.is_none() => {
                self.charset =
                    Some(content.rsplit(|octet| *octet == b'\'').next().unwrap_or_default().to_vec());
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

    pub(crate) fn is_multipart(&self) -> bool {
        self.kind == b"multipart"
    }
}

/// A parameter of a field such as Content-Type or Content-Disposition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    /// In lower case.
    pub(crate) name: Vec<u8>,
    /// Without quotes.
    pub(crate) content: Vec<u8>,
    /// Where its name ends in the value of the field.
    pub(crate) name_end: usize,
    /// Where its value stands there, with its quotes.
    pub(crate) at: Range<usize>,
}

impl Parameter {
    /// All parameters of a value; nothing if there is something in it that does not belong there.
    pub(crate) fn all(value: &[u8]) -> Option<Vec<Self>> {
        let mut scanner = ParameterScanner { text: value, at: 0, broken: false };
        scanner.token()?;
        if scanner.special(b'/').is_some() {
            scanner.token()?;
        }
        let all = std::iter::from_fn(|| scanner.parameter()).collect();
        (!scanner.broken).then_some(all)
    }
}

/// How the octets of a body stand for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransferEncoding {
    /// No field: the same as 7bit.
    Unnamed,
    SevenBit,
    /// And binary, which does not get through SMTP unless it is 8bit.
    EightBit,
    QuotedPrintable,
    Base64,
    Unknown,
}

impl TransferEncoding {
    /// Reads a value.
    pub(crate) fn parse(value: &[u8]) -> Self {
        let mut scanner = ParameterScanner { text: value, at: 0, broken: false };
        let name = scanner.token().unwrap_or_default();
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

    /// True if the octets stand for themselves.
    pub(crate) fn is_identity(self) -> bool {
        matches!(self, Self::Unnamed | Self::SevenBit | Self::EightBit)
    }
}

struct ParameterScanner<'a> {
    text: &'a [u8],
    at: usize,
    /// There was something that does not belong there.
    broken: bool,
}

impl<'a> ParameterScanner<'a> {
    fn token(&mut self) -> Option<&'a [u8]> {
        self.skip();
        let rest = self.text.get(self.at..)?;
        let special = |octet: &u8| octet.is_ascii_control() || br#" ()<>@,;:\"/[]?="#.contains(octet);
        let token = rest.get(..rest.iter().position(special).unwrap_or(rest.len()))?;
        self.at += token.len();
        (!token.is_empty()).then_some(token)
    }

    fn special(&mut self, wanted: u8) -> Option<()> {
        self.skip();
        (self.peek() == Some(wanted)).then(|| self.at += 1)
    }

    /// The next parameter that can be read.
    fn parameter(&mut self) -> Option<Parameter> {
        while self.skip_to_parameter() {
            let Some(name) = self.token().map(<[u8]>::to_ascii_lowercase) else { continue };
            let name_end = self.at;
            if self.special(b'=').is_none() {
                continue;
            }
            let Some((content, at)) = self.value() else { continue };
            return Some(Parameter { name, content, name_end, at });
        }
        None
    }

    /// A token or a quoted-string, and where it stands. Values with specials in them but no quotes are common.
    fn value(&mut self) -> Option<(Vec<u8>, Range<usize>)> {
        self.skip();
        let start = self.at;
        if self.peek() != Some(b'"') {
            let rest = self.text.get(start..)?;
            let ends = |octet: &u8| octet.is_ascii_whitespace() || *octet == b';';
            let content = rest.get(..rest.iter().position(ends).unwrap_or(rest.len()))?;
            self.at += content.len();
            return (!content.is_empty()).then(|| (content.to_vec(), start..self.at));
        }
        self.at += 1;
        let mut content = Vec::new();
        while let Some(octet) = self.bump() {
            match octet {
                b'"' => return Some((content, start..self.at)),
                b'\\' => content.extend(self.bump()),
                b'\r' | b'\n' => {}
                _ => content.push(octet),
            }
        }
        self.broken = true;
        None
    }

    /// Goes behind the next `;`, over whatever is in the way.
    fn skip_to_parameter(&mut self) -> bool {
        loop {
            self.skip();
            match self.bump() {
                Some(b';') => return true,
                Some(b'"') => {
                    self.broken = true;
                    self.at -= 1;
                    if self.value().is_none() {
                        return false;
                    }
                }
                Some(_) => self.broken = true,
                None => return false,
            }
        }
    }

    /// White space and comments.
    fn skip(&mut self) {
        let mut depth = 0u32;
        while let Some(octet) = self.peek() {
            match octet {
                b'(' => depth += 1,
                b')' if depth > 0 => depth -= 1,
                b'\\' if depth > 0 => self.at += 1,
                _ if depth > 0 || octet.is_ascii_whitespace() => {}
                _ => return,
            }
            self.at += 1;
        }
        self.broken |= depth > 0;
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn bump(&mut self) -> Option<u8> {
        let octet = self.peek()?;
        self.at += 1;
        Some(octet)
    }
}

#[cfg(test)]
mod tests;
