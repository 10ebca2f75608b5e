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

/// True if the text before an address has an address that is another one. Quoted strings and comments are blank in it; a
/// route behind the angle bracket is no name.
fn names_another(before: &[u8], mailbox: &Mailbox) -> bool {
    let name = before.split(|octet| *octet == b'<').next().unwrap_or_default();
    let mut words = name.split(|octet| octet.is_ascii_whitespace() || b",:;>".contains(octet));
    words.any(|word| word.contains(&b'@') && !repeats(word, mailbox))
}

/// True if a word is just the address of the mailbox, with or without marks around it.
fn repeats(word: &[u8], mailbox: &Mailbox) -> bool {
    let is_mark = |octet: &u8| b"'`[]{}*".contains(octet);
    let start = word.iter().position(|octet| !is_mark(octet)).unwrap_or(word.len());
    let end = word.iter().rposition(|octet| !is_mark(octet)).map_or(start, |last| last + 1);
    let named = word.get(start..end).and_then(AddrSpec::alone).and_then(AddrSpec::of);
    named.is_some_and(|named| AddrSpec::of(mailbox.clone()).as_ref() == Some(&named))
}

#[cfg(test)]
mod tests;
