//! Hints for faults whose cure is not the one that the table of the checks names.

use postseal_protocol::HeaderField;

use crate::mail::field_kind::FieldKind;
use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};

pub(super) const FILE_NAME: &str =
    "encode the name of a file as RFC 2231 says, such as filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf";
pub(super) const FOR_PROGRAMS: &str = "write the field in ASCII, without encoded-words: programs do not decode it";
pub(super) const ADDRESS: &str =
    "write addresses in ASCII, with domains such as xn--grn-hoa.example, and without no-break spaces";
pub(super) const OUTSIDE_OF_QUOTES: &str = "write encoded-words outside of quotes";
const DATE: &str = "write the date in English and in ASCII, such as Mon, 23 Nov 2026 10:00:00 +0100";
const IDENTIFIER: &str = "write identifiers in ASCII, such as <1234@host.example.com>";
const LIST: &str = "write URLs and addresses in ASCII, with %C3%BC and the like for other characters";

const DATES: [&str; 2] = ["Date", "Resent-Date"];
const IDENTIFIERS: [&str; 5] = ["Message-ID", "Resent-Message-ID", "In-Reply-To", "References", "Content-ID"];

/// The first octet over 127 to speak of, and the hint where RFC 2047 is not the cure.
pub(super) fn on_raw_text(field: &HeaderField, kind: FieldKind) -> (Option<usize>, Option<&'static str>) {
    let among = |names: &[&str]| names.iter().any(|name| field.is(name));
    let in_address = if kind == FieldKind::Address { raw_in_address(&field.value) } else { None };
    let hint = match kind {
        FieldKind::Address => in_address.map(|_| ADDRESS),
        FieldKind::Structured if has_parameters(field) => Some(FILE_NAME),
        FieldKind::Structured if among(&DATES) => Some(DATE),
        FieldKind::Structured if among(&IDENTIFIERS) => Some(IDENTIFIER),
        FieldKind::Structured if is_list_field(field) => Some(LIST),
        FieldKind::Structured => Some(FOR_PROGRAMS),
        FieldKind::Unstructured | FieldKind::Trace => None,
    };
    (in_address.or_else(|| field.value.iter().position(|octet| *octet > 127)), hint)
}

/// True for fields whose parameters may name a file.
pub(super) fn has_parameters(field: &HeaderField) -> bool {
    field.is("Content-Type") || field.is("Content-Disposition")
}

/// True for the fields of RFC 2369, RFC 2919 and RFC 8058.
pub(super) fn is_list_field(field: &HeaderField) -> bool {
    field.name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"List-"))
}

/// The place of the first octet over 127 that stands in an address: in angle brackets, or in a word with an `@`. Quoted
/// strings and comments are no addresses.
fn raw_in_address(value: &[u8]) -> Option<usize> {
    let mut marks = QuoteScanner::new(QuotingRules::ListEntries);
    let (mut raw, mut at_sign, mut angle) = (None, false, false);
    for (at, octet) in value.iter().enumerate() {
        match (marks.step(*octet), octet) {
            (QuotedRole::Open, b'@') => at_sign = true,
            (QuotedRole::Open, b' ' | b'\t' | b'\n' | b',' | b';' | b'<' | b'>') => {
                if raw.is_some() && (at_sign || angle) {
                    return raw;
                }
                (raw, at_sign) = (None, false);
                angle = *octet == b'<' || (angle && *octet != b'>' && *octet != b',');
            }
            (QuotedRole::Open, 128..) => {
                raw.get_or_insert(at);
            }
            _ => {}
        }
    }
    raw.filter(|_| at_sign || angle)
}

#[cfg(test)]
mod tests;
