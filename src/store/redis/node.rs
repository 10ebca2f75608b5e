//! One server: its connections and its circuit breaker.
//!
//! A call takes an idle connection or opens one, and gives it back when its replies are there. A call whose time is over
//! leaves its connection to a [`Late`] task in the background, which learns whether the server did what it was asked.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use postseal_filters::store::StoreError;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use super::breaker::Breaker;
use super::connection::Connection;
use super::login::Login;
use super::resp::Value;
use crate::config::store::Endpoint;

/// A server.
pub(super) struct Node {
    pub(super) endpoint: Endpoint,
    pub(super) breaker: Breaker,
    /// How many failures, of any server, it has answered after: see [`super::servers`].
    pub(super) answered: AtomicU64,
    login: Arc<Login>,
    idle: Mutex<Vec<Connection>>,
    /// One for each connection that is used or idle.
    permits: Semaphore,
    /// Calls whose time is over and that may still be answered.
    late: Arc<Semaphore>,
}

/// A call that was given up, and its connection. Wait for the replies with [`Late::replies`].
pub(super) struct Late {
    connection: Connection,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

/// Why a call has no replies.
pub(super) struct Failed {
    pub(super) error: StoreError,
    /// Whether the server may have done what it was asked.
    pub(super) sent: bool,
    /// The call may be answered yet.
    pub(super) late: Option<Late>,
    /// The server was left alone.
    pub(super) breaker: bool,
}

impl Failed {
    /// The server was not asked, or has said no.
    pub(super) fn not_done(error: StoreError) -> Self {
        Self { error, sent: false, late: None, breaker: false }
    }

    fn sent(error: StoreError, late: Option<Late>) -> Self {
        Self { error, sent: true, late, breaker: false }
    }

    /// The word for metrics.
    pub(super) fn kind(&self) -> &'static str {
        if self.breaker { "breaker_open" } else { self.error.kind() }
    }
}

impl Node {
    pub(super) fn new(endpoint: Endpoint, login: Arc<Login>, connections: usize) -> Self {
        Self {
            endpoint,
            breaker: Breaker::default(),
            answered: AtomicU64::new(0),
            login,
            idle: Mutex::default(),
            permits: Semaphore::new(connections),
            late: Arc::new(Semaphore::new(MOST_LATE)),
        }
    }

    /// Sends what `say` says on a connection and returns the replies.
    pub(super) async fn call(
        &self,
        deadline: Instant,
        say: impl FnOnce(&mut Connection),
    ) -> Result<Vec<Value>, Failed> {
        let until = deadline.into();
        let time = deadline.saturating_duration_since(Instant::now());
        let over = || StoreError::Timeout(time);
        let permit = timeout_at(until, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(Failed::not_done(over())) };
        let mut connection = match self.idle_connection() {
            Some(connection) => connection,
            None => match timeout_at(until, Connection::open(&self.endpoint, &self.login)).await {
                Ok(opened) => opened.map_err(Failed::not_done)?,
                Err(_) => return Err(Failed::not_done(over())),
            },
        };
        say(&mut connection);
        match timeout_at(until, connection.replies()).await {
            Ok(Ok(replies)) => {
                self.idle().push(connection);
                Ok(replies)
            }
            Ok(Err(error)) => Err(Failed::sent(error, None)),
            Err(_) => Err(Failed::sent(over(), self.late(connection))),
        }
    }

    /// A connection beside the others, for those who have time.
    pub(super) async fn open(&self, time: Duration) -> Result<Connection, StoreError> {
        let opened = tokio::time::timeout(time, Connection::open(&self.endpoint, &self.login)).await;
        opened.map_err(|_| StoreError::Timeout(time))?
    }

    fn late(&self, connection: Connection) -> Option<Late> {
        let permit = Arc::clone(&self.late).try_acquire_owned().ok()?;
        Some(Late { connection, _permit: permit })
    }

    /// The connection used last, so that those there are too many of grow old and are closed by the server.
    fn idle_connection(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some(mut connection) = idle.pop() {
            if connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Closes the idle connections: they may lead to a server that is no more.
    pub(super) fn forget_connections(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Late {
    /// The replies that came after all, and the connection, for undoing what they tell of.
    pub(super) async fn replies(mut self) -> Option<(Vec<Value>, Connection)> {
        let replies = tokio::time::timeout(LATEST, self.connection.replies()).await;
        Some((replies.ok()?.ok()?, self.connection))
    }
}

/// Calls of a server that may be late at a time; of those beyond, nobody learns what became.
const MOST_LATE: usize = 64;
/// How late a reply may be.
const LATEST: Duration = Duration::from_secs(10);
