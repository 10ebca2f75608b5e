//! The metrics of the stores that count.

use super::MESSAGE_BUCKETS;
use super::group::metric_group;

metric_group! {
    /// The metrics of all stores.
    AllStoresMetrics {
        keys: IntGaugeVec = "postseal_store_keys" ["store"]
            "Counters that a store in this process holds; nothing for Redis, where DBSIZE tells.";
        blocked_keys: IntGaugeVec = "postseal_store_blocked_keys" ["store"]
            "Counters whose key is blocked.";
        evictions: IntCounterVec = "postseal_store_evictions_total" ["store"]
            "Counters that were forgotten because store.max_keys was reached; nothing for Redis.";
        errors: IntCounterVec = "postseal_store_errors_total" ["store", "kind"]
            "Failed calls of a store.";
        duration: HistogramVec = "postseal_store_duration_seconds" ["store"]
            "Time of a store's calls." in MESSAGE_BUCKETS;
        breakers_open: IntGaugeVec = "postseal_store_breakers_open" ["store"]
            "Servers of the store that failed and are left alone until they answer again.";
    }
}
