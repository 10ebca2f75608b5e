//! A listener with a filter of the test's own, inside this process.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use postseal::clock::SystemClock;
use postseal::config;
use postseal::connection::ConnectionBounds;
use postseal::listener::{Inherited, Listener, ListenerState, SharedAdmission};
use postseal::log::Log;
use postseal::metrics::Metrics;
use postseal_filters::pipeline::{MessageBounds, OnError, PipelineEntry, PipelineSettings};
use postseal_filters::{
    Context, Filter, FilterError, FilterSession, Message, Needs, OriginPolicy, Pipeline, Role, Steps,
};
use postseal_protocol::{Address, Verdict};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

use super::PATIENCE;

/// What the filter does at MAIL and at the end of the message.
#[derive(Clone, Copy)]
pub enum Behaviour {
    /// Panics for the reverse-path `<panic@example.com>`.
    Panic,
    /// Never comes back from MAIL.
    HangAtMail,
    /// Never comes back from the end of the message.
    HangAtEnd,
}

/// Limits that no test reaches by accident.
pub const LIMITS: ConnectionBounds = ConnectionBounds {
    protocol: postseal_protocol::WireBounds {
        frame: 1 << 20,
        macros: 256,
        macro_octets: 1 << 16,
        idle: Duration::from_secs(600),
        progress: Duration::from_secs(5),
    },
    frame_timeout: Duration::from_secs(600),
    filter_timeout: Duration::from_secs(600),
    end_of_message_timeout: Duration::from_secs(600),
    drain_idle: Duration::ZERO,
};

/// The listener, until it is dropped.
pub struct Inside {
    pub address: String,
    pub metrics: Arc<Metrics>,
    _runtime: Runtime,
    _stop: watch::Sender<bool>,
}

impl Inside {
    pub fn start(behaviour: Behaviour, limits: ConnectionBounds) -> Self {
        let runtime = Runtime::new().unwrap();
        let _inside = runtime.enter();
        let metrics = Metrics::new().unwrap();
        let log = Log::start(config::LogConfig::default(), io::sink(), metrics.log_dropped()).unwrap();
        let shared = Arc::new(SharedAdmission {
            bounds: ArcSwap::from_pointee(limits),
            metrics: Arc::clone(&metrics),
            log,
            status: None,
            permits: Arc::new(Semaphore::new(10)),
        });
        let filter = PipelineEntry { filter: Arc::new(Misbehaving(behaviour)), on_error: OnError::Tempfail };
        let settings = PipelineSettings {
            listener: "test".into(),
            role: Role::Submission,
            mta: None,
            origin: OriginPolicy { authenticated: true, networks: Vec::new(), macros: Vec::new() },
            bounds: MessageBounds::default(),
            clock: Arc::new(SystemClock),
        };
        let state = ListenerState::new(shared, "test", Arc::new(Pipeline::new(settings, vec![filter])));
        let settings = config::ListenerConfig {
            mta: config::ListenerMta::Auto,
            name: "test".to_owned(),
            address: "inet:127.0.0.1:0".parse().unwrap(),
            role: Role::Submission,
            mode: config::Mode::default(),
            group: None,
        };
        let listener = runtime.block_on(Listener::bind(state, settings, &mut Inherited::default())).unwrap();
        let address = listener.address().to_string();
        let stop = watch::Sender::new(false);
        runtime.spawn(listener.run(stop.subscribe()));
        Self { address, metrics, _runtime: runtime, _stop: stop }
    }

    pub fn metric(&self, sample: &str) -> f64 {
        let text = self.metrics.render().unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {sample} in\n{text}")).parse().unwrap()
    }

    /// Waits for a sample to have a value; for what has no other sign.
    pub fn wait_for_metric(&self, sample: &str, expected: f64) {
        let deadline = Instant::now() + PATIENCE;
        while self.metric(sample) != expected {
            assert!(Instant::now() < deadline, "{sample} is {}, not {expected}", self.metric(sample));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

struct Misbehaving(Behaviour);

impl Filter for Misbehaving {
    fn name(&self) -> &'static str {
        "misbehaving"
    }

    fn needs(&self) -> Needs {
        Needs { sees: Steps::MAIL, answers: Steps::MAIL, ..Needs::default() }
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(Self(self.0))
    }
}

#[async_trait]
impl FilterSession for Misbehaving {
    async fn mail(&mut self, _cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
        match self.0 {
            Behaviour::Panic if sender.mailbox() == b"panic@example.com" => panic!("as the test wants it"),
            Behaviour::HangAtMail => std::future::pending().await,
            _ => Ok(Verdict::Continue),
        }
    }

    async fn end_of_message(&mut self, _cx: &mut Context<'_>, _: &mut Message) -> Result<Verdict, FilterError> {
        match self.0 {
            Behaviour::HangAtEnd => std::future::pending().await,
            _ => Ok(Verdict::Continue),
        }
    }

    fn reset(&mut self) {}
}
