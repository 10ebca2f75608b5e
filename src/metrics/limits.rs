//! The metrics of rate limits.

use super::group::metric_group;

metric_group! {
    /// The metrics of rate limits.
    LimitMetrics {
        decisions: IntCounterVec = "postseal_rate_limit_total" ["rule", "outcome"]
            "Decisions of rate limits.";
        breaches: IntCounterVec = "postseal_rate_limit_breaches_total" ["rule"]
            "Keys that reached a limit, each counted once until it has kept to it for a window.";
        webhook: IntCounterVec = "postseal_webhook_total" ["outcome"]
            "Events for the webhook, by what became of them.";
    }
}
