//! Where limits are counted: implementations of [`Store`](postseal_filters::store::Store) for the service.

mod metrics;
pub mod redis;

pub use metrics::StoreMetrics;
