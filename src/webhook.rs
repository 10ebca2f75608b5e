//! Tells somebody over HTTP: one JSON object a POST, in the order of events, from a bounded queue.
//!
//! Whoever has something to tell never waits. An event that can't be delivered is tried again with growing pauses, and
//! given up after the last; what does not fit into the queue meanwhile is dropped. All of it is counted.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use prometheus::IntCounterVec;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;

use crate::config::webhook::{Webhook, WebhookUrl};

/// The way to the receiver.
pub struct Sender {
    queue: mpsc::Sender<String>,
    outcomes: IntCounterVec,
}

impl Sender {
    /// Starts to send; nobody is told anything if the settings have no address. Needs a runtime.
    pub fn start(settings: &Webhook, token: Option<String>, outcomes: IntCounterVec) -> Option<Self> {
        let url = settings.url.clone()?;
        let (queue, events) = mpsc::channel(settings.queue.max(1));
        let (timeout, retries) = (settings.timeout, settings.retries);
        let task = Task { url, token, timeout, retries, outcomes: outcomes.clone() };
        tokio::spawn(task.run(events));
        Some(Self { queue, outcomes })
    }

    /// Tells of an event, if there is room.
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
                    tracing::warn!(
                        event = "webhook",
                        url,
                        reason,
                        "an event could not be delivered and is given up"
                    );
                    FAILED
                }
            };
            self.outcomes.with_label_values(&[outcome]).inc();
        }
    }

    /// Tries until it is taken, refused for good, or tried often enough.
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
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn post(&self, event: &str) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let WebhookUrl { host, port, .. } = &self.url;
        let tcp = TcpStream::connect((&**host, *port)).await?;
        if self.url.tls {
            let name = ServerName::try_from(host.clone())?;
            let stream = TlsConnector::from(tls()?).connect(name, tcp).await?;
            self.exchange(stream, event).await
        } else {
            self.exchange(tcp, event).await
        }
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        event: &str,
    ) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let WebhookUrl { host, port, path, .. } = &self.url;
        let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut request = Request::post(path)
            .header(HOST, host)
            .header(USER_AGENT, concat!("postseal/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json");
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let request = request.body(Full::new(Bytes::from(event.to_owned())))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driven = AbortOnDrop(tokio::spawn(async move { drop(connection.await) }));
        let status = sender.send_request(request).await?.status();
        drop(driven);
        Ok(status)
    }
}

/// A connection goes with whoever asked over it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Whether another attempt may end otherwise.
fn worth_another(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

/// Believes whom the system believes.
fn tls() -> io::Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    let builder = builder.with_platform_verifier().map_err(io::Error::other)?;
    Ok(Arc::new(builder.with_no_client_auth()))
}

/// What becomes of events, for metrics.
pub const OUTCOMES: [&str; 3] = [SENT, FAILED, DROPPED];
const SENT: &str = "sent";
const FAILED: &str = "failed";
const DROPPED: &str = "dropped";
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
