//! The admin port: a small HTTP server for those who watch the service.
//!
//! `/metrics` for Prometheus, `/healthz` (also `/livez`) as long as the process turns, `/readyz` while it can take mail.
//! It only reads, and is up from before the first listener until the very end, so that a start or a shutdown that
//! takes its time can be told from a process that is dead.

mod health;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::config::Address;
use crate::listener::{BindError, bind_error};
use crate::log::Throttle;
use crate::metrics::Metrics;

pub use health::{Health, Phase};

/// The admin port, bound.
pub struct Admin {
    listener: TcpListener,
    source: Arc<Source>,
}

/// Where the answers come from.
struct Source {
    metrics: Arc<Metrics>,
    health: Arc<Health>,
}

impl Admin {
    /// Binds the port.
    ///
    /// # Errors
    /// If the address can't be had.
    pub async fn bind(
        address: SocketAddr,
        metrics: Arc<Metrics>,
        health: Arc<Health>,
    ) -> Result<Self, BindError> {
        let listener = TcpListener::bind(address).await.map_err(|source| {
            let (host, port) = (address.ip().to_string(), address.port());
            bind_error(&Address::Inet { host, port }, source)
        })?;
        Ok(Self { listener, source: Arc::new(Source { metrics, health }) })
    }

    /// The address that was bound, with the port that the system chose.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Answers until it is dropped.
    pub async fn run(self) {
        let permits = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let failures = Throttle::new(WARNING_PAUSE);
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    // One more is closed at once.
                    if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
                        let source = Arc::clone(&self.source);
                        tokio::spawn(async move {
                            serve(stream, source).await;
                            drop(permit);
                        });
                    }
                }
                Err(error) => {
                    if let Some(suppressed) = failures.pass() {
                        tracing::warn!(event = "accept", listener = "admin", suppressed, %error, "can't take a connection");
                    }
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Serves one connection. One that idles, or takes too long in all, is closed.
async fn serve(stream: TcpStream, source: Arc<Source>) {
    let service = service_fn(move |request| {
        let response = source.answer(&request);
        async { Ok::<_, Infallible>(response) }
    });
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(LONGEST_HEAD)
            .serve_connection(TokioIo::new(stream), service)
    );
    // Errors are those of the client.
    if timeout(LIFETIME, connection.as_mut()).await.is_err() {
        connection.as_mut().graceful_shutdown();
        let _ = timeout(HEAD_TIMEOUT, connection).await;
    }
}

impl Source {
    fn answer(&self, request: &Request<impl Body>) -> Response<Full<Bytes>> {
        let path = request.uri().path();
        let known = PATHS.contains(&path);
        if known && !matches!(*request.method(), Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n".to_owned());
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        match path {
            "/metrics" => match self.metrics.render() {
                Ok(metrics) => {
                    let mut response = text(StatusCode::OK, metrics);
                    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(METRICS_TYPE));
                    response
                }
                Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
            },
            "/healthz" | "/livez" => text(StatusCode::OK, "alive\n".to_owned()),
            "/readyz" => match self.health.unready() {
                None => text(StatusCode::OK, "ready\n".to_owned()),
                Some(reason) => text(StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
            },
            _ => text(StatusCode::NOT_FOUND, format!("there is {}\n", PATHS.join(" "))),
        }
    }
}

fn text(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

const PATHS: [&str; 4] = ["/metrics", "/healthz", "/livez", "/readyz"];
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Connections at a time. There are a few scrapers and probes.
const MOST_CONNECTIONS: usize = 64;
/// Octets of a request's head.
const LONGEST_HEAD: usize = 16 << 10;
/// How long a request may take to arrive, and a connection to idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection may last; a scraper opens another one.
const LIFETIME: Duration = Duration::from_secs(300);
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
const WARNING_PAUSE: Duration = Duration::from_secs(10);
