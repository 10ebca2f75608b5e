//! The reasons for the end of a message in words, for `postseal explain` and the status page.

use std::fmt;

use postseal_filters::{Alignment, AlignmentMode, Direction, Record, visible};
use postseal_protocol::Verdict;

use crate::log::{shorten, shorten_within};

/// A finished message. Its `Display` explains it line by line.
pub struct Trace<'a> {
    /// The message.
    pub record: &'a Record,
    /// Names of the filters that looked at it.
    pub filters: &'a [&'static str],
    /// Recipients, or the connection, that were refused.
    pub refused: &'a [(String, Verdict)],
    /// True if addresses are shown in full.
    pub full: bool,
}

impl fmt::Display for Trace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, filters, .. } = self;
        writeln!(f, "listener    {}", record.listener)?;
        let client = record.client.map_or_else(|| "unknown".to_owned(), |client| client.to_string());
        let user = record.user.as_deref().map(|user| self.text(&String::from_utf8_lossy(user)));
        let user = user.map_or_else(String::new, |user| format!(", user {user}"));
        writeln!(f, "client      {client}{user}")?;
        let ours = record.direction.and_then(Direction::origin).map_or("no", |origin| origin.as_str());
        writeln!(f, "ours        {ours}")?;
        let filters = if filters.is_empty() { "none".to_owned() } else { filters.join(", ") };
        writeln!(f, "filters     {filters}")?;
        for (what, verdict) in self.refused {
            let what = if self.full { what.clone() } else { shorten(what.as_bytes()) };
            let what = visible(&what);
            let verdict = match verdict {
                Verdict::Reply(reply) => reply.to_string(),
                other => format!("{other:?}").to_lowercase(),
            };
            writeln!(f, "refused     {what}: {}", self.text(&verdict))?;
        }
        self.findings(f)?;
        let reply = record.reply.as_ref().map(|reply| self.text(&reply.to_string()));
        let reply = reply.map_or_else(String::new, |reply| format!(" ({reply})"));
        writeln!(f, "verdict     {}{reply}", record.end.as_str())
    }
}

impl Trace<'_> {
    /// The findings of the filters, and their edits.
    fn findings(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = &self.record.report;
        for remark in report.remarks.iter().flatten() {
            writeln!(f, "decision    {}: {}", remark.filter, self.text(&remark.text))?;
        }
        for reason in &report.reasons {
            let detail = reason.detail.as_deref().map(|detail| format!(": {}", self.text(detail)));
            writeln!(f, "reason      {reason}{}", detail.unwrap_or_default())?;
        }
        if report.more_reasons > 0 {
            writeln!(f, "reason      and {} more", report.more_reasons)?;
        }
        for failure in &report.failures {
            writeln!(f, "failure     {}.{}: {}", failure.filter, failure.code, self.text(&failure.detail))?;
        }
        for note in &report.signatures {
            writeln!(f, "signature   d={} s={} a={}", note.domain, note.selector, note.algorithm)?;
        }
        if let Some(Alignment { dkim, envelope }) = report.alignment {
            let [dkim, envelope] = [dkim, envelope].map(AlignmentMode::word);
            writeln!(f, "alignment   DKIM {dkim}, envelope {envelope}")?;
        }
        for edit in &self.record.edits {
            writeln!(f, "edit        {} {}", edit.op.as_str(), visible(&edit.field))?;
        }
        Ok(())
    }

    /// A text that may hold parts of the message, on one line.
    fn text(&self, text: &str) -> String {
        if self.full { visible(text).into_owned() } else { visible(&shorten_within(text)).into_owned() }
    }
}
