//! The fuzz target of the header checks: any message, all checks and repairs on.

use std::sync::{Arc, LazyLock};

use postseal_protocol::{HeaderField, Modification};

use super::model::Model;
use super::{End, TestClock, Transaction, settings};
use crate::connection::MtaKind;
use crate::header_checks::{Check, CheckAction, HeaderCheckSettings, HeaderChecks, OrNone};
use crate::pipeline::{OnError, Pipeline, PipelineEntry};

/// The field of the MTA, and those of the filter.
const WRITTEN: [&str; 3] = ["Received", "X-Postseal-Fixed", "X-Postseal-Found"];

/// A message in the form of a file. Whatever it is, the filter decides; every reply and edit is one that the MTA takes;
/// and what was repaired needs no second repair.
pub fn fuzz_header_checks(data: &[u8]) {
    let (fields, body) = split(data);
    let pipeline = if data.len().is_multiple_of(2) { &*EVERYTHING } else { &*DEFAULTS };
    let end = run(pipeline, &fields, &body);
    let refused = end.verdict.is_refusal();
    assert!(end.record.report.failures.is_empty(), "{:?}", end.record.report.failures);
    assert!(!refused || end.modifications.is_empty(), "edits of a message that was refused");
    let foreign = end.reasons().iter().any(|reason| reason == "header_checks.foreign_field");
    let found = foreign || !end.record.report.checks.is_empty();
    assert!(found || (!refused && end.modifications.is_empty()), "edits without a finding");
    if end.modifications.is_empty() {
        return;
    }
    let mut model = Model::new(MtaKind::Postfix, fields);
    for edit in &end.modifications {
        if let Modification::AddHeader(field) | Modification::ChangeHeader { field, .. } = edit {
            assert!(field.value.len() < 65_000 && !field.value.contains(&b'\r') && !field.value.contains(&0));
        }
        model.apply(edit);
    }
    // The filter takes off the fields that another pass has written, and that is no repair.
    let is_other = |field: &&HeaderField| !WRITTEN.iter().any(|name| field.is(name));
    let fields: Vec<_> = model.fields().filter(is_other).cloned().collect();
    let body = model.body.clone().unwrap_or(body);
    let again = run(pipeline, &fields, &body);
    assert!(!again.verdict.is_refusal(), "{:?}, after {:?}", again.verdict, end.modifications);
    // Repairs may make two fields alike that the settings let pass, and then one of them goes.
    let notes = &end.record.report.checks;
    if !notes.iter().any(|note| note.check == Check::DuplicateField.as_str() && note.action == "log") {
        assert_eq!(again.modifications, [], "after {:?}", end.modifications);
    }
}

fn run(pipeline: &Arc<Pipeline>, fields: &[HeaderField], body: &[u8]) -> End {
    let mut dialogue = Transaction::with(Arc::clone(pipeline)).user("me").mail("<a@b>").rcpt("<c@d>");
    for field in fields {
        dialogue = dialogue.header(&String::from_utf8_lossy(&field.name), &field.value);
    }
    // Pieces as no MTA cuts them, but not so many that a case is mostly calls.
    let piece = (1 + fields.len() * 97).max(body.len() / 256);
    dialogue.body_pieces(body.chunks(piece)).end()
}

/// As an MTA takes a message apart: it shows no NUL in the header section, and CRLF in the body where it can.
fn split(data: &[u8]) -> (Vec<HeaderField>, Vec<u8>) {
    let mut fields: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut rest = data;
    while let Some(end) = rest.iter().position(|octet| *octet == b'\n') {
        let (line, after) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line: Vec<u8> =
            line.strip_suffix(b"\r").unwrap_or(line).iter().copied().filter(|octet| *octet != 0).collect();
        let colon = line.iter().position(|octet| *octet == b':').filter(|colon| *colon > 0);
        match (line.first(), fields.last_mut(), colon) {
            (None, ..) => return (shown(fields), after.to_vec()),
            (Some(b' ' | b'\t'), Some((_, value)), _) => {
                value.push(b'\n');
                value.extend_from_slice(&line);
            }
            (_, _, Some(colon)) => {
                let (name, value) = line.split_at_checked(colon).unwrap_or_default();
                let is_name = name.iter().all(u8::is_ascii_graphic);
                if !is_name {
                    break;
                }
                fields.push((name.to_vec(), value.get(1..).unwrap_or_default().to_vec()));
            }
            _ => break,
        }
        rest = after;
    }
    (shown(fields), rest.to_vec())
}

fn shown(fields: Vec<(Vec<u8>, Vec<u8>)>) -> Vec<HeaderField> {
    fields.into_iter().map(|(name, value)| HeaderField::new(name, value)).collect()
}

static DEFAULTS: LazyLock<Arc<Pipeline>> = LazyLock::new(|| pipeline(HeaderCheckSettings::default()));

/// Everything is repaired that can be, and nothing refused.
static EVERYTHING: LazyLock<Arc<Pipeline>> = LazyLock::new(|| {
    let fallback_charset = OrNone(Some("iso-8859-2".to_owned()));
    let mut settings = HeaderCheckSettings { fallback_charset, ..HeaderCheckSettings::default() };
    for check in Check::ALL {
        let rule = settings.rule_mut(*check);
        rule.action = if check.can_fix() { CheckAction::Fix } else { CheckAction::Log };
        rule.otherwise = check.can_fix().then_some(CheckAction::Log);
    }
    pipeline(settings)
});

fn pipeline(settings_of_checks: HeaderCheckSettings) -> Arc<Pipeline> {
    let plan = settings_of_checks.plan().unwrap_or_else(|errors| panic!("{errors:?}"));
    let filter = Arc::new(HeaderChecks::new(plan));
    let settings = settings(TestClock::at(1_700_000_000));
    Arc::new(Pipeline::new(settings, vec![PipelineEntry { filter, on_error: OnError::Tempfail }]))
}
