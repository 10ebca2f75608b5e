//! Text from strangers, made safe to show: a sender chooses what stands in a field, a login name or an address, and people
//! read it in a terminal, in a log or on a page.

use std::borrow::Cow;

/// The text with an escape such as `\n` or `\u{1b}` in place of each hidden character.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// True for a character that a reader does not see and that changes the text around it: control characters (C0, DEL, C1),
/// line ends, and marks that change the direction of writing.
pub fn is_hidden(c: char) -> bool {
    let direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    direction || c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
