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

/// Quoted strings alone; parentheses are ordinary characters.
pub(crate) const QUOTED_STRINGS: QuotingRules = QuotingRules {
    quotes: QuotesAllowed::Everywhere,
    brackets: BracketsAllowed::None,
    escapes_everywhere: false,
};

/// Comments alone; quotation marks are ordinary characters.
pub(crate) const COMMENTS: QuotingRules = QuotingRules {
    quotes: QuotesAllowed::Nowhere,
    brackets: BracketsAllowed::Round,
    escapes_everywhere: false,
};

/// Quoted strings and comments, for counting the entries of a list.
pub(crate) const LIST_ENTRIES: QuotingRules = QuotingRules {
    quotes: QuotesAllowed::OutsideOfBrackets,
    brackets: BracketsAllowed::Round,
    escapes_everywhere: true,
};

/// Quoted strings, comments, angle brackets and domain literals, for finding the colon of a group.
pub(crate) const GROUP_NAMES: QuotingRules = QuotingRules {
    quotes: QuotesAllowed::Everywhere,
    brackets: BracketsAllowed::All,
    escapes_everywhere: true,
};

/// The characters that have a meaning, and the places where they have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotingRules {
    /// The places where a quotation mark begins or ends a quoted string.
    quotes: QuotesAllowed,
    /// The brackets that hide text. They nest, and any of them closes any other.
    brackets: BracketsAllowed,
    /// A backslash makes the next character ordinary even outside of quoted strings and brackets.
    escapes_everywhere: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuotesAllowed {
    Nowhere,
    OutsideOfBrackets,
    Everywhere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BracketsAllowed {
    None,
    Round,
    /// Round, angle and square brackets.
    All,
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
        match next.into() {
            '\\' if self.rules.escapes_everywhere || self.quoted || self.depth > 0 => {
                self.after_backslash = true;
            }
            '"' if self.is_quote() => self.quoted = !self.quoted,
            '"' | '(' | ')' | '<' | '>' | '[' | ']' if self.quoted => return QuotedRole::Hidden,
            '(' if self.rules.brackets != BracketsAllowed::None => self.depth += 1,
            ')' if self.rules.brackets != BracketsAllowed::None => self.depth = self.depth.saturating_sub(1),
            '<' | '[' if self.rules.brackets == BracketsAllowed::All => self.depth += 1,
            '>' | ']' if self.rules.brackets == BracketsAllowed::All => {
                self.depth = self.depth.saturating_sub(1)
            }
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
        match self.rules.quotes {
            QuotesAllowed::Nowhere => false,
            QuotesAllowed::OutsideOfBrackets => self.depth == 0,
            QuotesAllowed::Everywhere => true,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
