//! What limits come to, as metrics and log lines.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use postseal_filters::rate_limit::{Breach, Observer, Outcome, Rule};

use crate::config::{Config, Level};
use crate::log::shorten;
use crate::metrics::Metrics;

/// Counts decisions, and tells of breaches.
pub struct LimitObserver {
    metrics: Arc<Metrics>,
    /// Whether the log may show addresses in full.
    full: AtomicBool,
}

impl LimitObserver {
    /// An observer that counts there.
    pub fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self { metrics, full: AtomicBool::new(false) })
    }

    /// Where it counts.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Follows a configuration from now on.
    pub fn set(&self, config: &Config) {
        self.full.store(config.log.addresses || config.log.level >= Level::Debug, Ordering::Relaxed);
    }

    /// Rules that will be applied: what they can decide is counted from zero.
    pub fn expect(&self, rules: &[Arc<Rule>]) {
        for rule in rules {
            for outcome in [Outcome::Pass, Outcome::Over(rule.action()), Outcome::Blocked] {
                self.metrics.rate_limit.with_label_values(&[&**rule.name(), outcome.as_str()]);
            }
            self.metrics.rate_limit_breaches.with_label_values(&[&**rule.name()]);
        }
    }

    /// The name of a counter as the log may show it. A login name without a domain is no address.
    fn shown<'a>(&self, key: &'a str) -> Cow<'a, str> {
        if self.full.load(Ordering::Relaxed) || !key.contains('@') {
            return key.into();
        }
        let (rule, values) = key.split_once(':').unwrap_or(("", key));
        let short = |value: &str| {
            if value.contains('@') { shorten(value.as_bytes()) } else { value.to_owned() }
        };
        let values: Vec<String> = values.split(',').map(short).collect();
        format!("{rule}:{}", values.join(",")).into()
    }
}

impl Observer for LimitObserver {
    fn decided(&self, rule: &str, outcome: Outcome) {
        self.metrics.rate_limit.with_label_values(&[rule, outcome.as_str()]).inc();
    }

    fn breached(&self, breach: &Breach) {
        self.metrics.rate_limit_breaches.with_label_values(&[&*breach.rule]).inc();
        tracing::warn!(
            event = "rate_limit_breach",
            rule = &*breach.rule,
            key = &*self.shown(&breach.key),
            limit = breach.limit,
            count = breach.count.as_str(),
            action = breach.action.as_str(),
            block_seconds = breach.block.map_or(0, |time| time.as_secs()),
            listener = &*breach.listener,
            client = breach.client.map(|ip| ip.to_string()),
            "a sending limit is reached"
        );
    }
}
