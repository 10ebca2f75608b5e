//! Counters and times in Prometheus' text format. Names and labels are an interface: people's alerts depend on them.
//!
//! Labels are bounded by the configuration: mail never creates one. A signing domain that is not configured, or one
//! beyond the first hundred, is `other`. Everything that can be foreseen begins at 0, so that the first event is
//! visible to `rate()`. What happens per message goes through handles that were looked up once.

mod families;
mod listener;
mod process;
mod signatures;
mod snapshot;

use std::sync::Arc;

use arc_swap::ArcSwap;
use postseal_filters::header_checks::{Check, CheckAction};
use postseal_filters::{AlignmentMode, MessageEnd};
use prometheus::{
    Gauge, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder,
};

use crate::clock;

pub use listener::ListenerMetrics;
pub use process::open_files_limit;
pub use signatures::KeyLabel;
pub use snapshot::{Sample, Snapshot};

use families::Families;
use signatures::SignatureCounters;

/// All metrics of a service.
pub struct Metrics {
    registry: Registry,
    connections: IntCounterVec,
    connections_open: IntGaugeVec,
    connections_refused: IntCounterVec,
    messages: IntCounterVec,
    message_duration: HistogramVec,
    filter_verdicts: IntCounterVec,
    recipients: IntCounterVec,
    octets: IntCounterVec,
    dkim_keys: IntGauge,
    dkim_signatures: IntCounterVec,
    dkim_key_timestamp: IntGaugeVec,
    dkim_sign_duration: HistogramVec,
    signatures: ArcSwap<SignatureCounters>,
    signed: IntCounterVec,
    unsigned: IntCounterVec,
    alignment: IntCounterVec,
    protocol_errors: IntCounterVec,
    config_reloads: IntCounterVec,
    config_last_reload: Gauge,
    config_last_reload_successful: IntGauge,
    /// Key files that can't be used.
    pub key_files_broken: IntGauge,
    /// Connections that may be open at a time.
    pub connections_limit: IntGauge,
    /// Log lines that could not be written.
    pub log_dropped: IntCounter,
    /// Findings of header checks: `check`, `action`.
    pub header_check: IntCounterVec,
    /// Decisions of rate limits: `rule`, `outcome`.
    pub rate_limit: IntCounterVec,
    /// Keys that have reached a limit: `rule`.
    pub rate_limit_breaches: IntCounterVec,
    /// Events for the webhook: `outcome`.
    pub webhook: IntCounterVec,
    /// Counters that a store holds, all of them and those that are blocked: `store`.
    pub store_keys: IntGaugeVec,
    /// See above.
    pub store_blocked_keys: IntGaugeVec,
    /// Counters that had to go because there were too many: `store`.
    pub store_evictions: IntCounterVec,
    /// Failed calls of a store: `store`, `kind`.
    pub store_errors: IntCounterVec,
    /// Times of a store's calls: `store`.
    pub store_duration: HistogramVec,
    /// Servers of a store that are left alone: `store`.
    pub store_breakers_open: IntGaugeVec,
}

impl Metrics {
    /// All of them, at 0.
    ///
    /// # Errors
    /// If two metrics have the same name.
    pub fn new() -> prometheus::Result<Arc<Self>> {
        let registry = Registry::new();
        let new = Families::new(&registry);
        let dkim_signatures = new.counters(
            "postseal_dkim_signatures_total",
            "DKIM signatures made.",
            &["domain", "selector", "algorithm"],
        )?;
        let metrics = Self {
            connections: new.counters(
                "postseal_connections_total",
                "MTA connections served.",
                &["listener"],
            )?,
            connections_open: new.gauges(
                "postseal_connections_open",
                "MTA connections open now.",
                &["listener"],
            )?,
            connections_refused: new.counters(
                "postseal_connections_refused_total",
                "MTA connections closed at once because limits.connections was reached.",
                &["listener"],
            )?,
            messages: new.counters(
                "postseal_messages_total",
                "Messages, by how they ended.",
                &["listener", "verdict"],
            )?,
            recipients: new.counters(
                "postseal_recipients_total",
                "Recipients of accepted messages.",
                &["listener"],
            )?,
            octets: new.counters(
                "postseal_message_bytes_total",
                "Size of accepted messages, as far as it was looked at.",
                &["listener"],
            )?,
            message_duration: new.times(
                "postseal_message_duration_seconds",
                "Our time on a message, from its first command to the final reply.",
                &["listener"],
                &MESSAGE_BUCKETS,
            )?,
            filter_verdicts: new.counters(
                "postseal_filter_verdicts_total",
                "Findings of filters, with the verdict on the message.",
                &["filter", "verdict", "reason"],
            )?,
            signatures: ArcSwap::from_pointee(SignatureCounters::new(&dkim_signatures)),
            dkim_signatures,
            dkim_keys: new.int_gauge("postseal_dkim_keys", "Keys in use for signing.")?,
            key_files_broken: new.int_gauge(
                "postseal_dkim_key_files_broken",
                "Key files and folders that can't be used as they are; a key read before stays in use.",
            )?,
            dkim_key_timestamp: new.gauges(
                "postseal_dkim_key_timestamp_seconds",
                "When the file of a signing key in force was last changed, since 1970.",
                &["domain", "selector", "algorithm"],
            )?,
            dkim_sign_duration: new.times(
                "postseal_dkim_sign_duration_seconds",
                "Time to compute a signature.",
                &["algorithm"],
                &SIGN_BUCKETS,
            )?,
            signed: new.counters(
                "postseal_signed_total",
                "Messages accepted with a signature of ours.",
                &["listener"],
            )?,
            unsigned: new.counters(
                "postseal_unsigned_total",
                "Messages accepted without a signature of ours.",
                &["reason"],
            )?,
            alignment: new.counters(
                "postseal_alignment_total",
                "Messages of ours accepted, by what a receiver finds aligned with From.",
                &["dkim", "envelope"],
            )?,
            protocol_errors: new.counters(
                "postseal_protocol_errors_total",
                "MTA connections that ended out of order.",
                &["kind"],
            )?,
            config_reloads: new.counters(
                "postseal_config_reloads_total",
                "Reloads of the configuration.",
                &["outcome"],
            )?,
            config_last_reload: new.gauge(
                "postseal_config_last_reload_timestamp_seconds",
                "When the configuration in force was loaded.",
            )?,
            config_last_reload_successful: new.int_gauge(
                "postseal_config_last_reload_successful",
                "1 if the last reload succeeded, 0 if the configuration before it is still in force.",
            )?,
            connections_limit: new.int_gauge("postseal_connections_limit", "limits.connections.")?,
            log_dropped: new.counter("postseal_log_dropped_total", "Log lines that could not be written.")?,
            header_check: new.counters(
                "postseal_header_check_total",
                "Findings of header checks.",
                &["check", "action"],
            )?,
            rate_limit: new.counters(
                "postseal_rate_limit_total",
                "Decisions of rate limits.",
                &["rule", "outcome"],
            )?,
            rate_limit_breaches: new.counters(
                "postseal_rate_limit_breaches_total",
                "Keys that reached a limit, each counted once until it has kept to it for a window.",
                &["rule"],
            )?,
            webhook: new.counters(
                "postseal_webhook_total",
                "Events for the webhook, by what became of them.",
                &["outcome"],
            )?,
            store_keys: new.gauges(
                "postseal_store_keys",
                "Counters that a store in this process holds; nothing for Redis, where DBSIZE tells.",
                &["store"],
            )?,
            store_blocked_keys: new.gauges(
                "postseal_store_blocked_keys",
                "Counters whose key is blocked.",
                &["store"],
            )?,
            store_evictions: new.counters(
                "postseal_store_evictions_total",
                "Counters that were forgotten because store.max_keys was reached; nothing for Redis.",
                &["store"],
            )?,
            store_errors: new.counters(
                "postseal_store_errors_total",
                "Failed calls of a store.",
                &["store", "kind"],
            )?,
            store_duration: new.times(
                "postseal_store_duration_seconds",
                "Time of a store's calls.",
                &["store"],
                &MESSAGE_BUCKETS,
            )?,
            store_breakers_open: new.gauges(
                "postseal_store_breakers_open",
                "Servers of the store that failed and are left alone until they answer again.",
                &["store"],
            )?,
            registry,
        };
        metrics.begin()?;
        Ok(Arc::new(metrics))
    }

    /// What one listener counts.
    pub fn listener(self: &Arc<Self>, name: &str) -> ListenerMetrics {
        ListenerMetrics::new(self, name)
    }

    /// Reason codes that a filter can give, so that they begin at 0; it may also take too long.
    pub fn expect_reasons(&self, filter: &str, codes: impl IntoIterator<Item = impl AsRef<str>>) {
        if filter == ALIGNMENT {
            self.expect_alignment();
        }
        let codes = codes.into_iter().map(|code| code.as_ref().to_owned());
        for code in codes.chain(["deadline".to_owned()]) {
            for verdict in [MessageEnd::Accept, MessageEnd::Tempfail, MessageEnd::Reject] {
                self.filter_verdicts.with_label_values(&[filter, verdict.as_str(), &code]);
            }
            if filter == SIGNER {
                self.unsigned.with_label_values(&[&code]);
            }
            if filter == CHECKS && Check::ALL.iter().any(|check| check.as_str() == code) {
                for action in CheckAction::LABELS {
                    self.header_check.with_label_values(&[&*code, action]);
                }
            }
        }
    }

    /// Each result of the check for alignment.
    fn expect_alignment(&self) {
        let all = [None, Some(AlignmentMode::Relaxed), Some(AlignmentMode::Strict)].map(AlignmentMode::word);
        for (dkim, envelope) in all.iter().flat_map(|dkim| all.map(|envelope| (dkim, envelope))) {
            self.alignment.with_label_values(&[dkim, envelope]);
        }
    }

    /// The signing keys in force: the only ones that get labels of their own.
    pub fn expect_keys(&self, keys: Vec<KeyLabel>) {
        self.dkim_keys.set(i64::try_from(keys.len()).unwrap_or(i64::MAX));
        let next = self.signatures.load().next(keys, &self.dkim_signatures, &self.dkim_key_timestamp);
        self.signatures.store(Arc::new(next));
    }

    /// A connection has ended out of order.
    pub fn protocol_error(&self, kind: &str) {
        self.protocol_errors.with_label_values(&[kind]).inc();
    }

    /// A configuration has been loaded, at the start or by a reload.
    pub fn configuration_loaded(&self) {
        self.config_last_reload.set(clock::since_epoch().as_secs_f64());
        self.config_last_reload_successful.set(1);
    }

    /// A reload has ended.
    pub fn reloaded(&self, success: bool) {
        self.config_reloads.with_label_values(&[if success { "success" } else { "failure" }]).inc();
        if success {
            self.configuration_loaded();
        } else {
            self.config_last_reload_successful.set(0);
        }
    }

    /// All metrics in the text format, version 0.0.4.
    ///
    /// # Errors
    /// If a metric has no name or no samples.
    pub fn render(&self) -> prometheus::Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// All of them at this moment.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.registry.gather())
    }

    /// What begins at 0 whatever is configured.
    fn begin(&self) -> prometheus::Result<()> {
        for outcome in ["success", "failure"] {
            self.config_reloads.with_label_values(&[outcome]);
        }
        for kind in ERROR_KINDS {
            self.protocol_errors.with_label_values(&[kind]);
        }
        for algorithm in ["rsa-sha256", "ed25519-sha256"] {
            self.dkim_sign_duration.with_label_values(&[algorithm]);
        }
        for outcome in crate::webhook::OUTCOMES {
            self.webhook.with_label_values(&[outcome]);
        }
        self.expect_reasons("pipeline", PIPELINE_REASONS);
        let build = IntGauge::with_opts(
            Opts::new("postseal_build_info", "What is running.")
                .const_label("version", env!("CARGO_PKG_VERSION")),
        )?;
        build.set(1);
        self.registry.register(Box::new(build))?;
        self.registry.register(Box::new(process::Process::new()?))
    }
}

/// The filter whose silence makes a message an unsigned one.
const SIGNER: &str = "dkim";
/// The filter that tells what is aligned.
const ALIGNMENT: &str = "alignment";

/// The filter whose findings are counted by what was done about them.
const CHECKS: &str = "header_checks";

/// What the pipeline itself finds, around its filters.
const PIPELINE_REASONS: [&str; 3] = ["header_too_large", "too_many_recipients", "edit_refused"];

/// Why connections end out of order: `kind()` of the protocol's errors for the MTA's part, and our own.
const ERROR_KINDS: [&str; 14] = [
    "frame_empty",
    "frame_too_long",
    "unknown_command",
    "malformed_packet",
    "unexpected_command",
    "too_many_macros",
    "negotiate_version",
    "negotiate_actions",
    "negotiate_protocol",
    "idle_timeout",
    "slow_packet",
    "io",
    "accept",
    "panic",
];

/// 0.1 ms to 10 s: a signed message takes 0.3 ms, and an MTA waits for 10 s.
const MESSAGE_BUCKETS: [f64; 16] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// 10 us to 0.1 s: Ed25519 takes 20 us, RSA with 2048 bits 240 us.
const SIGN_BUCKETS: [f64; 13] =
    [1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1];

#[cfg(test)]
mod tests;
