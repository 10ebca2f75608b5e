//! The checks of a single header field: octets, lines, syntax.

use postseal_protocol::HeaderField;

use super::advice;
use super::check::Check;
use super::encoded_word;
use super::finding::{CheckFinding, CheckFindings, Repair, Spot};
use super::octets::long_line_fault;
use super::repair::comments::without_raw_text;
use super::repair::{rfc2047, rfc2231};
use super::value;
use crate::connection::MtaKind;
use crate::mail::charset::utf8::Utf8Tally;
use crate::mail::field_kind::{FieldKind, is_control, is_repeated};
use crate::mail::fold;
use crate::message::FieldId;

/// Fields in which a comment means nothing.
const FIELDS_WITH_COMMENTS: [&str; 9] = [
    "Date", "Resent-Date", "MIME-Version", "Content-Transfer-Encoding", "Message-ID", "Resent-Message-ID",
    "Content-ID", "Content-Language", "Auto-Submitted",
];
const EIGHT_BIT: u8 = 1;
const CONTROL: u8 = 2;
const FOLD: u8 = 4;
const QUESTION: u8 = 8;
const ESCAPE: u8 = 16;

/// The facts about a message that decide what its fields may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct FieldSurroundings {
    /// The message was announced as SMTPUTF8.
    pub(super) utf8: bool,
    pub(super) mta: MtaKind,
}

/// Checks one field. Most fields have nothing odd, and one pass over the octets shows that.
pub(super) fn check(id: FieldId, field: &HeaderField, surroundings: FieldSurroundings, findings: &mut CheckFindings) {
    if !is_name(&field.name) {
        let spot = Spot::first(&field.name, |octet| !is_name(&[octet]));
        findings.add(CheckFinding::field(Check::FieldSyntax, field, spot, "not the name of a header field"));
    }
    let value = &*field.value;
    let seen = OctetKinds::of(value);
    if seen.any(CONTROL) {
        let spot = Spot::first(value, is_control);
        let finding = CheckFinding::field(Check::ControlCharacter, field, spot, "a control character");
        let finding = finding.mild(is_repeated(field));
        findings.add(if seen.any(ESCAPE) {
            finding.repair(Repair::Value(id, field.clone(), rfc2047::from_jis))
        } else {
            finding
        });
    }
    let eight_bit = seen.any(EIGHT_BIT) && !surroundings.utf8;
    if seen.any(FOLD) || field.name.len() + 1 + value.len() > surroundings.mta.max_line_octets() {
        lines(id, field, surroundings.mta, findings);
    }
    // Text is encoded after the form of the field has been mended.
    value::check(id, field, findings);
    if eight_bit || seen.any(QUESTION) {
        let kind = FieldKind::of(field);
        if eight_bit && kind != FieldKind::Trace {
            raw_8bit(id, field, kind, findings);
        }
        if seen.any(QUESTION) {
            encoded_word::check(id, field, kind, findings);
        }
    }
}

fn raw_8bit(id: FieldId, field: &HeaderField, kind: FieldKind, findings: &mut CheckFindings) {
    let utf8 = Utf8Tally::of(&field.value);
    // A repair takes raw text out of these fields, so it can't tell how the rest of the message is to be read.
    let has_comments = FIELDS_WITH_COMMENTS.iter().any(|name| field.is(name));
    findings.not_utf8 |= !has_comments && utf8.broken;
    findings.raw_utf8 |= !has_comments && utf8.is_plausible();
    let what = match kind {
        FieldKind::Structured => "8-bit text where only ASCII may stand",
        _ if utf8.broken => "raw 8-bit text that is not UTF-8",
        _ => "raw UTF-8",
    };
    let (at, hint) = advice::on_raw_text(field, kind);
    let spot = at.and_then(|at| Spot::of(&field.value, at));
    let finding = CheckFinding { hint, ..CheckFinding::field(Check::Raw8bitHeader, field, spot, what) };
    findings.add(finding.mild(is_repeated(field)).repair(if advice::has_parameters(field) {
        Repair::Text(id, field.clone(), rfc2231::encoded)
    } else if has_comments {
        Repair::Value(id, field.clone(), without_raw_text)
    } else {
        Repair::Text(id, field.clone(), value::encoded)
    }));
}

fn lines(id: FieldId, field: &HeaderField, mta: MtaKind, findings: &mut CheckFindings) {
    if let Some(at) = fold::blank_line(&field.value) {
        let spot = Spot::of(&field.value, at);
        let finding = CheckFinding::field(Check::BlankFold, field, spot, "a continuation line of white space only");
        findings.add(finding.repair(Repair::Value(id, field.clone(), fold::without_blank_lines)));
    }
    if let Some(at) = fold::long_line(field, mta.max_line_octets()) {
        let spot = Spot::of(&field.value, at);
        let finding = CheckFinding::field(Check::LongHeaderLine, field, spot, long_line_fault(mta));
        findings.add(finding.repair(Repair::Value(id, field.clone(), fold::refolded)));
    }
}

/// The kinds of octets in a value, found in one pass without branches.
#[derive(Clone, Copy)]
struct OctetKinds(u8);

impl OctetKinds {
    fn of(value: &[u8]) -> Self {
        let flags = |octet: u8| {
            (u8::from(octet > 127) * EIGHT_BIT)
                | (u8::from(is_control(octet)) * CONTROL)
                | (u8::from(octet == b'\n') * FOLD)
                | (u8::from(octet == b'?') * QUESTION)
                | (u8::from(octet == 0x1b) * ESCAPE)
        };
        Self(value.iter().fold(0, |all, octet| all | flags(*octet)))
    }

    fn any(self, flag: u8) -> bool {
        self.0 & flag != 0
    }
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|octet| octet.is_ascii_graphic() && *octet != b':')
}
