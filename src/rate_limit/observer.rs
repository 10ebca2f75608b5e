//! Decisions and breaches of limits, as metrics, log lines and events of the webhook.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use postseal_filters::Clock as _;
use postseal_filters::network::Network;
use postseal_filters::rate_limit::{Breach, DecidedRule, LimitRule, LimitWatcher, RuleDecision};
use postseal_filters::store::{FOR_EVER, Store};
use tokio::sync::Mutex;

use super::seen::{Near, NearKeys};
use crate::clock::{SystemClock, rfc3339, since_epoch};
use crate::config::webhook::Webhook;
use crate::config::{Config, Level};
use crate::log::shorten;
use crate::metrics::Metrics;
use crate::webhook;

/// Counts decisions, and reports breaches.
pub struct LimitObserver {
    metrics: Arc<Metrics>,
    /// Whether the log may show addresses in full.
    full: AtomicBool,
    rules: ArcSwap<Vec<Arc<LimitRule>>>,
    hook: ArcSwapOption<Hook>,
    /// The keys that are nearest to their limits.
    pub(crate) seen: NearKeys,
    /// Held while a list of counters is made, so that only one at a time takes memory.
    pub(super) listing: Mutex<()>,
}

/// The webhook, and the settings that it was made from.
struct Hook {
    settings: Webhook,
    token: Option<String>,
    sender: webhook::Sender,
}

impl LimitObserver {
    /// An observer that counts in these metrics.
    pub fn new(metrics: Arc<Metrics>) -> Arc<Self> {
        let (rules, hook) = (ArcSwap::default(), ArcSwapOption::empty());
        for outcome in webhook::OUTCOMES {
            metrics.limits.webhook.with_label_values(&[outcome]);
        }
        let (full, seen) = (AtomicBool::new(false), NearKeys::default());
        Arc::new(Self { metrics, full, rules, hook, seen, listing: Mutex::new(()) })
    }

    /// The metrics that count the decisions.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Puts a configuration in force. Needs a runtime.
    pub fn set(&self, config: &Config, token: Option<String>) {
        self.full.store(config.log.addresses || config.log.level >= Level::Debug, Ordering::Relaxed);
        let same = |hook: &Arc<Hook>| hook.settings == config.webhook && hook.token == token;
        if !self.hook.load().as_ref().is_some_and(same) {
            let outcomes = self.metrics.limits.webhook.clone();
            let sender = webhook::Sender::start(&config.webhook, token.clone(), outcomes);
            let hook = sender.map(|sender| Hook { settings: config.webhook.clone(), token, sender });
            self.hook.store(hook.map(Arc::new));
        }
    }

    /// Puts rules in force: each decision that they can make is counted from zero.
    pub fn expect(&self, rules: &[Arc<LimitRule>]) {
        for rule in rules {
            for outcome in [RuleDecision::Pass, RuleDecision::Over(rule.action()), RuleDecision::Blocked] {
                self.metrics.limits.decisions.with_label_values(&[&**rule.name(), outcome.as_str()]);
            }
            self.metrics.limits.breaches.with_label_values(&[&**rule.name()]);
        }
        self.rules.store(Arc::new(rules.to_vec()));
    }

    /// The keys that are blocked, then those nearest to their limits; addresses are shortened as in the log. Counters
    /// in this process are read; for those in a remote store, the last value that this instance has seen counts.
    pub(crate) fn nearest(&self, store: &dyn Store, now: u64) -> Vec<(String, Near)> {
        let found = self.seen.look(store.local(), now);
        found.into_iter().map(|(key, near)| (self.shown(&key).into_owned(), near)).collect()
    }

    /// The counters that a text names: `RULE:VALUES`, or values alone, under every rule that can have them.
    ///
    /// # Errors
    /// The reason why no message can have such a key.
    pub fn counters(&self, text: &str) -> Result<Vec<String>, String> {
        let rules = self.rules.load();
        if let Some((rule, values)) = named(&rules, text) {
            let counter = rule.typed_counter(values);
            return counter.map(|counter| vec![counter]).map_err(|error| format!("the key {error}"));
        }
        if let Some(word) = rule_word(text) {
            let names: Vec<_> = rules.iter().map(|rule| &**rule.name()).collect();
            let about = format!("no rule is named {word}; the rules are {}", names.join(", "));
            return Err(format!("{about}. A key that has a colon is written RULE:{text}"));
        }
        let mut counters = Vec::new();
        let mut reasons = Vec::new();
        for rule in &**rules {
            match rule.typed_counter(text) {
                Ok(counter) => counters.push(counter),
                Err(error) => reasons.push(format!("{}: the key {error}", rule.name())),
            }
        }
        match counters.is_empty() {
            true => Err(format!("no rule has such a key; write RULE:VALUE ({})", reasons.join("; "))),
            false => Ok(counters),
        }
    }

    /// The beginning of names of counters that a text means.
    pub fn prefix(&self, text: &str) -> String {
        match named(&self.rules.load(), text) {
            Some((rule, values)) => rule.typed_prefix(values),
            None => text.to_owned(),
        }
    }

    /// Whether the log may show addresses in full.
    pub fn shows_in_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// The name of a counter as the log may show it. A login name without a domain is no address.
    pub fn shown<'a>(&self, key: &'a str) -> Cow<'a, str> {
        if self.shows_in_full() || !key.contains('@') {
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

/// What stands before the colon of a key, where a rule should be named. The address of a client has colons too, and so may
/// the quoted or routed address of a sender.
fn rule_word(text: &str) -> Option<&str> {
    let (word, _) = text.split_once(':')?;
    let is_name = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    let first = text.split(',').next().unwrap_or(text);
    (is_name && first.parse::<Network>().is_err()).then_some(word)
}

/// The rule that a text begins with, and the values behind it.
fn named<'a>(rules: &'a [Arc<LimitRule>], text: &'a str) -> Option<(&'a LimitRule, &'a str)> {
    let (name, values) = text.split_once(':')?;
    rules.iter().find(|rule| **rule.name() == *name).map(|rule| (&**rule, values))
}

impl LimitWatcher for LimitObserver {
    fn decided(&self, decided: &DecidedRule<'_>) {
        self.metrics.limits.decisions.with_label_values(&[decided.rule, decided.outcome.as_str()]).inc();
        let now = SystemClock.steady_millis();
        if decided.outcome == RuleDecision::Blocked {
            self.seen.blocked(decided.counter, decided.wait.map_or(FOR_EVER, |wait| now + wait));
        } else {
            let (limit, used) = (decided.limit, decided.used);
            self.seen.note(decided.counter, Near { limit: Some(limit), used, at: now, blocked_until: 0 }, now);
        }
    }

    fn breached(&self, breach: &Breach) {
        self.metrics.limits.breaches.with_label_values(&[&*breach.rule]).inc();
        if let Some(time) = breach.block {
            let millis = u64::try_from(time.as_millis()).unwrap_or(FOR_EVER);
            self.seen.blocked(&breach.key, SystemClock.steady_millis().saturating_add(millis));
        }
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
        if let Some(hook) = &*self.hook.load() {
            hook.sender.send(event(breach));
        }
    }
}

/// A breach as JSON for the receiver of the webhook, with the key in full.
fn event(breach: &Breach) -> String {
    let event = serde_json::json!({
        "event": "rate_limit_breach",
        "time": rfc3339(since_epoch()),
        "rule": &*breach.rule,
        "key": breach.key,
        "limit": breach.limit,
        "count": breach.count.as_str(),
        "used": breach.used,
        "action": breach.action.as_str(),
        "block_seconds": breach.block.map(|time| time.as_secs()),
        "listener": &*breach.listener,
        "client": breach.client,
        "user": breach.user,
        "sender": breach.sender,
    });
    event.to_string()
}
