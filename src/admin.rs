//! The admin port: a small HTTP server for people and programs that watch the service.
//!
//! It answers `/metrics` for Prometheus, `/healthz` (also `/livez`) as long as the process works, `/readyz` while the
//! service can take mail, and more to clients that `access` lets in. A TCP port and a unix socket give the same answers.
//! The port is open before the first listener and until the very end, so that a slow start or shutdown can be told from
//! a dead process.

mod access;
mod answer;
pub mod client;
mod page;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::config::{self, ListenAddress};
use crate::listener::{BindError, SocketFile, bind_error, bind_private};
use crate::log::Throttle;

pub use access::{AdminToken, TokenError};
pub use answer::AdminSource;

use access::AdminPeer;

/// Connections at a time. There are a few scrapers and probes.
const MAX_CONNECTIONS: usize = 64;
const MAX_HEAD_OCTETS: usize = 16 << 10;
/// How long a request may take to arrive, and a connection to idle.
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a connection may last; a scraper opens another one.
const LIFETIME: Duration = Duration::from_secs(300);
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
const WARNING_PAUSE: Duration = Duration::from_secs(10);

/// The admin port, bound.
pub struct AdminPort {
    tcp: Option<TcpListener>,
    unix: Option<(UnixListener, SocketFile)>,
    server: Arc<Server>,
}

struct Server {
    source: AdminSource,
    permits: Arc<Semaphore>,
    failures: Throttle,
}

impl AdminPort {
    /// Binds what the settings say.
    ///
    /// # Errors
    /// If an address can't be had.
    pub async fn bind(settings: &config::AdminConfig, base: &Path, source: AdminSource) -> Result<Self, BindError> {
        let mut tcp = None;
        if let Some(address) = settings.address {
            let bound = TcpListener::bind(address).await.map_err(|source| {
                let (host, port) = (address.ip().to_string(), address.port());
                bind_error(&ListenAddress::Inet { host, port }, source)
            })?;
            tcp = Some(bound);
        }
        let unix = settings.socket.as_ref().map(|path| bind_private(&base.join(path))).transpose()?;
        let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let server = Arc::new(Server { source, permits, failures: Throttle::new(WARNING_PAUSE) });
        Ok(Self { tcp, unix, server })
    }

    /// The address that was bound, with the port that the system chose.
    pub fn address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(|tcp| tcp.local_addr().ok())
    }

    /// Answers requests until the future is dropped.
    pub async fn run(self) {
        let mut doors = JoinSet::new();
        if let Some(tcp) = self.tcp {
            doors.spawn(open_tcp(tcp, Arc::clone(&self.server)));
        }
        // The socket file is removed when this future is dropped. A task is not spawned: nobody could wait for its end.
        let _file = self.unix.map(|(unix, file)| {
            doors.spawn(open_unix(unix, self.server));
            file
        });
        while doors.join_next().await.is_some() {}
    }
}

async fn open_tcp(socket: TcpListener, server: Arc<Server>) {
    loop {
        match socket.accept().await {
            Ok((stream, remote)) => {
                if let Ok(local) = stream.local_addr() {
                    server.admit(stream, AdminPeer::Tcp { local, remote });
                }
            }
            Err(error) => server.failed(&error).await,
        }
    }
}

async fn open_unix(socket: UnixListener, server: Arc<Server>) {
    loop {
        match socket.accept().await {
            Ok((stream, _)) => server.admit(stream, AdminPeer::Unix),
            Err(error) => server.failed(&error).await,
        }
    }
}

impl Server {
    /// Serves a connection, or closes it at once if too many are open.
    fn admit(self: &Arc<Self>, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, peer: AdminPeer) {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            let server = Arc::clone(self);
            tokio::spawn(async move {
                server.serve(stream, peer).await;
                drop(permit);
            });
        }
    }

    /// Serves one connection, and closes it if it idles or lasts too long.
    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Send + Unpin, peer: AdminPeer) {
        let service = service_fn(move |request| {
            let server = Arc::clone(&self);
            async move { Ok::<_, Infallible>(server.source.answer(request, peer).await) }
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(MAX_HEAD_OCTETS)
                .serve_connection(TokioIo::new(stream), service)
        );
        // Errors of the connection are the client's business.
        if timeout(LIFETIME, connection.as_mut()).await.is_err() {
            connection.as_mut().graceful_shutdown();
            let _ = timeout(HEAD_TIMEOUT, connection).await;
        }
    }

    async fn failed(&self, error: &std::io::Error) {
        if let Some(suppressed) = self.failures.pass() {
            tracing::warn!(event = "accept", listener = "admin", suppressed, %error, "can't take a connection");
        }
        sleep(ACCEPT_PAUSE).await;
    }
}
