//! The status as JSON: one object that the page and `postseal top` draw.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use postseal_filters::{MessageEnd, SignatureNote, visible};
use serde::{Deserialize, Serialize};

use super::{MAX_MINUTES, Minute, RecentDecision, Standing, Status};
use crate::clock::{rfc3339, since_epoch};
use crate::health::Health;
use crate::log::{shorten, shorten_within};
use crate::metrics::{Metrics, Sample, Snapshot};
use crate::services::Services;
use crate::trace::Trace;

/// Signing keys in an answer.
const MAX_SHOWN_KEYS: usize = 500;
/// Reasons, and signatures, of a decision in the list.
const MAX_DECISION_ELEMENTS: usize = 20;

/// The status at one moment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct StatusReport {
    pub(crate) version: String,
    pub(crate) now: String,
    pub(crate) uptime_seconds: u64,
    /// The reason why the service takes no mail, if it takes none.
    pub(crate) unready: Option<String>,
    pub(crate) config: ConfigStatus,
    pub(crate) listeners: Vec<ListenerStatus>,
    /// The last hour; minutes without mail are left out.
    pub(crate) minutes: Vec<Counts>,
    /// Since the start.
    pub(crate) verdicts: BTreeMap<String, f64>,
    pub(crate) reasons: Vec<Sample>,
    pub(crate) signatures: Vec<Sample>,
    pub(crate) checks: Vec<Sample>,
    pub(crate) limits: Vec<Sample>,
    #[serde(flatten)]
    pub(crate) standing: Standing,
    pub(crate) unsigned: Vec<Sample>,
    pub(crate) keys: Vec<KeyStatus>,
    /// How many keys are not among them.
    #[serde(default)]
    pub(crate) more_keys: usize,
    /// Key files and folders that can't be used.
    pub(crate) key_files_broken: f64,
    /// The newest first.
    pub(crate) decisions: Vec<DecisionLine>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct ConfigStatus {
    pub(crate) path: String,
    pub(crate) age_seconds: u64,
    pub(crate) last_reload_successful: bool,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ListenerStatus {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) up: bool,
    pub(crate) open: i64,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Counts {
    /// Unix time at which the minute began.
    pub(crate) at: u64,
    pub(crate) verdicts: BTreeMap<String, u32>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct KeyStatus {
    pub(crate) domain: String,
    pub(crate) selector: String,
    pub(crate) algorithm: String,
    /// Time since the file was changed.
    pub(crate) age_seconds: Option<u64>,
}

/// A decision in one line.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct DecisionLine {
    pub(crate) number: u64,
    pub(crate) at: String,
    pub(crate) listener: String,
    pub(crate) queue_id: Option<String>,
    pub(crate) client: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) mail_from: String,
    pub(crate) rcpt_count: usize,
    pub(crate) size: u64,
    pub(crate) verdict: String,
    pub(crate) reasons: Vec<String>,
    pub(crate) signatures: Vec<String>,
    pub(crate) duration_us: u64,
}

impl Status {
    /// The status at this moment.
    pub(crate) fn report(&self, metrics: &Metrics, health: &Health, services: &Services) -> StatusReport {
        let facts = self.facts.load();
        let now = since_epoch();
        let (minutes, decisions) = self.with(|recent| (recent.minutes.clone(), recent.decisions.clone()));
        let first = (now.as_secs() / 60).saturating_sub(MAX_MINUTES as u64);
        let snapshot = metrics.snapshot();
        let age = |since: Duration| now.saturating_sub(since).as_secs();
        let (keys, more_keys) = KeyStatus::some(&snapshot, now);
        StatusReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            now: rfc3339(now),
            uptime_seconds: age(self.started),
            unready: health.unready(),
            config: ConfigStatus {
                path: facts.config.display().to_string(),
                age_seconds: age(facts.loaded),
                last_reload_successful: snapshot.value("postseal_config_last_reload_successful") != 0.0,
            },
            listeners: health.listeners(|listener| ListenerStatus {
                name: listener.name().to_owned(),
                role: listener.pipeline.load().role().as_str().to_owned(),
                up: listener.is_up(),
                open: listener.open(),
            }),
            minutes: minutes.iter().filter(|minute| minute.number > first).map(Counts::of).collect(),
            verdicts: verdicts(&snapshot),
            reasons: snapshot.nonzero("postseal_filter_verdicts_total"),
            signatures: snapshot.nonzero("postseal_dkim_signatures_total"),
            checks: snapshot.nonzero("postseal_header_check_total"),
            limits: snapshot.nonzero("postseal_rate_limit_total"),
            standing: Standing::of(services, &snapshot),
            unsigned: snapshot.nonzero("postseal_unsigned_total"),
            keys,
            more_keys,
            key_files_broken: snapshot.value("postseal_dkim_key_files_broken"),
            decisions: decisions.iter().rev().map(|decision| DecisionLine::of(decision, facts.addresses)).collect(),
        }
    }

    /// The reasons for a decision, if it is still known.
    pub fn why(&self, number: u64, health: &Health) -> Option<String> {
        let decision = self.decision(number)?;
        let record = &*decision.record;
        let filters = health.listeners(|listener| {
            let same = listener.name() == &*record.listener;
            same.then(|| listener.pipeline.load().filters().collect::<Vec<_>>())
        });
        let filters = filters.into_iter().flatten().next().unwrap_or_default();
        let full = self.facts.load().addresses;
        Some(Trace { record, filters: &filters, refused: &[], full }.to_string())
    }
}

impl Counts {
    fn of(minute: &Minute) -> Self {
        let counted = MessageEnd::ALL.iter().map(|summary| summary.as_str().to_owned()).zip(minute.verdicts);
        Self { at: minute.number * 60, verdicts: counted.filter(|(_, count)| *count > 0).collect() }
    }
}

impl KeyStatus {
    /// The first keys, and the number of the others.
    fn some(snapshot: &Snapshot, now: Duration) -> (Vec<Self>, usize) {
        let age = |since| now.saturating_sub(Duration::from_secs_f64(since)).as_secs();
        let status = |sample: Sample| Self {
            domain: sample.label("domain"),
            selector: sample.label("selector"),
            algorithm: sample.label("algorithm"),
            age_seconds: (sample.value > 0.0).then(|| age(sample.value)),
        };
        let mut samples = snapshot.all("postseal_dkim_key_timestamp_seconds");
        let keys = samples.by_ref().take(MAX_SHOWN_KEYS).map(status).collect();
        (keys, samples.count())
    }
}

/// The first elements of a list of a decision, and in words the number of the others.
fn first(mut list: impl Iterator<Item = String>, more: usize) -> Vec<String> {
    let mut shown: Vec<_> = list.by_ref().take(MAX_DECISION_ELEMENTS).collect();
    let more = more + list.count();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown
}

/// Messages of all listeners since the start, by how they ended.
fn verdicts(snapshot: &Snapshot) -> BTreeMap<String, f64> {
    let mut verdicts = BTreeMap::new();
    for sample in snapshot.all("postseal_messages_total") {
        *verdicts.entry(sample.label("verdict")).or_insert(0.0) += sample.value;
    }
    verdicts
}

impl DecisionLine {
    fn of(decision: &RecentDecision, full: bool) -> Self {
        let record = &*decision.record;
        let text = |bytes: &Bytes| visible(&String::from_utf8_lossy(bytes)).into_owned();
        let address = |bytes: &Bytes| if full { text(bytes) } else { visible(&shorten(bytes)).into_owned() };
        let user = |bytes: &Bytes| if full { text(bytes) } else { shorten_within(&text(bytes)) };
        let report = &record.report;
        let failures = report.failures.iter().map(|failure| format!("{}.{}", failure.filter, failure.code));
        let signature = |note: &SignatureNote| format!("{} {} {}", note.domain, note.selector, note.algorithm);
        Self {
            number: decision.number,
            at: rfc3339(decision.at),
            listener: record.listener.to_string(),
            queue_id: record.queue_id.as_ref().map(text),
            client: record.client.map(|client| client.to_string()),
            user: record.user.as_ref().map(user),
            mail_from: address(&record.mail_from),
            rcpt_count: record.rcpt_count,
            size: record.size,
            verdict: record.end.as_str().to_owned(),
            reasons: first(report.reasons.iter().map(ToString::to_string).chain(failures), report.more_reasons),
            signatures: first(report.signatures.iter().map(signature), 0),
            duration_us: u64::try_from(record.duration.as_micros()).unwrap_or(u64::MAX),
        }
    }
}
