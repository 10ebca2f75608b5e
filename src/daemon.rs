//! The service: builds everything from the configuration, keeps it going, and ends it without losing mail.
//!
//! At the start it builds configuration, log, admin port, filters and listeners, and is ready when all of them work. Then
//! it follows [`Orders`], from signals or from a test. A reload puts a new configuration in force or changes nothing. An
//! order to stop drains the service: it is no longer ready and takes no new connections; connections without a message
//! in flight are closed at once, the others when their message has its final reply. After `limits.drain_timeout`, or at
//! the second order to stop, the remaining connections are cut; the MTAs then tell their clients to try again.

mod file_watch;
mod key_watch;
mod orders;
mod renew;

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use postseal_filters::Pipeline;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::admin::{self, AdminPort, AdminToken};
use crate::clock::since_epoch;
use crate::config::{Config, ConfigError, ConfigFlags, Level, ListenAddress};
use crate::connection::ConnectionObserver;
use crate::health::{Health, Phase};
use crate::listener::{BindError, Inherited, Listener, ListenerState, SharedAdmission};
use crate::log::Log;
use crate::metrics::{Metrics, open_files_limit};
use crate::notify::Notifier;
use crate::reload::{self, Prepared};
use crate::services::Services;
use crate::status::{ConfigFacts, Status};

pub use orders::{Commander, Orders};

use file_watch::FileWatch;
use key_watch::KeyWatch;
use renew::prepare;

/// Files that are open besides connections: listeners, log, admin port, keys that are read.
const OTHER_FILES: u64 = 100;
/// How long the end waits for the log.
const FLUSH_PATIENCE: Duration = Duration::from_secs(1);

/// Why the service does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration has mistakes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An address can't be bound.
    #[error("{what}: {source}")]
    Bind {
        /// The listener.
        what: String,
        /// The reason.
        source: BindError,
    },
    /// Two metrics of the same name.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// The system gives no thread.
    #[error("can't start a thread: {0}")]
    Thread(#[from] io::Error),
}

/// A running service.
pub struct Daemon {
    source: ConfigFlags,
    /// The configuration in force.
    config: Config,
    shared: Arc<SharedAdmission>,
    health: Arc<Health>,
    status: Option<Arc<Status>>,
    notifier: Arc<Notifier>,
    listeners: Vec<Arc<ListenerState>>,
    addresses: Vec<ListenAddress>,
    admin: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    accepting: JoinSet<()>,
    services: Arc<Services>,
    /// A clone for each thread that loads a configuration.
    loads: Arc<()>,
    keys: KeyWatch,
    files: FileWatch,
    /// Background tasks; they end with the service, however it ends.
    background: JoinSet<()>,
}

impl Daemon {
    /// Starts the service; it is ready when this returns. Log lines go to `sink`.
    ///
    /// # Errors
    /// If any part can't be started: half a service helps nobody.
    pub async fn start(
        source: ConfigFlags, mut inherited: Inherited, sink: impl Write + Send + 'static,
    ) -> Result<Self, StartError> {
        let metrics = Metrics::new()?;
        let services = Arc::new(Services::new(&metrics));
        let loads = Arc::default();
        let Prepared { loaded, pipelines, token, webhook_token } =
            prepare(&source, &services, &loads, None).await.map_err(io::Error::from)??;
        let mut files = FileWatch::new();
        files.follow(&loaded);
        let config = loaded.config;
        services.limits.set(&config, webhook_token);
        let log = Log::start(config.log.clone(), sink, metrics.log_dropped())?;
        log.install();
        let notifier = Arc::new(Notifier::from_environment());
        for warning in &loaded.warnings {
            tracing::warn!(event = "configuration", "{warning}");
        }
        let status = config.admin.status_page.then(|| Arc::new(Status::new(facts(&loaded.path, &config))));
        let shared = Arc::new(SharedAdmission {
            bounds: ArcSwap::from_pointee(reload::connection_bounds(&config.limits)),
            metrics: Arc::clone(&metrics),
            log,
            status: status.clone().map(|status| status as Arc<dyn ConnectionObserver>),
            permits: Arc::new(Semaphore::new(config.limits.connections)),
        });
        let health = Arc::default();
        let mut daemon = Self {
            source,
            shared,
            keys: KeyWatch::new(&metrics, &health),
            files,
            health,
            status,
            notifier,
            listeners: Vec::new(),
            addresses: Vec::new(),
            admin: None,
            stop: watch::Sender::new(false),
            accepting: JoinSet::new(),
            services,
            loads,
            background: JoinSet::new(),
            config,
        };
        daemon.open_admin(token).await?;
        daemon.expect_reasons(&pipelines.pipelines);
        let listeners = daemon.bind(pipelines.pipelines, &mut inherited).await?;
        // MTAs can connect by now, but no message is filtered before the keys are read.
        daemon.keys.follow(pipelines.keys).await;
        for listener in listeners {
            daemon.accepting.spawn(listener.run(daemon.stop.subscribe()));
        }
        daemon.opened(&inherited);
        Ok(daemon)
    }

    /// Counts every reason of these filters from zero.
    fn expect_reasons(&self, pipelines: &[Arc<Pipeline>]) {
        for (filter, codes) in pipelines.iter().flat_map(|pipeline| pipeline.reasons()) {
            self.shared.metrics.expect_reasons(filter, codes);
        }
    }

    /// Binds all listeners, each with its filters.
    async fn bind(
        &mut self, pipelines: Vec<Arc<Pipeline>>, inherited: &mut Inherited,
    ) -> Result<Vec<Listener>, StartError> {
        let mut listeners = Vec::new();
        for (settings, pipeline) in self.config.listener.iter().zip(pipelines) {
            let state = ListenerState::new(Arc::clone(&self.shared), &settings.name, pipeline);
            self.listeners.push(Arc::clone(&state));
            let listener = Listener::bind(state, settings.clone(), inherited).await;
            let listener = listener
                .map_err(|source| StartError::Bind { what: format!("listener `{}`", settings.name), source })?;
            self.addresses.push(listener.address());
            listeners.push(listener);
        }
        Ok(listeners)
    }

    async fn open_admin(&mut self, token: Option<AdminToken>) -> Result<(), StartError> {
        let base = self.source.config.parent().unwrap_or_else(|| Path::new(""));
        let source = admin::AdminSource {
            metrics: Arc::clone(&self.shared.metrics),
            health: Arc::clone(&self.health),
            status: self.status.clone(),
            services: Arc::clone(&self.services),
            token,
            has_socket: self.config.admin.socket.is_some(),
        };
        let admin = AdminPort::bind(&self.config.admin, base, source).await;
        let admin = admin.map_err(|source| StartError::Bind { what: "admin".to_owned(), source })?;
        self.admin = admin.address();
        self.background.spawn(admin.run());
        Ok(())
    }

    /// Reports to log, service manager, probes and metrics that the service is ready.
    fn opened(&mut self, inherited: &Inherited) {
        let metrics = &self.shared.metrics;
        metrics.configuration_loaded();
        let connections = self.config.limits.connections;
        metrics.service.connections_limit.set(i64::try_from(connections).unwrap_or(i64::MAX));
        let files = open_files_limit();
        if let Some(files) = files.filter(|files| *files < connections as u64 + OTHER_FILES) {
            tracing::warn!(
                event = "open_files",
                limit = files,
                connections,
                "the limit of open files is too low for limits.connections; raise it (LimitNOFILE= in systemd)"
            );
        }
        if !inherited.is_empty() {
            let names = inherited.names();
            tracing::warn!(event = "sockets_unused", names, "systemd has passed sockets that no listener uses");
        }
        for (listener, address) in self.listeners.iter().zip(&self.addresses) {
            tracing::info!(event = "listening", listener = listener.name(), %address, "waiting for MTAs");
        }
        if let Some(address) = self.admin {
            tracing::info!(event = "listening", listener = "admin", %address, "serving metrics and health");
        }
        self.health.set_listeners(self.listeners.clone());
        self.health.set_phase(Phase::Running);
        self.notifier.ready(&self.status());
        if let Some(period) = self.notifier.watchdog() {
            let notifier = Arc::clone(&self.notifier);
            self.background.spawn(async move {
                loop {
                    notifier.alive();
                    sleep(period / 2).await;
                }
            });
        }
        tracing::info!(event = "ready", version = env!("CARGO_PKG_VERSION"), "ready");
    }

    /// Addresses of the listeners, with the ports that the system chose.
    pub fn addresses(&self) -> &[ListenAddress] {
        &self.addresses
    }

    /// Address of the admin port.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Follows orders until the service has ended.
    pub async fn run(mut self, mut orders: Orders) {
        let mut preparing: Option<JoinHandle<Result<Prepared, ConfigError>>> = None;
        let reloads = orders.reloads();
        let mut changes = self.files.changes();
        loop {
            tokio::select! {
                () = orders.stopped() => break,
                () = reloads.notified(), if preparing.is_none() => preparing = Some(self.prepare()),
                Ok(()) = changes.changed(), if preparing.is_none() => preparing = Some(self.prepare()),
                prepared = finished(&mut preparing) => self.put_in_force(prepared).await,
            }
        }
        self.drain(&mut orders).await;
    }

    /// Ends the service: mail in flight first.
    async fn drain(mut self, orders: &mut Orders) {
        self.health.set_phase(Phase::Draining);
        self.notifier.stopping("finishing messages in flight");
        tracing::info!(event = "draining", open = self.open(), "stopping");
        self.stop.send_replace(true);
        while self.accepting.join_next().await.is_some() {}
        let all = u32::try_from(self.config.limits.connections).unwrap_or(u32::MAX);
        tokio::select! {
            _ = self.shared.permits.acquire_many(all) => {
                tracing::info!(event = "stopped", "every message in flight got its reply");
            }
            () = sleep(self.config.limits.drain_timeout) => {
                tracing::warn!(event = "stopped", cut = self.open(), "limits.drain_timeout is over; connections were cut");
            }
            () = orders.stopped_again() => {
                tracing::warn!(event = "stopped", cut = self.open(), "told twice to stop; connections were cut");
            }
        }
        self.services.store.close();
        self.background.shutdown().await;
        self.shared.log.flush(FLUSH_PATIENCE);
    }

    /// Connections open now.
    fn open(&self) -> usize {
        self.config.limits.connections.saturating_sub(self.shared.permits.available_permits())
    }

    fn status(&self) -> String {
        let addresses: Vec<String> = self.addresses.iter().map(ToString::to_string).collect();
        format!("waiting for MTAs on {}", addresses.join(", "))
    }
}

/// The facts of the status page about a configuration that is put in force now.
fn facts(path: &Path, config: &Config) -> ConfigFacts {
    let addresses = config.log.addresses || config.log.level >= Level::Debug;
    ConfigFacts { config: path.to_owned(), loaded: since_epoch(), addresses }
}

async fn finished<T>(task: &mut Option<JoinHandle<T>>) -> io::Result<T> {
    let Some(running) = task else { return std::future::pending().await };
    let result = running.await;
    *task = None;
    Ok(result?)
}
