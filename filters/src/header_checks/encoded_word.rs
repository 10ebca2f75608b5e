//! The check of encoded-words (RFC 2047) in a header field.

use postseal_protocol::HeaderField;

use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Spot};
use crate::mail::encoded_word::words;
use crate::mail::field_kind::FieldKind;
use crate::mail::quoted::{QuoteScanner, QuotingRules};

/// Checks the encoded-words of a field.
pub(super) fn check(field: &HeaderField, kind: FieldKind, findings: &mut CheckFindings) {
    let value = &*field.value;
    let mut quotes = QuoteScanner::new(QuotingRules::QuotedStrings);
    let mut scanned = 0;
    for word in words(value) {
        let spot = |at: usize| Spot::of(value, word.start + at);
        let mut add = |check, what| findings.add(CheckFinding::field(check, field, spot(0), what));
        if word.hides_control() {
            add(Check::EncodedWordControl, "an encoded-word hides a line end or a control character");
            continue;
        }
        match word.decode() {
            Err(what) => add(Check::EncodedWord, what),
            Ok(_) if word.text.contains(&b' ') => add(Check::EncodedWord, "white space in an encoded-word"),
            Ok(_) if word.length > 75 => add(Check::EncodedWord, "an encoded-word of more than 75 characters"),
            Ok(_)
                if kind != FieldKind::Unstructured && {
                    // Words come from the left, so that each octet is scanned once.
                    for octet in value.iter().take(word.start).skip(scanned) {
                        quotes.step(*octet);
                    }
                    scanned = word.start;
                    quotes.in_quotes()
                } =>
            {
                add(Check::EncodedWord, "an encoded-word in quotes, where it is not decoded");
            }
            Ok(_) if word.is_glued(value) => add(Check::EncodedWord, "an encoded-word without white space around it"),
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
