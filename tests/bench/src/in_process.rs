//! A pipeline in this process, on a clock that stands still: what a filter costs without sockets around it.

use std::sync::Arc;
use std::time::Instant;

use postseal_filters::{
    Clock, Filter, MessageBounds, OnError, OriginPolicy, Pipeline, PipelineEntry, PipelineSettings, Role,
};

/// A pipeline of these filters, on a listener of this role, without limits that a message could reach.
pub(crate) fn pipeline(role: Role, filters: impl IntoIterator<Item = Arc<dyn Filter>>) -> Arc<Pipeline> {
    let settings = PipelineSettings {
        listener: "bench".into(),
        role,
        mta: None,
        origin: OriginPolicy { authenticated: true, networks: Vec::new(), macros: Vec::new() },
        bounds: MessageBounds {
            header_octets: 1 << 30,
            header_fields: 1 << 30,
            recipients: 100,
            ..MessageBounds::default()
        },
        clock: Arc::new(StandingStill(Instant::now())),
    };
    let entries = filters.into_iter().map(|filter| PipelineEntry { filter, on_error: OnError::Tempfail });
    Arc::new(Pipeline::new(settings, entries.collect()))
}

struct StandingStill(Instant);

impl Clock for StandingStill {
    fn unix_seconds(&self) -> u64 {
        1_700_000_000
    }

    fn steady_millis(&self) -> u64 {
        self.unix_seconds() * 1000
    }

    fn instant(&self) -> Instant {
        self.0
    }
}
