//! Mailboxes in address fields (RFC 5322 section 3.4 with the obsolete forms of section 4.4, RFC 6854, RFC 6532).
//!
//! [`mailboxes`] reads the value of a field such as From, Sender or To, and returns its addr-specs in order. It accepts
//! the mistakes that agents make: display names with 8-bit text, dots, brackets and even a bare `@`, groups without an
//! end, local parts with double dots. It refuses a value in which two readers could see two different addresses, such as
//! two addresses in angle brackets without a comma, since a signature must not depend on the reader.
//!
//! Time and memory grow linearly with the length of the value. Display names and comments are skipped, not decoded.

mod ambiguous;
mod domain;
mod scan;
mod spec;

use std::borrow::Cow;
use std::ops::Range;

pub(crate) use ambiguous::{is_ambiguous, repeats_in_name};
pub use domain::{DomainName, NameError, SelectorName};
pub(crate) use domain::{domains_above, organizational_domain, to_ascii};
use scan::{AddressScanner, AddressToken, AddressWord};
pub use spec::{AddrSpec, NotAddress, replaced};

const MAX_MAILBOXES: usize = 1000;
/// RFC 5321 section 4.5.3.1.2.
const MAX_DOMAIN_OCTETS: usize = 255;

/// The address in an address field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The local part, without quotes.
    pub local: String,
    /// The domain in lower case and in A-labels, or a literal in brackets. `None` if the address has no domain: the
    /// agent left it to the MTA to add one.
    pub domain: Option<String>,
    /// The place of the addr-spec in the value.
    pub range: Range<usize>,
    /// The place of the whole element of the list, with display name, comments and white space, but without separators.
    pub element: Range<usize>,
}

/// The reason why a value is no list of mailboxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The value does not follow RFC 5322, and its meaning is not clear enough to guess.
    #[error("no address can be read at octet {0}")]
    Syntax(usize),
    /// The addr-spec is empty, such as `<>`.
    #[error("empty address at octet {0}")]
    Empty(usize),
    /// The text after `@` is no domain.
    #[error("malformed domain at octet {0}")]
    Domain(usize),
    /// The address is neither ASCII nor UTF-8.
    #[error("address at octet {0} is neither ASCII nor UTF-8")]
    Encoding(usize),
    /// Readers find different addresses in the value.
    #[error("an address that readers read differently")]
    Ambiguous,
    /// The value has more addresses than anybody writes.
    #[error("more than {MAX_MAILBOXES} addresses")]
    TooMany,
}

impl AddressError {
    /// The octet at which the value can't be read.
    pub(crate) fn offset(self) -> Option<usize> {
        match self {
            Self::Syntax(at) | Self::Empty(at) | Self::Domain(at) | Self::Encoding(at) => Some(at),
            Self::Ambiguous | Self::TooMany => None,
        }
    }
}

/// The mailboxes in the value of an address field, members of groups included.
///
/// ```text
/// address-list  = (address *("," address)) / obs-addr-list           ; RFC 5322 sections 3.4 and 4.4
/// address       = mailbox / group
/// group         = display-name ":" [group-list] ";" [CFWS]           ; From and Sender may have one, too: RFC 6854
/// ```
///
/// # Errors
/// If the value has anything that is no mailbox.
pub fn mailboxes(value: &[u8]) -> Result<Vec<Mailbox>, AddressError> {
    let mut scanner = AddressScanner::new(value);
    let mut found = Vec::new();
    let mut in_group = false;
    loop {
        let start = scanner.at();
        let (mailbox, end) = element(&mut scanner, in_group)?;
        found.extend(mailbox.map(|mailbox| Mailbox { element: start..scanner.start(), ..mailbox }));
        if found.len() > MAX_MAILBOXES {
            return Err(AddressError::TooMany);
        }
        in_group = match end {
            ElementEnd::Comma => in_group,
            ElementEnd::Colon => true,
            ElementEnd::Semicolon => false,
            ElementEnd::Value => return Ok(found),
        };
    }
}

/// The end of an element of the list.
enum ElementEnd {
    Comma,
    Colon,
    Semicolon,
    Value,
}

/// The part of an element that has been read.
enum ElementSoFar {
    Nothing,
    /// Words joined by dots, which are a local part if `@` follows.
    Local(LocalPart),
    /// Text that can only be a display name.
    Phrase,
    /// An addr-spec outside of angle brackets.
    AddrSpec(Mailbox),
}

/// Reads a mailbox, or the name of a group, and the `,`, `:` or `;` behind it.
///
/// ```text
/// mailbox       = name-addr / addr-spec                              ; RFC 5322 section 3.4
/// name-addr     = [display-name] angle-addr
/// display-name  = phrase
/// phrase        = 1*word / obs-phrase
/// obs-phrase    = word *(word / "." / CFWS)                          ; section 4.1; agents also write "@"
/// ```
fn element(scanner: &mut AddressScanner<'_>, in_group: bool) -> Result<(Option<Mailbox>, ElementEnd), AddressError> {
    let mut seen = ElementSoFar::Nothing;
    loop {
        let end = match scanner.next()? {
            Some(AddressToken::Word(word)) => {
                seen = seen.word(word);
                continue;
            }
            Some(AddressToken::Special(b'.')) => {
                seen = seen.dot();
                continue;
            }
            Some(AddressToken::Special(b'@')) => {
                seen = seen.at_sign(scanner)?;
                continue;
            }
            Some(AddressToken::Special(b'<')) => {
                let mailbox = angle_addr(scanner)?;
                let end = end_of_element(scanner, in_group)?;
                return Ok((Some(mailbox), end));
            }
            Some(AddressToken::Special(b',')) => ElementEnd::Comma,
            Some(AddressToken::Special(b';')) if in_group => ElementEnd::Semicolon,
            // Outside of angle brackets a colon ends the name of a group.
            Some(AddressToken::Special(b':'))
                if !in_group && !matches!(seen, ElementSoFar::Nothing | ElementSoFar::AddrSpec(_)) =>
            {
                return Ok((None, ElementEnd::Colon));
            }
            Some(AddressToken::Special(_)) => return Err(AddressError::Syntax(scanner.start())),
            None => ElementEnd::Value,
        };
        return Ok((seen.into_mailbox(scanner.start())?, end));
    }
}

impl ElementSoFar {
    fn word(self, word: AddressWord<'_>) -> Self {
        match self {
            Self::Nothing => Self::Local(LocalPart::new(word)),
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

    fn at_sign(self, scanner: &mut AddressScanner<'_>) -> Result<Self, AddressError> {
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

/// Reads the rest of an angle-addr, after its `<`.
///
/// ```text
/// angle-addr      = [CFWS] "<" addr-spec ">" [CFWS] / obs-angle-addr  ; RFC 5322 section 3.4
/// obs-angle-addr  = [CFWS] "<" obs-route addr-spec ">" [CFWS]         ; section 4.4
/// ```
fn angle_addr(scanner: &mut AddressScanner<'_>) -> Result<Mailbox, AddressError> {
    let mut local: Option<LocalPart> = None;
    loop {
        match scanner.next()? {
            Some(AddressToken::Word(word)) => {
                local = match local.take() {
                    None => Some(LocalPart::new(word)),
                    Some(local) => Some(local.word(word).ok_or_else(|| AddressError::Syntax(scanner.start()))?),
                };
            }
            Some(AddressToken::Special(b'.')) => {
                local = Some(local.take().ok_or_else(|| AddressError::Syntax(scanner.start()))?.dot());
            }
            Some(AddressToken::Special(b'@')) => match local.take() {
                Some(local) => {
                    let mailbox = addr_spec(local, scanner)?;
                    return match scanner.next()? {
                        Some(AddressToken::Special(b'>')) => Ok(mailbox),
                        _ => Err(AddressError::Syntax(scanner.start())),
                    };
                }
                None => skip_route(scanner)?,
            },
            Some(AddressToken::Special(b'>')) => {
                return local.ok_or_else(|| AddressError::Empty(scanner.start())).and_then(LocalPart::into_mailbox);
            }
            _ => return Err(AddressError::Syntax(scanner.start())),
        }
    }
}

/// Skips the rest of a route, after its first `@`. RFC 5322 section 4.4 says that a route is ignored.
///
/// ```text
/// obs-route        = obs-domain-list ":"
/// obs-domain-list  = *(CFWS / ",") "@" domain *("," [CFWS] ["@" domain])
/// ```
fn skip_route(scanner: &mut AddressScanner<'_>) -> Result<(), AddressError> {
    loop {
        match scanner.next()? {
            Some(AddressToken::Special(b':')) => return Ok(()),
            Some(AddressToken::Word(_) | AddressToken::Special(b'@' | b',' | b'.')) => {}
            _ => return Err(AddressError::Syntax(scanner.start())),
        }
    }
}

/// Reads the end of an element, which is all that may follow an address in angle brackets.
fn end_of_element(scanner: &mut AddressScanner<'_>, in_group: bool) -> Result<ElementEnd, AddressError> {
    match scanner.next()? {
        Some(AddressToken::Special(b',')) => Ok(ElementEnd::Comma),
        Some(AddressToken::Special(b';')) if in_group => Ok(ElementEnd::Semicolon),
        None => Ok(ElementEnd::Value),
        _ => Err(AddressError::Syntax(scanner.start())),
    }
}

/// Reads the domain of an address, after the `@` behind its local part.
///
/// ```text
/// addr-spec       = local-part "@" domain                             ; RFC 5322 section 3.4.1
/// local-part      = dot-atom / quoted-string / obs-local-part
/// obs-local-part  = word *("." word)                                  ; section 4.4
/// ```
fn addr_spec(local: LocalPart, scanner: &mut AddressScanner<'_>) -> Result<Mailbox, AddressError> {
    let (domain, range) = scanner.domain()?;
    let start = local.range.start;
    let domain = normalized(&domain).ok_or(AddressError::Domain(range.start))?;
    Ok(Mailbox { local: local.into_text()?, domain: Some(domain), range: start..range.end, element: 0..0 })
}

fn normalized(domain: &[u8]) -> Option<String> {
    let domain = std::str::from_utf8(domain).ok()?;
    let ascii = match to_ascii(domain)? {
        Cow::Borrowed(domain) => domain.to_ascii_lowercase(),
        // IDNA maps some characters to dots, or to characters that have a meaning in addresses.
        Cow::Owned(domain) => Some(domain).filter(|domain| domain.split('.').all(is_label))?,
    };
    // Tables look up every parent domain, and the time for that grows with the square of the length.
    (ascii.len() <= MAX_DOMAIN_OCTETS).then_some(ascii)
}

fn is_label(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// The words and dots of a local part that have been read.
struct LocalPart {
    text: Vec<u8>,
    range: Range<usize>,
    after_dot: bool,
    /// The text has an octet that a local part may have in quotes only; a display name may have it.
    odd: bool,
}

impl LocalPart {
    fn new(word: AddressWord<'_>) -> Self {
        Self { text: word.text.into_owned(), range: word.range, after_dot: false, odd: word.odd }
    }

    /// Adds a word. `None` if there is no dot before the word: then the text is no local part.
    fn word(mut self, word: AddressWord<'_>) -> Option<Self> {
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
        Ok(Mailbox { local: self.into_text()?, domain: None, range, element: 0..0 })
    }
}

#[cfg(test)]
mod tests;
