//! The state that the connections of a listener share: metrics, log, warnings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use postseal_filters::{Pipeline, Record};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{Closed, ConnectionBounds, ConnectionObserver};
use crate::log::{Log, Throttle};
use crate::metrics::{ListenerMetrics, Metrics};

const WARNING_PAUSE: Duration = Duration::from_secs(10);

/// The state that the connections of all listeners share.
pub struct SharedAdmission {
    /// Bounds for connections that are opened from now on.
    pub bounds: ArcSwap<ConnectionBounds>,
    /// The metrics of the service.
    pub metrics: Arc<Metrics>,
    /// The log.
    pub log: Log,
    /// The memory of the status page, if there is one.
    pub status: Option<Arc<dyn ConnectionObserver>>,
    /// One for each connection that may be open.
    pub permits: Arc<Semaphore>,
}

/// One listener, as its connections, probes and the status page see it.
pub struct ListenerState {
    name: Arc<str>,
    /// The filters for connections that are opened from now on.
    pub pipeline: ArcSwap<Pipeline>,
    pub(super) shared: Arc<SharedAdmission>,
    pub(super) metrics: ListenerMetrics,
    pub(super) up: AtomicBool,
    pub(super) warnings: Warnings,
}

pub(super) struct Warnings {
    pub(super) accept: Throttle,
    pub(super) full: Throttle,
    pub(super) file: Throttle,
    closed: Throttle,
}

impl ListenerState {
    /// A listener of that name.
    pub fn new(shared: Arc<SharedAdmission>, name: &str, pipeline: Arc<Pipeline>) -> Arc<Self> {
        let throttle = || Throttle::new(WARNING_PAUSE);
        Arc::new(Self {
            name: name.into(),
            pipeline: ArcSwap::new(pipeline),
            metrics: shared.metrics.listener(name),
            shared,
            up: AtomicBool::new(true),
            warnings: Warnings { accept: throttle(), full: throttle(), file: throttle(), closed: throttle() },
        })
    }

    /// The name in configuration, log and metrics.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// False while MTAs can't reach it because its socket file can't be restored.
    pub fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Connections that are open.
    pub fn open(&self) -> i64 {
        self.metrics.open.get()
    }

    /// Counts the end of a connection, and warns if an operator can do something about it.
    pub(super) fn closed(&self, closed: &Closed) {
        let (kind, error): (&str, &dyn std::fmt::Display) = match closed {
            Closed::ByMta | Closed::Drained => return,
            Closed::Idle => ("idle_timeout", &"the MTA said nothing for limits.idle_timeout"),
            Closed::SlowPacket => ("slow_packet", &"a packet took longer than limits.frame_timeout"),
            Closed::Protocol(error) => (error.kind(), error),
            Closed::Io(error) => ("io", error),
        };
        self.shared.metrics.protocol_error(kind);
        if matches!(closed, Closed::Protocol(_) | Closed::SlowPacket)
            && let Some(suppressed) = self.warnings.closed.pass()
        {
            tracing::warn!(event = "protocol_error", listener = self.name(), kind, suppressed, "{error}");
        } else {
            tracing::debug!(event = "closed", listener = self.name(), kind, "{error}");
        }
    }
}

impl ConnectionObserver for ListenerState {
    fn message(&self, record: Record) {
        self.metrics.observe(&record);
        self.shared.log.message(&record);
        if let Some(status) = &self.shared.status {
            status.message(record);
        }
    }
}

/// An open connection, counted until it is dropped.
pub(super) struct OpenConnection {
    pub(super) state: Arc<ListenerState>,
    _permit: OwnedSemaphorePermit,
}

impl OpenConnection {
    pub(super) fn new(state: Arc<ListenerState>, permit: OwnedSemaphorePermit) -> Self {
        state.metrics.connections.inc();
        state.metrics.open.inc();
        Self { state, _permit: permit }
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.state.metrics.open.dec();
        // The runtime ends the task and the socket is closed. The MTA takes that for a temporary failure.
        if std::thread::panicking() {
            self.state.shared.metrics.protocol_error("panic");
            tracing::error!(event = "connection_panicked", listener = self.state.name(), "a connection was lost");
        }
    }
}
