//! The traces of attacks on web forms: header fields where none belong.
//!
//! An attacker puts a line end into the subject or the address that a form asks for. The line end adds a field to the
//! header section, or ends the section early, so that later fields of the form's program stand at the start of the body.

use postseal_protocol::HeaderField;

use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Spot};
use super::rest::RestOfSection;
use super::section::HeaderSection;
use crate::mail::fold;
use crate::message::Fields;

const ADDRESSES: [&str; 3] = ["To", "Cc", "Bcc"];
const TAKEN_FROM_FORMS: [&str; 5] = ["Subject", "From", "Reply-To", "To", "Sender"];
/// The lines of the body that are searched.
const MAX_BODY_LINES: usize = 20;
const MAX_NAME_OCTETS: usize = 64;
/// Lines among fields, behind the first line, that are no fields.
const MAX_OTHER_LINES: usize = 2;

/// Looks for fields within folded fields, and for second address fields behind them.
pub(super) fn check_fields(fields: &Fields, findings: &mut CheckFindings) {
    let mut before: Option<&HeaderField> = None;
    let mut seen = [false; ADDRESSES.len()];
    for (_, field) in fields.iter() {
        let address = ADDRESSES.iter().position(|name| field.is(name));
        if field.value.contains(&b'\n')
            && TAKEN_FROM_FORMS.iter().any(|name| field.is(name))
            && let Some(at) = injected_line(&field.value)
        {
            let spot = Spot::of(&field.value, at);
            let what = "a continuation line that is a header field";
            findings.add(CheckFinding::field(Check::HeaderInjection, field, spot, what));
        }
        if let Some(seen) = address.and_then(|at| seen.get_mut(at)) {
            let after_fold = before.is_some_and(|before| before.is("Subject") && before.value.contains(&b'\n'));
            if *seen && after_fold {
                let what = "a second address field behind a folded Subject";
                findings.add(CheckFinding::field(Check::HeaderInjection, field, None, what));
            }
            *seen = true;
        }
        before = Some(field);
    }
}

fn injected_line(value: &[u8]) -> Option<usize> {
    fold::lines(value).skip(1).find_map(|(start, line)| {
        let field = line.trim_ascii_start();
        let (name, text) = name_and_text(field)?;
        is_injected(name, text).then_some(start + line.len() - field.len())
    })
}

/// Looks for a header section at the start of the body.
pub(super) fn check_body(start: &[u8], section: &HeaderSection<'_>, findings: &mut CheckFindings) {
    let mut lines = start.split(|octet| *octet == b'\n').map(<[u8]>::trim_ascii_end);
    let mut first_is_field = false;
    let mut fields = 0;
    let mut injected = false;
    let mut others = 0;
    let mut rest = RestOfSection::default();
    for at in 0..MAX_BODY_LINES {
        match lines.next() {
            None | Some(b"") => break,
            // A continuation line, also of the line that is no field.
            Some([b' ' | b'\t', ..]) if at > 0 => {}
            Some(line) => match name_and_text(line) {
                Some((name, text)) => {
                    first_is_field |= at == 0;
                    fields += 1;
                    injected |= is_injected(name, text) && is_lacking(name, section);
                    rest.take(name, text, section);
                }
                // An MTA ends the header section before a line that is no field, so such a line begins the body.
                None if at == 0 => {}
                // So does each further line of the kind, if it was in the header section.
                None if others < MAX_OTHER_LINES => others += 1,
                None => return,
            },
        }
    }
    let injected = injected && others == 0;
    if injected && first_is_field {
        let what = "header fields at the start of the body";
        findings.add(CheckFinding::body(Check::HeaderInjection, Spot::of(start, 0), what));
        findings.cut_section = true;
    } else if (injected && fields > 1) || (!first_is_field && rest.is_certain(others > 0)) {
        let what = "a line that is no header field, and header fields behind it";
        findings.add(CheckFinding::body(Check::FieldSyntax, Spot::of(start, 0), what));
        findings.cut_section = true;
    }
}

fn name_and_text(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().take(MAX_NAME_OCTETS).position(|octet| *octet == b':')?;
    let (name, [_, text @ ..]) = line.split_at(colon) else { return None };
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
    (!name.is_empty() && name.iter().all(fits)).then_some((name, text))
}

/// True for a field that is of use to an attacker, if its text is of the kind that belongs into the field.
fn is_injected(name: &[u8], text: &[u8]) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if ADDRESSES.iter().chain(&["From", "Reply-To"]).any(|other| is(other)) {
        text.contains(&b'@')
    } else if is("Content-Type") {
        text.contains(&b'/')
    } else {
        is("MIME-Version") && text.trim_ascii().starts_with(b"1.")
    }
}

/// True for a field that the header section lacks because it slipped into the body. People quote other messages with such
/// fields, too, but the messages of people have MIME fields in the header section.
fn is_lacking(name: &[u8], section: &HeaderSection<'_>) -> bool {
    let mime = ["MIME-Version", "Content-Type"];
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    if mime.iter().any(|other| is(other)) || is("Bcc") {
        return mime.iter().all(|other| section.count(other) == 0);
    }
    mime.iter().all(|other| section.count(other) == 0)
        && ADDRESSES.iter().chain(&["From"]).any(|other| is(other) && section.count(other) == 0)
}

#[cfg(test)]
mod tests;
