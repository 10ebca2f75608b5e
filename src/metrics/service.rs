//! The metrics of the service itself: its configuration, its log, and connections that failed.

use super::group::metric_group;

/// Kinds of failed connections beside [`postseal_protocol::Error::KINDS`].
const CONNECTION_FAILURES: [&str; 5] = ["idle_timeout", "slow_packet", "io", "accept", "panic"];

metric_group! {
    /// The metrics of the service itself.
    ServiceMetrics {
        protocol_errors: IntCounterVec = "postseal_protocol_errors_total" ["kind"]
            "MTA connections that ended out of order.";
        config_reloads: IntCounterVec = "postseal_config_reloads_total" ["outcome"]
            "Reloads of the configuration.";
        config_last_reload: Gauge = "postseal_config_last_reload_timestamp_seconds" []
            "When the configuration in force was loaded.";
        config_last_reload_successful: IntGauge = "postseal_config_last_reload_successful" []
            "1 if the last reload succeeded, 0 if the configuration before it is still in force.";
        connections_limit: IntGauge = "postseal_connections_limit" []
            "limits.connections.";
        log_dropped: IntCounter = "postseal_log_dropped_total" []
            "Log lines that could not be written.";
    }
}

impl ServiceMetrics {
    /// Starts at 0 the series that can be foreseen.
    pub(super) fn begin(&self) {
        for kind in postseal_protocol::Error::KINDS.iter().chain(&CONNECTION_FAILURES) {
            self.protocol_errors.with_label_values(&[kind]);
        }
        for outcome in ["success", "failure"] {
            self.config_reloads.with_label_values(&[outcome]);
        }
    }
}
