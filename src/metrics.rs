//! Counters and times in Prometheus' text format. Names and labels are an interface: people's alerts depend on them.
//!
//! Labels are bounded by the configuration: mail never creates one. A signing domain that is not configured, or one
//! beyond the first hundred, is `other`. Everything that can be foreseen begins at 0, so that the first event is
//! visible to `rate()`. Each part of the service has its group of metrics, in a file of its own.

mod checks;
mod group;
mod limits;
mod mail;
mod process;
mod service;
mod signing;
mod snapshot;
mod store;

use std::sync::Arc;

use prometheus::{IntCounter, IntGauge, Opts, Registry, TextEncoder};

use crate::clock;

pub use mail::ListenerMetrics;
pub use process::open_files_limit;
pub use signing::KeyLabel;
pub use snapshot::{Sample, Snapshot};

use checks::CheckMetrics;
use limits::LimitMetrics;
use mail::MailMetrics;
use process::ProcessMetrics;
use service::ServiceMetrics;
use signing::SigningMetrics;
use store::AllStoresMetrics;

/// 0.1 ms to 10 s: a signed message takes 0.3 ms, and an MTA waits for 10 s.
const MESSAGE_BUCKETS: [f64; 16] =
    [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// All metrics of a service.
pub struct Metrics {
    registry: Registry,
    mail: MailMetrics,
    checks: CheckMetrics,
    process: ProcessMetrics,
    /// Of signatures and their keys.
    pub(crate) signing: SigningMetrics,
    /// Of rate limits.
    pub(crate) limits: LimitMetrics,
    /// Of all stores.
    pub(crate) store: AllStoresMetrics,
    /// Of the service itself.
    pub(crate) service: ServiceMetrics,
}

impl Metrics {
    /// All metrics, at 0.
    ///
    /// # Errors
    /// If two metrics have the same name.
    pub fn new() -> prometheus::Result<Arc<Self>> {
        let registry = Registry::new();
        let version = env!("CARGO_PKG_VERSION");
        let build = Opts::new("postseal_build_info", "What is running.").const_label("version", version);
        let build = IntGauge::with_opts(build)?;
        build.set(1);
        registry.register(Box::new(build))?;
        let metrics = Self {
            mail: MailMetrics::new(&registry)?,
            checks: CheckMetrics::new(&registry)?,
            process: ProcessMetrics::new(&registry)?,
            signing: SigningMetrics::new(&registry)?,
            limits: LimitMetrics::new(&registry)?,
            store: AllStoresMetrics::new(&registry)?,
            service: ServiceMetrics::new(&registry)?,
            registry,
        };
        metrics.service.begin();
        Ok(Arc::new(metrics))
    }

    /// The metrics of one listener.
    pub fn listener(self: &Arc<Self>, name: &str) -> ListenerMetrics {
        ListenerMetrics::new(self, name)
    }

    /// Starts at 0 the reason codes that a filter can give; each filter may also take too long.
    pub fn expect_reasons(&self, filter: &str, codes: impl IntoIterator<Item = impl Into<String>>) {
        let codes: Vec<String> = codes.into_iter().map(Into::into).chain(["deadline".to_owned()]).collect();
        self.mail.expect(filter, &codes);
        self.checks.expect(filter, &codes);
        self.signing.expect(filter, &codes);
    }

    /// Counts log lines that could not be written.
    pub fn log_dropped(&self) -> IntCounter {
        self.service.log_dropped.clone()
    }

    /// A connection has ended out of order.
    pub fn protocol_error(&self, kind: &str) {
        self.service.protocol_errors.with_label_values(&[kind]).inc();
    }

    /// A configuration has been loaded, at the start or by a reload.
    pub fn configuration_loaded(&self) {
        self.service.config_last_reload.set(clock::since_epoch().as_secs_f64());
        self.service.config_last_reload_successful.set(1);
    }

    /// A reload has ended.
    pub fn reloaded(&self, success: bool) {
        let outcome = if success { "success" } else { "failure" };
        self.service.config_reloads.with_label_values(&[outcome]).inc();
        if success {
            self.configuration_loaded();
        } else {
            self.service.config_last_reload_successful.set(0);
        }
    }

    /// All metrics in the text format, version 0.0.4.
    ///
    /// # Errors
    /// If a metric has no name or no samples.
    pub fn render(&self) -> prometheus::Result<String> {
        self.process.update();
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }

    /// All metrics at this moment.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self.registry.gather())
    }
}

#[cfg(test)]
mod tests;
