//! The metrics of connections and messages, with the handles of each listener looked up once.

use std::sync::Arc;

use postseal_filters::{MessageEnd, Record};
use prometheus::{Histogram, IntCounter, IntGauge};

use super::group::metric_group;
use super::{MESSAGE_BUCKETS, Metrics};

metric_group! {
    /// The metrics of connections and messages.
    MailMetrics {
        connections: IntCounterVec = "postseal_connections_total" ["listener"]
            "MTA connections served.";
        open: IntGaugeVec = "postseal_connections_open" ["listener"]
            "MTA connections open now.";
        refused: IntCounterVec = "postseal_connections_refused_total" ["listener"]
            "MTA connections closed at once because limits.connections was reached.";
        messages: IntCounterVec = "postseal_messages_total" ["listener", "verdict"]
            "Messages, by how they ended.";
        recipients: IntCounterVec = "postseal_recipients_total" ["listener"]
            "Recipients of accepted messages.";
        octets: IntCounterVec = "postseal_message_bytes_total" ["listener"]
            "Size of accepted messages, as far as it was looked at.";
        duration: HistogramVec = "postseal_message_duration_seconds" ["listener"]
            "Our time on a message, from its first command to the final reply." in MESSAGE_BUCKETS;
        verdicts: IntCounterVec = "postseal_filter_verdicts_total" ["filter", "verdict", "reason"]
            "Findings of filters, with the verdict on the message.";
        signed: IntCounterVec = "postseal_signed_total" ["listener"]
            "Messages accepted with a signature of ours.";
    }
}

impl MailMetrics {
    /// Starts at 0 the reason codes of a filter.
    pub(super) fn expect(&self, filter: &str, codes: &[String]) {
        for verdict in [MessageEnd::Accept, MessageEnd::Tempfail, MessageEnd::Reject] {
            for code in codes {
                self.verdicts.with_label_values(&[filter, verdict.as_str(), code]);
            }
        }
    }
}

/// The metrics of one listener.
pub struct ListenerMetrics {
    all: Arc<Metrics>,
    /// Connections served.
    pub connections: IntCounter,
    /// Connections open now.
    pub open: IntGauge,
    /// Connections that were closed at once because there were too many.
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
        let mail = &all.mail;
        Self {
            connections: mail.connections.with_label_values(&[name]),
            open: mail.open.with_label_values(&[name]),
            refused: mail.refused.with_label_values(&[name]),
            recipients: mail.recipients.with_label_values(&[name]),
            octets: mail.octets.with_label_values(&[name]),
            signed: mail.signed.with_label_values(&[name]),
            messages: MessageEnd::ALL.map(|end| mail.messages.with_label_values(&[name, end.as_str()])),
            duration: mail.duration.with_label_values(&[name]),
            all: Arc::clone(all),
        }
    }

    /// Counts a finished message.
    pub fn observe(&self, record: &Record) {
        for (end, messages) in MessageEnd::ALL.iter().zip(&self.messages) {
            messages.inc_by(u64::from(*end == record.end));
        }
        self.duration.observe(record.duration.as_secs_f64());
        let report = &record.report;
        let reasons = report.reasons.iter().map(|reason| (reason.filter, &*reason.code));
        let failures = report.failures.iter().map(|failure| (failure.filter, failure.code));
        let codes = reasons.chain(failures);
        for (filter, code) in codes.clone() {
            self.all.mail.verdicts.with_label_values(&[filter, record.end.as_str(), code]).inc();
        }
        self.all.checks.observe(record);
        self.all.signing.observe(record);
        if !matches!(record.end, MessageEnd::Accept | MessageEnd::Quarantine) {
            return;
        }
        self.recipients.inc_by(record.rcpt_count as u64);
        self.octets.inc_by(record.size);
        if report.signatures.is_empty() {
            self.all.signing.count_unsigned(codes);
        } else {
            self.signed.inc();
        }
    }
}
