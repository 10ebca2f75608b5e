//! The admin port: a small HTTP server for people and programs that watch the service.
//!
//! It answers `/metrics` for Prometheus, `/healthz` (also `/livez`) as long as the process works, `/readyz` while the
//! service can take mail, and more to clients that `access` lets in. A TCP port and a unix socket give the same answers.
//! The port is open before the first listener and until the very end, so that a slow start or shutdown can be told from
//! a dead process.

mod access;
mod answer;
pub mod client;
mod line_ends;
mod page;
mod seats;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::config::{self, ListenAddress};
use crate::descriptors::{is_exhaustion, is_waited_for};
use crate::listener::{BindError, SocketFile, bind_error, bind_private};
use crate::log::Throttle;

pub use access::{AdminToken, TokenError};
pub use answer::AdminSource;

use access::AdminPeer;
use line_ends::StrictLines;
use seats::{Seat, Seats};

const MAX_HEAD_OCTETS: usize = 16 << 10;
/// How long a connection may last; a scraper opens another one.
const LIFETIME: Duration = Duration::from_secs(300);
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// The pause after which a file descriptor may be free.
const SHORT_ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const WARNING_PAUSE: Duration = Duration::from_secs(10);

/// The admin port, bound.
pub struct AdminPort {
    tcp: Option<TcpListener>,
    unix: Option<(UnixListener, SocketFile)>,
    connections: usize,
    server: Arc<Server>,
}

struct Server {
    source: AdminSource,
    request_timeout: Duration,
    answer_timeout: Duration,
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
        let config::AdminConfig { connections, request_timeout, answer_timeout, .. } = *settings;
        let server = Server { source, request_timeout, answer_timeout, failures: Throttle::new(WARNING_PAUSE) };
        Ok(Self { tcp, unix, connections, server: Arc::new(server) })
    }

    /// The address that was bound, with the port that the system chose.
    pub fn address(&self) -> Option<SocketAddr> {
        self.tcp.as_ref().and_then(|tcp| tcp.local_addr().ok())
    }

    /// Answers requests until the future is dropped.
    pub async fn run(self) {
        let mut doors = JoinSet::new();
        if let Some(tcp) = self.tcp {
            doors.spawn(open_tcp(tcp, Seats::new(self.connections), Arc::clone(&self.server)));
        }
        // The socket file is removed when this future is dropped. A task is not spawned: nobody could wait for its end.
        let _file = self.unix.map(|(unix, file)| {
            doors.spawn(open_unix(unix, Seats::new(self.connections), self.server));
            file
        });
        while doors.join_next().await.is_some() {}
    }
}

async fn open_tcp(socket: TcpListener, seats: Arc<Seats>, server: Arc<Server>) {
    loop {
        match socket.accept().await {
            Ok((stream, remote)) => {
                let seat = seats.take(Some(remote.ip().to_canonical()));
                if let (Ok(local), Some(seat)) = (stream.local_addr(), seat) {
                    tokio::spawn(Arc::clone(&server).serve(stream, AdminPeer::Tcp { local, remote }, seat));
                }
            }
            Err(error) => server.failed(&error, &socket, &seats).await,
        }
    }
}

async fn open_unix(socket: UnixListener, seats: Arc<Seats>, server: Arc<Server>) {
    loop {
        match socket.accept().await {
            Ok((stream, _)) => {
                if let Some(seat) = seats.take(None) {
                    tokio::spawn(Arc::clone(&server).serve(stream, AdminPeer::Unix, seat));
                }
            }
            Err(error) => server.failed(&error, &socket, &seats).await,
        }
    }
}

impl Server {
    /// Serves one connection, and closes it if it idles or lasts too long, or if another client needs its seat.
    async fn serve(self: Arc<Self>, stream: impl AsyncRead + AsyncWrite + Send + Unpin, peer: AdminPeer, seat: Seat) {
        let service = service_fn(|request| {
            let (server, seat) = (&self, &seat);
            async move {
                seat.set_working(true);
                let answer = server.source.answer(request, peer, &seat.seats().work).await;
                seat.set_working(false);
                Ok::<_, Infallible>(answer)
            }
        });
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.request_timeout)
                .max_buf_size(MAX_HEAD_OCTETS)
                .serve_connection(TokioIo::new(StrictLines::new(stream)), service)
        );
        // Errors of the connection are the client's business.
        let served = async {
            if timeout(LIFETIME, connection.as_mut()).await.is_err() {
                connection.as_mut().graceful_shutdown();
                let _ = timeout(self.answer_timeout, connection).await;
            }
        };
        tokio::select! {
            () = served => {}
            () = seat.sent_away() => {}
            () = self.unread(&seat) => {}
        }
    }

    /// Returns when an answer has been waiting for its reader for too long.
    async fn unread(&self, seat: &Seat) {
        loop {
            match seat.waits_since().map(|since| self.answer_timeout.saturating_sub(since.elapsed())) {
                Some(Duration::ZERO) => return,
                Some(left) => sleep(left).await,
                None => sleep(self.answer_timeout).await,
            }
        }
    }

    /// Waits a little. If there is no file descriptor for a client that waits, another client leaves.
    async fn failed(&self, error: &io::Error, socket: &impl AsFd, seats: &Seats) {
        if is_exhaustion(error) && (!is_waited_for(socket) || seats.send_one_away()) {
            return sleep(SHORT_ACCEPT_PAUSE).await;
        }
        if let Some(suppressed) = self.failures.pass() {
            tracing::warn!(event = "accept", listener = "admin", suppressed, %error, "can't take a connection");
        }
        sleep(ACCEPT_PAUSE).await;
    }
}
