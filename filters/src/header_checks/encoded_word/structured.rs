//! Encoded-words in fields for programs, where none may stand but in comments (RFC 2047 section 5).

use postseal_protocol::HeaderField;

use crate::header_checks::advice;
use crate::header_checks::check::Check;
use crate::header_checks::finding::{CheckFinding, CheckFindings, Repair, Spot};
use crate::mail::encoded_word::{decoded, words};
use crate::mail::fold;
use crate::mail::quoted::{QuoteScanner, QuotingRules};
use crate::message::FieldId;

/// Checks the encoded-words of a field for programs.
pub(super) fn check(id: FieldId, field: &HeaderField, findings: &mut CheckFindings) {
    let value = &*field.value;
    let mut marks = QuoteScanner::new(QuotingRules::ListEntries);
    let mut scanned = 0;
    let hint = if advice::has_parameters(field) { advice::FILE_NAME } else { advice::FOR_PROGRAMS };
    // What these fields say is the same in plain text; List-Id has a name for people.
    let is_command = advice::is_list_field(field) && !field.is("List-Id");
    let mut repair = is_command.then(|| Repair::Value(id, field.clone(), without_words));
    for word in words(value) {
        let at = Spot::of(value, word.start);
        if word.hides_control() {
            let what = "an encoded-word hides a line end or a control character";
            findings.add(CheckFinding::field(Check::EncodedWordControl, field, at, what));
            continue;
        }
        for octet in value.iter().take(word.start).skip(scanned) {
            marks.step(*octet);
        }
        scanned = word.start;
        let is_text = marks.in_brackets() || is_name_of_list(field, value.split_at(word.start).0);
        let what = match word.decode() {
            _ if marks.in_quotes() => "an encoded-word in quotes, where it is not decoded",
            _ if !is_text => "an encoded-word where none may stand",
            Err(what) => what,
            Ok(_) => continue,
        };
        let finding = CheckFinding::field(Check::EncodedWord, field, at, what);
        let finding = if is_text { finding } else { finding.hint(hint) };
        findings.add(match repair.take() {
            Some(repair) => finding.repair(repair),
            None => finding,
        });
    }
}

/// True for text before the address in List-Id, which is a phrase (RFC 2919 section 3).
fn is_name_of_list(field: &HeaderField, before: &[u8]) -> bool {
    field.is("List-Id") && !before.contains(&b'<')
}

/// The value with its encoded-words decoded. `None` if the result is not plain ASCII.
fn without_words(field: &HeaderField) -> Option<Vec<u8>> {
    let text = decoded(&field.value);
    let is_plain = |octet: u8| octet.is_ascii_graphic() || octet == b' ' || octet == b'\t';
    if !field.value.is_ascii() || !text.bytes().all(is_plain) || text.contains("=?") {
        return None;
    }
    let new = HeaderField::new(field.name.clone(), text.clone());
    fold::long_line(&new, fold::MAX_SENT_LINE_OCTETS).is_none().then(|| text.into_bytes())
}
