//! The line of a finished message.

use postseal_filters::pipeline::Record;
use postseal_filters::{EditNote, FilterFailure, Reason, SignatureNote};
use postseal_protocol::Reply;
use serde::Serialize;

use super::address::{clip, clip_text, shorten, shorten_within};
use super::line::LogLine;

/// Octets of a detail of a reason, and of the words about a filter that failed.
const MAX_DETAIL_OCTETS: usize = 480;
/// Octets of a reply, which may have several lines.
const MAX_REPLY_TEXT_OCTETS: usize = 1000;

/// How much of a message a line shows.
#[derive(Clone, Copy)]
pub(super) struct ShownParts {
    /// Addresses in full.
    pub(super) full: bool,
    /// The details of reasons.
    pub(super) details: bool,
    /// Octets of each list.
    pub(super) list_octets: usize,
}

/// Writes the fields of a message.
pub(super) fn write(record: &Record, shown: ShownParts, line: &mut LogLine) {
    let ShownParts { full, details, list_octets } = shown;
    let address = |bytes: &[u8]| if full { clip(bytes).into_owned() } else { shorten(bytes) };
    // A login name without a domain is no address.
    let user = |bytes: &[u8]| if bytes.contains(&b'@') { address(bytes) } else { clip(bytes).into_owned() };
    line.field("listener", &*record.listener);
    line.field("queue_id", &record.queue_id.as_deref().map(clip));
    line.field("client", &record.client);
    line.field("user", &record.user.as_deref().map(user));
    line.field("mail_from", &address(&record.mail_from));
    line.field("rcpt_count", &record.rcpt_count);
    line.field("message_id", &record.message_id.as_deref().map(clip));
    line.field("size", &record.size);
    line.field("verdict", record.end.as_str());
    line.field("reply", &record.reply.as_ref().map(|reply| reply_text(reply, full)));
    let report = &record.report;
    let failed = |failure: &FilterFailure| format!("{}.{}", failure.filter, failure.code);
    let reasons = report.reasons.iter().map(Reason::to_string).chain(report.failures.iter().map(failed));
    line.list("reasons", reasons, list_octets, report.more_reasons);
    if details {
        let told = |reason: &Reason| reason.detail.as_ref().map(|detail| format!("{reason}: {detail}"));
        let cut = |text: String| clip_text(&text, MAX_DETAIL_OCTETS).into_owned();
        line.list("details", report.reasons.iter().filter_map(told).map(cut), list_octets, 0);
    }
    let edit = |note: &EditNote| EditNote { op: note.op, field: clip(note.field.as_bytes()).into_owned() };
    line.list("edits", record.edits.iter().map(edit), list_octets, 0);
    line.list("signatures", report.signatures.iter().map(ShownSignature::of), list_octets, 0);
    if let Some(alignment) = &report.alignment {
        line.field("alignment", alignment);
    }
    line.field("duration_us", &u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX));
}

/// Writes why a filter failed, for the operator who can repair the cause.
pub(super) fn write_failure(record: &Record, failure: &FilterFailure, suppressed: u64, line: &mut LogLine) {
    line.words(&clip_text(&failure.detail, MAX_DETAIL_OCTETS));
    line.field("filter", failure.filter);
    line.field("code", failure.code);
    line.field("listener", &*record.listener);
    line.field("queue_id", &record.queue_id.as_deref().map(clip));
    line.field("suppressed", &suppressed);
}

/// The lines of a reply, cut to a bounded length.
fn reply_text(reply: &Reply, full: bool) -> String {
    let text = reply.to_string();
    let text = if full { text } else { shorten_within(&text) };
    clip_text(&text, MAX_REPLY_TEXT_OCTETS).into_owned()
}

#[derive(Serialize)]
struct ShownSignature<'a> {
    domain: &'a str,
    selector: &'a str,
    algorithm: &'static str,
}

impl<'a> ShownSignature<'a> {
    fn of(note: &'a SignatureNote) -> Self {
        Self { domain: &note.domain, selector: &note.selector, algorithm: note.algorithm }
    }
}
