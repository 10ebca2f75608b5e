//! Which filters there are, in which order: the pipelines of all listeners, built from a configuration.

mod dkim;
mod header_checks;
mod rate_limit;
mod sender;

use std::sync::Arc;

use postseal_filters::{Filter, MessageBounds, OnError, Pipeline, PipelineEntry, PipelineSettings};

use crate::clock::SystemClock;
use crate::config::{Config, ConfigError, ListenerConfig, LoadedConfig};
use crate::services::Services;

pub use dkim::SigningKeys;

/// All filters, in the order in which they see a message. Rate limits come first: a message that they refuse costs
/// nothing more. The signer comes behind all filters that edit, since it signs the message as they leave it. Behind the
/// signer stand only filters that change nothing.
const FILTERS: [Build; 5] =
    [rate_limit::build, header_checks::build, sender::build, dkim::build, sender::build_alignment];

/// Builds a filter from the configuration; `None` if it is not configured.
type Build = fn(&mut LoadedConfig, &Services) -> Result<Option<BuiltFilter>, ConfigError>;

/// Makes the entry in the pipeline of a listener; `None` if the filter has nothing to do there.
type EntryFor = dyn Fn(&ListenerConfig) -> Option<PipelineEntry>;

/// A filter as it is configured.
struct BuiltFilter {
    entry: Box<EntryFor>,
    /// The keys that the filter signs with.
    keys: Option<SigningKeys>,
}

impl BuiltFilter {
    /// One filter, shared by all listeners.
    fn shared(filter: impl Filter + 'static, on_error: OnError) -> Self {
        let filter: Arc<dyn Filter> = Arc::new(filter);
        let entry = move |_: &ListenerConfig| Some(PipelineEntry { filter: Arc::clone(&filter), on_error });
        Self { entry: Box::new(entry), keys: None }
    }
}

/// The filters of every listener, in the order of the configuration.
pub struct Pipelines {
    /// One for each listener.
    pub pipelines: Vec<Arc<Pipeline>>,
    /// The keys that the filters sign with, if any of them does.
    pub keys: Option<SigningKeys>,
}

impl Pipelines {
    /// Builds all filters. Reads the files that they need, and adds what is unwise to the warnings. The keys are not used
    /// before [`SigningKeys::put_in_force`].
    ///
    /// # Errors
    /// Every listed key that can't be used, and everything that does not fit together.
    pub fn build(loaded: &mut LoadedConfig, services: &Services) -> Result<Self, ConfigError> {
        let mut filters = Vec::with_capacity(FILTERS.len());
        // From the last to the first: rate limits open the store, which is not done for a configuration that can't be used.
        for build in FILTERS.iter().rev() {
            filters.extend(build(loaded, services)?);
        }
        filters.reverse();
        let keys = filters.iter_mut().find_map(|filter| filter.keys.take());
        let config = &loaded.config;
        let pipelines = config.listener.iter().map(|listener| pipeline(config, listener, &filters));
        Ok(Self { pipelines: pipelines.collect(), keys })
    }
}

fn pipeline(config: &Config, listener: &ListenerConfig, filters: &[BuiltFilter]) -> Arc<Pipeline> {
    let settings = PipelineSettings {
        listener: listener.name.as_str().into(),
        role: listener.role,
        mta: listener.mta.kind(),
        origin: config.origin.policy(),
        bounds: MessageBounds {
            header_octets: config.limits.header_size.bytes(),
            header_fields: config.limits.header_fields,
            recipients: config.limits.recipients,
            envelope_octets: config.limits.envelope_size.bytes(),
            header_edits: config.limits.header_edits,
            reasons: config.limits.reasons,
        },
        clock: Arc::new(SystemClock),
    };
    let entries = filters.iter().filter_map(|filter| (filter.entry)(listener)).collect();
    Arc::new(Pipeline::new(settings, entries))
}
