//! The metrics of header checks and of the check for alignment.

use postseal_filters::header_checks::{Check, CheckAction, HeaderChecks};
use postseal_filters::sender::AlignmentFilter;
use postseal_filters::{Alignment, AlignmentMode, MessageEnd, Record};
use prometheus::IntCounter;

use super::group::metric_group;

metric_group! {
    /// The metrics of header checks and of the check for alignment.
    CheckMetrics {
        findings: IntCounterVec = "postseal_header_check_total" ["check", "action"]
            "Findings of header checks.";
        alignment: IntCounterVec = "postseal_alignment_total" ["dkim", "envelope"]
            "Messages of ours accepted, by what a receiver finds aligned with From.";
    }
}

impl CheckMetrics {
    /// Starts at 0 the series of a filter beside its reason codes.
    pub(super) fn expect(&self, filter: &str, codes: &[String]) {
        if filter == AlignmentFilter::NAME {
            let modes = [None, Some(AlignmentMode::Relaxed), Some(AlignmentMode::Strict)];
            for dkim in modes {
                modes.iter().for_each(|envelope| drop(self.alignment(dkim, *envelope)));
            }
        }
        if filter == HeaderChecks::NAME {
            let checks = codes.iter().filter(|code| Check::ALL.iter().any(|check| check.as_str() == **code));
            for (check, action) in checks.flat_map(|check| CheckAction::LABELS.map(|action| (check, action))) {
                self.findings.with_label_values(&[check.as_str(), action]);
            }
        }
    }

    pub(super) fn observe(&self, record: &Record) {
        for note in &record.report.checks {
            self.findings.with_label_values(&[note.check, note.action]).inc();
        }
        if let (MessageEnd::Accept, Some(Alignment { dkim, envelope })) = (record.end, record.report.alignment) {
            self.alignment(dkim, envelope).inc();
        }
    }

    fn alignment(&self, dkim: Option<AlignmentMode>, envelope: Option<AlignmentMode>) -> IntCounter {
        self.alignment.with_label_values(&[dkim, envelope].map(AlignmentMode::word))
    }
}
