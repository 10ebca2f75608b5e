//! Lists of addresses in which other readers find other addresses.
//!
//! Not every reader knows comments, backslashes and the rules for display names. Three forms show which reader does not:
//!
//! | value | what some readers see |
//! | --- | --- |
//! | `ceo@victim.example <alice@own.example>` | the address in the display name that is not quoted |
//! | `a\"b <ceo@victim.example>" <alice@own.example>` | a quotation mark that does not count, since there is a backslash before it |
//! | `(") <ceo@victim.example>, (") <alice@own.example>` | a quoted string between the two comments |
//!
//! Comments that have an at sign, and in them a comment or a parenthesis behind a backslash, count as well: a reader that
//! knows only plain comments sees the end of the comment too early.
//!
//! An unquoted display name that repeats the address itself is harmless, and common in real mail.

use std::ops::Range;

use crate::mail::address::{AddrSpec, Mailbox};
use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};

/// True if readers may find different addresses in a value in which these mailboxes were found.
pub(crate) fn is_ambiguous(value: &[u8], found: &[Mailbox]) -> bool {
    let mut comments = CommentMarks::default();
    let Some(plain) = comments.without_quotes_and_comments(value) else { return true };
    let mut end = 0;
    found.iter().any(|mailbox| {
        let before = plain.get(end..mailbox.range.start);
        end = mailbox.range.end;
        before.is_none_or(|before| names_another(before, mailbox))
    })
}

/// The marks in the comment at hand that readers take differently.
#[derive(Default)]
struct CommentMarks {
    /// Quotation marks: all of them, and those without a backslash.
    quotes: [usize; 2],
    is_nested: bool,
    has_at_sign: bool,
    escapes_parenthesis: bool,
}

impl CommentMarks {
    /// The value with blanks in the place of quoted strings and comments. `None` if a reader may take their marks
    /// differently.
    fn without_quotes_and_comments(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        let mut scanner = QuoteScanner::new(QuotingRules::ListEntries);
        let mut plain = Vec::with_capacity(value.len());
        for octet in value {
            let was_in_comment = scanner.in_brackets();
            let role = scanner.step(*octet);
            if was_in_comment {
                self.add(*octet, role);
                if !scanner.in_brackets() && std::mem::take(self).is_odd() {
                    return None;
                }
            } else if *octet == b'\\' && !scanner.in_quotes() {
                return None;
            }
            plain.push(if role == QuotedRole::Open { *octet } else { b' ' });
        }
        Some(plain)
    }

    fn add(&mut self, octet: u8, role: QuotedRole) {
        let escaped = role == QuotedRole::Escaped;
        match octet {
            b'"' => {
                let [all, plain] = self.quotes;
                self.quotes = [all + 1, plain + usize::from(!escaped)];
            }
            b'@' => self.has_at_sign = true,
            b'(' | b')' if escaped => self.escapes_parenthesis = true,
            b'(' => self.is_nested = true,
            _ => {}
        }
    }

    fn is_odd(&self) -> bool {
        self.quotes.iter().any(|count| count % 2 == 1)
            || self.has_at_sign && (self.is_nested || self.escapes_parenthesis)
    }
}

/// The places in the unquoted display name of a mailbox that repeat its address, such as
/// `alice@own.example <alice@own.example>`. Whoever changes the address must change them too.
pub(crate) fn repeats_in_name(value: &[u8], mailbox: &Mailbox) -> Vec<Range<usize>> {
    let start = mailbox.element.start;
    let Some(before) = value.get(start..mailbox.range.start).filter(|before| before.contains(&b'@')) else {
        return Vec::new();
    };
    let Some(plain) = CommentMarks::default().without_quotes_and_comments(before) else { return Vec::new() };
    let repeated = words(&plain).filter(|(_, word)| repeats(word, mailbox));
    repeated.map(|(at, word)| start + at..start + at + word.len()).collect()
}

/// True if the text before an address has an address that is another one. Quoted strings and comments are blank in it.
fn names_another(before: &[u8], mailbox: &Mailbox) -> bool {
    words(before).any(|(_, word)| word.contains(&b'@') && !repeats(word, mailbox))
}

/// The words of a display name without marks around them, with their offsets. A route behind the angle bracket is no name.
fn words(before: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let is_mark = |octet: &u8| octet.is_ascii_whitespace() || b"'`[]{}*,:;>".contains(octet);
    let name = before.split(|octet| *octet == b'<').next().unwrap_or(before);
    let mut at = 0;
    name.split(move |octet| is_mark(octet)).map(move |word| {
        let start = at;
        at += word.len() + 1;
        (start, word)
    })
}

/// True if a word is just the address of the mailbox.
fn repeats(word: &[u8], mailbox: &Mailbox) -> bool {
    let named = AddrSpec::alone(word).and_then(AddrSpec::of);
    named.is_some_and(|named| AddrSpec::of(mailbox.clone()).as_ref() == Some(&named))
}

#[cfg(test)]
mod tests;
