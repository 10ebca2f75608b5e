//! The check of encoded-words (RFC 2047) in a header field.

mod structured;

use postseal_protocol::HeaderField;

use super::advice;
use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Repair, Spot};
use super::repair::rfc2047;
use crate::mail::encoded_word::misnamed::{MisnamedFault, MisnamedWords, misnamed};
use crate::mail::encoded_word::words;
use crate::mail::field_kind::FieldKind;
use crate::mail::quoted::{QuoteScanner, QuotingRules};
use crate::message::FieldId;

/// Checks the encoded-words of a field.
pub(super) fn check(id: FieldId, field: &HeaderField, kind: FieldKind, findings: &mut CheckFindings) {
    if kind == FieldKind::Structured {
        return structured::check(id, field, findings);
    }
    let value = &*field.value;
    let utf8 = check_names(id, field, kind, findings);
    let mut quotes = QuoteScanner::new(QuotingRules::QuotedStrings);
    let mut scanned = 0;
    for word in words(value) {
        let spot = |at: usize| Spot::of(value, word.start + at);
        let mut add = |check, what| findings.add(CheckFinding::field(check, field, spot(0), what));
        if word.hides_control() {
            let at_end = value.get(word.start + word.length..).is_some_and(|rest| rest.trim_ascii().is_empty());
            if at_end && word.without_line_end().is_some() {
                let what = "an encoded-word that ends with a line end";
                let finding = CheckFinding::field(Check::EncodedWordControl, field, spot(0), what);
                findings.add(finding.repair(Repair::Value(id, field.clone(), rfc2047::without_line_end)));
                continue;
            }
            add(Check::EncodedWordControl, "an encoded-word hides a line end or a control character");
            continue;
        }
        match word.decode() {
            Err(_) if utf8.iter().any(|words| (words.start..words.end).contains(&word.start)) => {}
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
                let what = "an encoded-word in quotes, where it is not decoded";
                let finding = CheckFinding::field(Check::EncodedWord, field, spot(0), what);
                findings.add(finding.hint(advice::OUTSIDE_OF_QUOTES));
            }
            Ok(_) if kind == FieldKind::Address && word.is_in_address(value) => {
                let what = "an encoded-word in an address";
                let finding = CheckFinding::field(Check::EncodedWord, field, spot(0), what);
                findings.add(finding.hint(advice::ADDRESS));
            }
            Ok(_) if word.is_glued(value) => add(Check::EncodedWord, "an encoded-word without white space around it"),
            Ok(_) => {}
        }
    }
}

/// Finds words whose text is UTF-8 although they name something else; returns them.
fn check_names(id: FieldId, field: &HeaderField, kind: FieldKind, findings: &mut CheckFindings) -> Vec<MisnamedWords> {
    if !matches!(kind, FieldKind::Unstructured | FieldKind::Address) {
        return Vec::new();
    }
    let mut found = misnamed(&field.value);
    for words in found.iter().filter(|words| words.fault == MisnamedFault::Another) {
        findings.misnamed = findings.misnamed.and(words.tally());
    }
    found.retain(|words| words.text(true).is_some());
    if let Some(words) = found.first() {
        let what = match words.fault {
            MisnamedFault::Cut => "an encoded-word that ends within a character",
            _ => "UTF-8 in an encoded-word that names another charset",
        };
        let finding = CheckFinding::field(Check::EncodedWord, field, Spot::of(&field.value, words.start), what);
        findings.add(finding.repair(Repair::Text(id, field.clone(), rfc2047::renamed)));
    }
    found
}

#[cfg(test)]
mod tests;
