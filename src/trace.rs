//! Why a message came out as it did, for people: what `postseal explain` prints, and what the status page shows.

use std::fmt;

use postseal_filters::{Alignment, AlignmentMode, Direction, Record};
use postseal_protocol::Verdict;

use crate::log::{shorten, shorten_within};

/// A finished message, told line by line when it is displayed.
pub struct Trace<'a> {
    /// The message.
    pub record: &'a Record,
    /// Names of the filters that looked at it.
    pub filters: &'a [&'static str],
    /// Recipients, or the connection, that were refused.
    pub refused: &'a [(String, Verdict)],
    /// Addresses in full.
    pub full: bool,
}

impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.record;
        let text = |text: &str| if self.full { text.to_owned() } else { shorten_within(text) };
        writeln!(f, "listener    {}", record.listener)?;
        let client = record.client.map_or_else(|| "unknown".to_owned(), |client| client.to_string());
        let user = record.user.as_deref().map(|user| text(&String::from_utf8_lossy(user)));
        writeln!(
            f,
            "client      {client}{}",
            user.map_or_else(String::new, |user| format!(", user {user}"))
        )?;
        writeln!(
            f,
            "ours        {}",
            record.direction.and_then(Direction::origin).map_or("no", |origin| origin.as_str())
        )?;
        let filters = if self.filters.is_empty() { "none".to_owned() } else { self.filters.join(", ") };
        writeln!(f, "filters     {filters}")?;
        for (what, verdict) in self.refused {
            let verdict = match verdict {
                Verdict::Reply(reply) => reply.to_string(),
                other => format!("{other:?}").to_lowercase(),
            };
            writeln!(f, "refused     {}: {}", shown(what, self.full), text(&verdict))?;
        }
        for remark in record.report.remarks.iter().flatten() {
            writeln!(f, "decision    {}: {}", remark.filter, text(&remark.text))?;
        }
        for reason in &record.report.reasons {
            let detail =
                reason.detail.as_deref().map_or_else(String::new, |detail| format!(": {}", text(detail)));
            writeln!(f, "reason      {reason}{detail}")?;
        }
        for failure in &record.report.failures {
            writeln!(f, "failure     {}.{}: {}", failure.filter, failure.code, text(&failure.detail))?;
        }
        for note in &record.report.signatures {
            writeln!(f, "signature   d={} s={} a={}", note.domain, note.selector, note.algorithm)?;
        }
        if let Some(Alignment { dkim, envelope }) = record.report.alignment {
            let [dkim, envelope] = [dkim, envelope].map(AlignmentMode::word);
            writeln!(f, "alignment   DKIM {dkim}, envelope {envelope}")?;
        }
        for edit in &record.edits {
            writeln!(f, "edit        {} {}", edit.op.as_str(), edit.field)?;
        }
        let reply = record
            .reply
            .as_ref()
            .map_or_else(String::new, |reply| format!(" ({})", text(&reply.to_string())));
        writeln!(f, "verdict     {}{reply}", record.end.as_str())
    }
}

fn shown(address: &str, full: bool) -> String {
    if full { address.to_owned() } else { shorten(address.as_bytes()) }
}
