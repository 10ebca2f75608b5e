//! Mailboxes in address fields (RFC 5322 section 3.4 with the obsolete forms of section 4.4, RFC 6854, RFC 6532).
//!
//! [`mailboxes`] reads the value of From, Sender, To and their like and gives the addr-specs in it, in order. It reads
//! what agents really write: display names with 8-bit text, dots, brackets and even a bare `@`, groups without an end,
//! local parts with double dots. It refuses what two readers could take for two different addresses, such as two
//! addresses in angle brackets without a comma, since a signature must not depend on who reads.
//!
//! Time and memory grow with the length of the value only. Display names and comments are skipped, not decoded.

mod domain;
mod scan;
mod spec;

use std::borrow::Cow;
use std::ops::Range;

pub use domain::{DomainName, NameError, SelectorName};
pub(crate) use domain::{domains_above, to_ascii};
use scan::{Scanner, Token, Word};
pub use spec::{AddrSpec, NotAddress, replaced};

/// The address in an address field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Local part, without quotes.
    pub local: String,
    /// Domain in lower case and in A-labels, or a literal in brackets. `None` where an agent left it to the MTA to add
    /// one.
    pub domain: Option<String>,
    /// Where the addr-spec stands in the value.
    pub range: Range<usize>,
}

/// Why a value is no list of mailboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Not the syntax of RFC 5322, and not clear enough to guess.
    #[error("no address can be read at octet {0}")]
    Syntax(usize),
    /// An addr-spec of nothing, such as `<>`.
    #[error("empty address at octet {0}")]
    Empty(usize),
    /// The domain can't be a domain.
    #[error("malformed domain at octet {0}")]
    Domain(usize),
    /// An address that is neither ASCII nor UTF-8.
    #[error("address at octet {0} is neither ASCII nor UTF-8")]
    Encoding(usize),
    /// More than anybody writes.
    #[error("more than {MOST} addresses")]
    TooMany,
}

/// The mailboxes in the value of an address field, members of groups included.
///
/// # Errors
/// If there is anything in it that is no mailbox.
pub fn mailboxes(value: &[u8]) -> Result<Vec<Mailbox>, AddressError> {
    let mut scanner = Scanner::new(value);
    let mut found = Vec::new();
    let mut in_group = false;
    loop {
        let (mailbox, end) = element(&mut scanner, in_group)?;
        found.extend(mailbox);
        if found.len() > MOST {
            return Err(AddressError::TooMany);
        }
        in_group = match end {
            End::Comma => in_group,
            End::Colon => true,
            End::Semicolon => false,
            End::Value => return Ok(found),
        };
    }
}

/// What an element of the list ends with.
enum End {
    Comma,
    Colon,
    Semicolon,
    Value,
}

/// What is known of an element so far.
enum Seen {
    Nothing,
    /// Words joined by dots: a local part, if `@` follows.
    Local(Local),
    /// Something that only a display name can be.
    Phrase,
    /// An addr-spec outside of angle brackets.
    AddrSpec(Mailbox),
}

/// A mailbox, or a group's name, up to and with the `,`, `:` or `;` behind it.
fn element(scanner: &mut Scanner<'_>, in_group: bool) -> Result<(Option<Mailbox>, End), AddressError> {
    let mut seen = Seen::Nothing;
    loop {
        let end = match scanner.next()? {
            Some(Token::Word(word)) => {
                seen = seen.word(word);
                continue;
            }
            Some(Token::Special(b'.')) => {
                seen = seen.dot();
                continue;
            }
            Some(Token::Special(b'@')) => {
                seen = seen.at_sign(scanner)?;
                continue;
            }
            Some(Token::Special(b'<')) => {
                let mailbox = angle_addr(scanner)?;
                let end = end_of_element(scanner, in_group)?;
                return Ok((Some(mailbox), end));
            }
            Some(Token::Special(b',')) => End::Comma,
            Some(Token::Special(b';')) if in_group => End::Semicolon,
            // Outside of angle brackets a colon ends the name of a group.
            Some(Token::Special(b':')) if !in_group && !matches!(seen, Seen::Nothing | Seen::AddrSpec(_)) => {
                return Ok((None, End::Colon));
            }
            Some(Token::Special(_)) => return Err(AddressError::Syntax(scanner.start())),
            None => End::Value,
        };
        return Ok((seen.into_mailbox(scanner.start())?, end));
    }
}

impl Seen {
    fn word(self, word: Word<'_>) -> Self {
        match self {
            Self::Nothing => Self::Local(Local::new(word)),
            Self::Local(local) => local.word(word).map_or(Self::Phrase, Self::Local),
            Self::AddrSpec(_) | Self::Phrase => Self::Phrase,
        }
    }

    fn dot(self) -> Self {
        match self {
            Self::Local(local) => Self::Local(local.dot()),
            Self::Nothing | Self::AddrSpec(_) | Self::Phrase => Self::Phrase,
        }
    }

    fn at_sign(self, scanner: &mut Scanner<'_>) -> Result<Self, AddressError> {
        Ok(match self {
            Self::Local(local) => Self::AddrSpec(addr_spec(local, scanner)?),
            _ => Self::Phrase,
        })
    }

    fn into_mailbox(self, at: usize) -> Result<Option<Mailbox>, AddressError> {
        match self {
            Self::Nothing => Ok(None),
            Self::AddrSpec(mailbox) => Ok(Some(mailbox)),
            Self::Local(local) => local.into_mailbox().map(Some),
            Self::Phrase => Err(AddressError::Syntax(at)),
        }
    }
}

/// After `<`: an optional route, and an addr-spec up to `>`.
fn angle_addr(scanner: &mut Scanner<'_>) -> Result<Mailbox, AddressError> {
    let mut local: Option<Local> = None;
    loop {
        match scanner.next()? {
            Some(Token::Word(word)) => {
                local = match local.take() {
                    None => Some(Local::new(word)),
                    Some(local) => {
                        Some(local.word(word).ok_or_else(|| AddressError::Syntax(scanner.start()))?)
                    }
                };
            }
            Some(Token::Special(b'.')) => {
                local = Some(local.take().ok_or_else(|| AddressError::Syntax(scanner.start()))?.dot());
            }
            Some(Token::Special(b'@')) => match local.take() {
                Some(local) => {
                    let mailbox = addr_spec(local, scanner)?;
                    return match scanner.next()? {
                        Some(Token::Special(b'>')) => Ok(mailbox),
                        _ => Err(AddressError::Syntax(scanner.start())),
                    };
                }
                None => skip_route(scanner)?,
            },
            Some(Token::Special(b'>')) => {
                return local
                    .ok_or_else(|| AddressError::Empty(scanner.start()))
                    .and_then(Local::into_mailbox);
            }
            _ => return Err(AddressError::Syntax(scanner.start())),
        }
    }
}

/// After the `@` of `@a,@b:`. RFC 5322 section 4.4 wants a route ignored.
fn skip_route(scanner: &mut Scanner<'_>) -> Result<(), AddressError> {
    loop {
        match scanner.next()? {
            Some(Token::Special(b':')) => return Ok(()),
            Some(Token::Word(_) | Token::Special(b'@' | b',' | b'.')) => {}
            _ => return Err(AddressError::Syntax(scanner.start())),
        }
    }
}

/// After an address in angle brackets nothing may follow but the end of the element.
fn end_of_element(scanner: &mut Scanner<'_>, in_group: bool) -> Result<End, AddressError> {
    match scanner.next()? {
        Some(Token::Special(b',')) => Ok(End::Comma),
        Some(Token::Special(b';')) if in_group => Ok(End::Semicolon),
        None => Ok(End::Value),
        _ => Err(AddressError::Syntax(scanner.start())),
    }
}

/// After the `@` behind a local part.
fn addr_spec(local: Local, scanner: &mut Scanner<'_>) -> Result<Mailbox, AddressError> {
    let (domain, range) = scanner.domain()?;
    let start = local.range.start;
    let domain = normalized(&domain).ok_or(AddressError::Domain(range.start))?;
    Ok(Mailbox { local: local.into_text()?, domain: Some(domain), range: start..range.end })
}

fn normalized(domain: &[u8]) -> Option<String> {
    let domain = std::str::from_utf8(domain).ok()?;
    let ascii = match to_ascii(domain)? {
        Cow::Borrowed(domain) => domain.to_ascii_lowercase(),
        // Some characters are mapped to dots, or to what has a meaning in addresses.
        Cow::Owned(domain) => Some(domain).filter(|domain| domain.split('.').all(is_label))?,
    };
    // Tables look up every parent domain, which takes time that grows with the square of the length.
    (ascii.len() <= LONGEST_DOMAIN).then_some(ascii)
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// A local part in the making.
struct Local {
    text: Vec<u8>,
    range: Range<usize>,
    after_dot: bool,
    /// Has an octet that must not stand there unquoted; a display name may have it.
    odd: bool,
}

impl Local {
    fn new(word: Word<'_>) -> Self {
        Self { text: word.text.into_owned(), range: word.range, after_dot: false, odd: word.odd }
    }

    /// `None` if the word does not belong to a local part, since no dot is before it.
    fn word(mut self, word: Word<'_>) -> Option<Self> {
        self.after_dot.then(|| {
            self.text.extend_from_slice(&word.text);
            self.range.end = word.range.end;
            self.after_dot = false;
            self.odd |= word.odd;
            self
        })
    }

    fn dot(mut self) -> Self {
        self.text.push(b'.');
        self.range.end += 1;
        self.after_dot = true;
        self
    }

    fn into_text(self) -> Result<String, AddressError> {
        if self.odd {
            return Err(AddressError::Syntax(self.range.start));
        }
        String::from_utf8(self.text).map_err(|_| AddressError::Encoding(self.range.start))
    }

    fn into_mailbox(self) -> Result<Mailbox, AddressError> {
        let range = self.range.clone();
        Ok(Mailbox { local: self.into_text()?, domain: None, range })
    }
}

/// Addresses that are read at most.
const MOST: usize = 1000;

/// RFC 5321 section 4.5.3.1.2.
const LONGEST_DOMAIN: usize = 255;

#[cfg(test)]
mod tests;
