//! Reports events over HTTP: one JSON object in each POST, in the order of the events, from a bounded queue.
//!
//! The code that reports an event never waits. An event that can't be delivered is tried again with growing pauses, and
//! dropped after the last attempt. Events that do not fit into the queue are dropped. All of it is counted.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, Response, StatusCode};
use prometheus::IntCounterVec;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use crate::config::webhook::{Webhook, WebhookUrl};
use crate::http_client::{Failure, exchange};
use crate::tls::client_config;

const SENT: &str = "sent";
const FAILED: &str = "failed";
const DROPPED: &str = "dropped";
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// The way to the receiver.
pub struct Sender {
    queue: mpsc::Sender<String>,
    outcomes: IntCounterVec,
}

impl Sender {
    /// Starts to send; events are ignored if the settings have no address. Needs a runtime.
    pub fn start(settings: &Webhook, token: Option<String>, outcomes: IntCounterVec) -> Option<Self> {
        let url = settings.url.clone()?;
        let (queue, events) = mpsc::channel(settings.queue.max(1));
        let (timeout, retries) = (settings.timeout, settings.retries);
        let task = Task { url, token, timeout, retries, outcomes: outcomes.clone() };
        tokio::spawn(task.run(events));
        Some(Self { queue, outcomes })
    }

    /// Queues an event, if there is room.
    pub fn send(&self, json: String) {
        if self.queue.try_send(json).is_err() {
            self.outcomes.with_label_values(&[DROPPED]).inc();
        }
    }
}

struct Task {
    url: WebhookUrl,
    token: Option<String>,
    timeout: Duration,
    retries: u32,
    outcomes: IntCounterVec,
}

impl Task {
    async fn run(self, mut events: mpsc::Receiver<String>) {
        while let Some(event) = events.recv().await {
            let outcome = match self.deliver(&event).await {
                Ok(()) => SENT,
                Err(reason) => {
                    let url = &*self.url.host;
                    tracing::warn!(event = "webhook", url, reason, "an event could not be delivered and is given up");
                    FAILED
                }
            };
            self.outcomes.with_label_values(&[outcome]).inc();
        }
    }

    /// Tries until the event is taken, refused for good, or tried often enough.
    async fn deliver(&self, event: &str) -> Result<(), String> {
        let mut pause = FIRST_PAUSE;
        let mut attempt = 0;
        loop {
            let reason = match timeout(self.timeout, self.post(event)).await {
                Ok(Ok(status)) if status.is_success() => return Ok(()),
                Ok(Ok(status)) if !worth_another(status) => return Err(format!("answered {status}")),
                Ok(Ok(status)) => format!("answered {status}"),
                Ok(Err(error)) => error.to_string(),
                Err(_) => format!("no answer within {:?}", self.timeout),
            };
            if attempt == self.retries {
                return Err(reason);
            }
            attempt += 1;
            sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    async fn post(&self, event: &str) -> Result<StatusCode, Failure> {
        let WebhookUrl { host, port, .. } = &self.url;
        let request = self.request(event)?;
        let status = async |response: Response<Incoming>| Ok(response.status());
        let tcp = TcpStream::connect((&**host, *port)).await?;
        if self.url.tls {
            let name = ServerName::try_from(host.clone())?;
            let stream = TlsConnector::from(client_config(None)?).connect(name, tcp).await?;
            exchange(stream, request, status).await
        } else {
            exchange(tcp, request, status).await
        }
    }

    fn request(&self, event: &str) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let WebhookUrl { host, port, path, .. } = &self.url;
        let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut request = Request::post(path)
            .header(HOST, host)
            .header(USER_AGENT, concat!("postseal/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        request.body(Full::new(Bytes::from(event.to_owned())))
    }
}

/// Whether another attempt may end otherwise.
fn worth_another(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

/// The outcomes of events, for metrics.
pub const OUTCOMES: [&str; 3] = [SENT, FAILED, DROPPED];
