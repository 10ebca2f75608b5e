//! From configuration to filters: the only list of filters.

use std::sync::Arc;

use postseal_filters::{Clock, Pipeline};

use crate::clock::SystemClock;
use crate::config::Loaded;

/// The filters of every listener, in the order of the configuration.
pub struct Pipelines {
    /// One for each listener.
    pub pipelines: Vec<Arc<Pipeline>>,
}

impl Pipelines {
    /// Builds them.
    pub fn build(loaded: &Loaded) -> Self {
        let config = &loaded.config;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let limits = postseal_filters::pipeline::MessageLimits {
            header_octets: config.limits.header_size.bytes(),
            header_fields: config.limits.header_fields,
            recipients: config.limits.recipients,
        };
        let pipeline = |listener: &crate::config::Listener| {
            let settings = postseal_filters::pipeline::Settings {
                listener: listener.name.as_str().into(),
                role: listener.role,
                origin: config.origin.policy(),
                limits,
                clock: Arc::clone(&clock),
            };
            Arc::new(Pipeline::new(settings, Vec::new()))
        };
        Self { pipelines: config.listener.iter().map(pipeline).collect() }
    }
}
