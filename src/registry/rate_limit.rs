//! Builds the rate limits: reads their tables and opens the store.

use std::path::Path;
use std::sync::Arc;

use postseal_filters::rate_limit::{self, LimitRule, LimitWatcher, RateLimitFilter};
use postseal_filters::{Clock as _, OnError, PipelineEntry};

use super::BuiltFilter;
use crate::clock::SystemClock;
use crate::config::{ConfigError, KeyPath, ListenerConfig, LoadedConfig};
use crate::services::Services;

/// The store is opened only if there are rules; that may block.
pub(super) fn build(loaded: &mut LoadedConfig, services: &Services) -> Result<Option<BuiltFilter>, ConfigError> {
    let rules = rules(loaded)?;
    if rules.is_empty() {
        return Ok(None);
    }
    let observer = Arc::clone(&services.limits);
    let store = services.store.open(loaded, observer.metrics())?;
    observer.expect(&rules);
    observer.seen.fill(&*store, SystemClock.steady_millis());
    let entry = move |listener: &ListenerConfig| {
        let observer = Arc::clone(&observer) as Arc<dyn LimitWatcher>;
        let filter = RateLimitFilter::for_listener(&listener.name, &rules, Arc::clone(&store), observer)?;
        Some(PipelineEntry { filter: Arc::new(filter), on_error: OnError::Tempfail })
    };
    Ok(Some(BuiltFilter { entry: Box::new(entry), keys: None }))
}

/// The rules of a configuration. Reads the tables that it names.
fn rules(loaded: &mut LoadedConfig) -> Result<Vec<Arc<LimitRule>>, ConfigError> {
    let settings = loaded.config.rate_limit.clone();
    let key = KeyPath::new(["rate_limit"]);
    let mut read = |path: &Path| match loaded.read_table(&key, path) {
        Ok((_, text)) => Ok(text),
        Err(problem) => Err(problem.reason),
    };
    let rules = rate_limit::plan(&settings, &mut read).map_err(|errors| loaded.invalid(errors))?;
    Ok(rules.into_iter().map(Arc::new).collect())
}
