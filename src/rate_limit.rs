//! What the service does about limits beside applying them: reads their rules, counts what they decide, tells of
//! breaches.

pub mod answer;
mod observer;
mod seen;

use std::path::Path;
use std::sync::Arc;

use postseal_filters::rate_limit::{self, LimitRule, LimitWatcher, RateLimitFilter};
use postseal_filters::store::Store;
use postseal_filters::{Clock as _, OnError, PipelineEntry, Role};

use crate::clock::SystemClock;
use crate::config::{ConfigError, KeyPath, ListenerConfig, LoadedConfig, Problem};
use crate::registry::Services;

pub use observer::LimitObserver;

/// The rules of a configuration. Reads the tables that it names.
///
/// # Errors
/// Everything that does not fit together.
pub fn rules(loaded: &mut LoadedConfig) -> Result<Vec<Arc<LimitRule>>, ConfigError> {
    let settings = loaded.config.rate_limit.clone();
    let key = KeyPath::new(["rate_limit"]);
    let mut read = |path: &Path| match loaded.read_table(&key, path) {
        Ok((_, text)) => Ok(text),
        Err(problem) => Err(problem.reason),
    };
    match rate_limit::plan(&settings, &mut read) {
        Ok(rules) => Ok(rules.into_iter().map(Arc::new).collect()),
        Err(errors) => {
            let problem = |error: rate_limit::SettingsError| -> Problem {
                loaded.problem(KeyPath::new(error.key), error.reason)
            };
            Err(ConfigError::Invalid(errors.into_iter().map(problem).collect()))
        }
    }
}

/// Limits, where they are counted, and who is told.
pub struct RateLimits {
    rules: Vec<Arc<LimitRule>>,
    store: Arc<dyn Store>,
    observer: Arc<LimitObserver>,
}

impl RateLimits {
    /// The limits of a configuration, if it has any. Opens the store; may block.
    ///
    /// # Errors
    /// If the store needs a secret that is no good.
    pub fn new(
        rules: Vec<Arc<LimitRule>>,
        loaded: &mut LoadedConfig,
        services: &Services,
    ) -> Result<Option<Self>, ConfigError> {
        if rules.is_empty() {
            return Ok(None);
        }
        let store = services.store.open(loaded, services.limits.metrics())?;
        services.limits.expect(&rules);
        services.limits.seen.fill(&*store, SystemClock.steady_millis());
        Ok(Some(Self { rules, store, observer: Arc::clone(&services.limits) }))
    }

    /// The filter for a listener; none where no mail is ours, or no rule fits.
    pub fn entry(&self, listener: &ListenerConfig) -> Option<PipelineEntry> {
        if listener.role == Role::Mx {
            return None;
        }
        let observer = Arc::clone(&self.observer) as Arc<dyn LimitWatcher>;
        let store = Arc::clone(&self.store);
        let filter = RateLimitFilter::for_listener(&listener.name, &self.rules, store, observer)?;
        Some(PipelineEntry { filter: Arc::new(filter), on_error: OnError::Tempfail })
    }
}
