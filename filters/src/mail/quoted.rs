//! Quoted strings, comments and quoted pairs (RFC 5322 sections 3.2.1, 3.2.2 and 3.2.4), for every reader of a value.
//!
//! ```text
//! quoted-pair    = "\" (VCHAR / WSP)
//! comment        = "(" *([FWS] (ctext / quoted-pair / comment)) [FWS] ")"
//! quoted-string  = [CFWS] DQUOTE *([FWS] (qtext / quoted-pair)) [FWS] DQUOTE [CFWS]
//! ```
//!
//! [`QuoteScanner`] takes a text character by character and says which characters are plain text. Real mail breaks the
//! grammar, and the readers of this crate treat broken text in different ways, so each of them names its [`QuotingRules`].

use QuotingRules::{Comments, GroupNames, ListEntries, QuotedStrings};

/// The marks that a reader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuotingRules {
    /// Quoted strings; parentheses are ordinary characters.
    QuotedStrings,
    /// Comments; quotation marks are ordinary characters.
    Comments,
    /// Quoted strings and comments, for counting the entries of a list. A backslash works everywhere.
    ListEntries,
    /// Quoted strings, comments, angle brackets and domain literals, for finding the colon of a group. A backslash works
    /// everywhere, a quotation mark in brackets too, and any bracket closes any other.
    GroupNames,
}

/// The role of a character in its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum QuotedRole {
    /// Text outside of quoted strings and brackets.
    Open,
    /// Text within a quoted string or brackets.
    Hidden,
    /// The second character of a quoted pair.
    Escaped,
    /// A quotation mark, a bracket, or the backslash of a quoted pair.
    Mark,
}

/// Reads a text from the left.
#[derive(Debug)]
pub(crate) struct QuoteScanner {
    rules: QuotingRules,
    quoted: bool,
    depth: usize,
    after_backslash: bool,
}

impl QuoteScanner {
    pub(crate) fn new(rules: QuotingRules) -> Self {
        Self { rules, quoted: false, depth: 0, after_backslash: false }
    }

    /// Takes the next character. An octet over 127 is an ordinary character in any charset.
    // Inlined, so that the compiler sees which rules can't apply.
    #[inline(always)]
    pub(crate) fn step(&mut self, next: impl Into<char>) -> QuotedRole {
        if self.after_backslash {
            self.after_backslash = false;
            return QuotedRole::Escaped;
        }
        let rules = self.rules;
        match next.into() {
            '\\' if self.quoted || self.depth > 0 || matches!(rules, ListEntries | GroupNames) => {
                self.after_backslash = true;
            }
            '"' if self.is_quote() => self.quoted = !self.quoted,
            '"' | '(' | ')' | '<' | '>' | '[' | ']' if self.quoted => return QuotedRole::Hidden,
            '(' if rules != QuotedStrings => self.depth += 1,
            ')' if rules != QuotedStrings => self.depth = self.depth.saturating_sub(1),
            '<' | '[' if rules == GroupNames => self.depth += 1,
            '>' | ']' if rules == GroupNames => self.depth = self.depth.saturating_sub(1),
            _ if self.quoted || self.depth > 0 => return QuotedRole::Hidden,
            _ => return QuotedRole::Open,
        }
        QuotedRole::Mark
    }

    /// True if the next character is within a quoted string, or is the mark that ends the string.
    pub(crate) fn in_quotes(&self) -> bool {
        self.quoted
    }

    /// True if the next character is within brackets, or is a bracket that closes.
    pub(crate) fn in_brackets(&self) -> bool {
        self.depth > 0
    }

    #[inline(always)]
    fn is_quote(&self) -> bool {
        match self.rules {
            Comments => false,
            ListEntries => self.depth == 0,
            QuotedStrings | GroupNames => true,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
