//! What one listener counts, with its handles at hand.

use std::sync::Arc;

use postseal_filters::{Alignment, AlignmentMode, MessageEnd, Record};
use prometheus::{Histogram, IntCounter, IntGauge};

use super::{Metrics, SIGNER};

/// The metrics of one listener.
pub struct ListenerMetrics {
    all: Arc<Metrics>,
    /// Connections served.
    pub connections: IntCounter,
    /// Connections open now.
    pub open: IntGauge,
    /// Connections over the limit.
    pub refused: IntCounter,
    recipients: IntCounter,
    octets: IntCounter,
    signed: IntCounter,
    /// In the order of [`MessageEnd::ALL`].
    messages: [IntCounter; MessageEnd::ALL.len()],
    duration: Histogram,
}

impl ListenerMetrics {
    pub(super) fn new(all: &Arc<Metrics>, name: &str) -> Self {
        let messages =
            MessageEnd::ALL.map(|verdict| all.messages.with_label_values(&[name, verdict.as_str()]));
        Self {
            connections: all.connections.with_label_values(&[name]),
            open: all.connections_open.with_label_values(&[name]),
            refused: all.connections_refused.with_label_values(&[name]),
            recipients: all.recipients.with_label_values(&[name]),
            octets: all.octets.with_label_values(&[name]),
            signed: all.signed.with_label_values(&[name]),
            messages,
            duration: all.message_duration.with_label_values(&[name]),
            all: Arc::clone(all),
        }
    }

    /// Counts a finished message.
    pub fn observe(&self, record: &Record) {
        let verdict = record.end.as_str();
        if let Some(at) = MessageEnd::ALL.iter().position(|summary| *summary == record.end)
            && let Some(messages) = self.messages.get(at)
        {
            messages.inc();
        }
        self.duration.observe(record.duration.as_secs_f64());
        let report = &record.report;
        let findings = report.reasons.iter().map(|reason| (reason.filter, &*reason.code));
        let failures = report.failures.iter().map(|failure| (failure.filter, failure.code));
        for (filter, code) in findings.clone().chain(failures.clone()) {
            self.all.filter_verdicts.with_label_values(&[filter, verdict, code]).inc();
        }
        for note in &report.checks {
            self.all.header_check.with_label_values(&[note.check, note.action]).inc();
        }
        for note in &report.signatures {
            self.all.signatures.load().count(&note.domain, &note.selector, note.algorithm);
            let times = self.all.dkim_sign_duration.with_label_values(&[note.algorithm]);
            times.observe(note.duration.as_secs_f64());
        }
        if let (MessageEnd::Accept, Some(Alignment { dkim, envelope })) = (record.end, report.alignment) {
            let labels = [dkim, envelope].map(AlignmentMode::word);
            self.all.alignment.with_label_values(&labels).inc();
        }
        let accepted = matches!(record.end, MessageEnd::Accept | MessageEnd::Quarantine);
        if !accepted {
            return;
        }
        self.recipients.inc_by(record.rcpt_count as u64);
        self.octets.inc_by(record.size);
        if !report.signatures.is_empty() {
            self.signed.inc();
        } else if let Some((_, code)) = findings.chain(failures).find(|(filter, _)| *filter == SIGNER) {
            self.all.unsigned.with_label_values(&[code]).inc();
        }
    }
}
