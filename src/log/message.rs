//! The line of a finished message.

use postseal_filters::pipeline::Record;
use postseal_filters::{FilterFailure, Reason, SignatureNote};
use serde::{Serialize, Serializer};

use super::address::{clip, shorten, shorten_within};
use super::line::LogLine;

/// Writes the fields of a message; addresses in full and the details of reasons only on demand.
pub(super) fn write(record: &Record, full: bool, details: bool, line: &mut LogLine) {
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
    let in_reply = |text: String| if full { text } else { shorten_within(&text) };
    line.field("reply", &record.reply.as_ref().map(|reply| in_reply(reply.to_string())));
    line.field("reasons", &Reasons(record));
    if details {
        line.field("details", &Details(record));
    }
    line.field("edits", &record.edits);
    line.field("signatures", &SignatureList(&record.report.signatures));
    if let Some(alignment) = &record.report.alignment {
        line.field("alignment", alignment);
    }
    line.field("duration_us", &u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX));
}

/// Writes why a filter failed, for the operator who can repair the cause.
pub(super) fn write_failure(record: &Record, failure: &FilterFailure, suppressed: u64, line: &mut LogLine) {
    line.words(&failure.detail);
    line.field("filter", failure.filter);
    line.field("code", failure.code);
    line.field("listener", &*record.listener);
    line.field("queue_id", &record.queue_id.as_deref().map(clip));
    line.field("suppressed", &suppressed);
}

/// Findings and failures, as `filter.code`.
struct Reasons<'a>(&'a Record);

impl Serialize for Reasons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = &self.0.report;
        let failed = |failure: &FilterFailure| format!("{}.{}", failure.filter, failure.code);
        let found = report.reasons.iter().map(Reason::to_string);
        serializer.collect_seq(found.chain(report.failures.iter().map(failed)))
    }
}

/// The details of reasons, as `filter.code: detail`.
struct Details<'a>(&'a Record);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reasons = self.0.report.reasons.iter();
        let told = reasons.filter_map(|reason| reason.detail.as_ref().map(|detail| format!("{reason}: {detail}")));
        serializer.collect_seq(told)
    }
}

struct SignatureList<'a>(&'a [SignatureNote]);

#[derive(Serialize)]
struct Signature<'a> {
    domain: &'a str,
    selector: &'a str,
    algorithm: &'static str,
}

impl Serialize for SignatureList<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|note| Signature {
            domain: &note.domain,
            selector: &note.selector,
            algorithm: note.algorithm,
        }))
    }
}
