//! One server: its connections and its circuit breaker.
//!
//! A call takes an idle connection or opens one, and puts it back when its replies are there. A call whose time is over
//! hands its connection on as a [`LateCall`], with which a background task learns whether the server did its work.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postseal_filters::store::StoreError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{timeout, timeout_at};

use super::breaker::Breaker;
use super::connection::RedisConnection;
use super::doubt::{FailureCount, ServerDoubt};
use super::login::Login;
use super::resp::RespValue;
use crate::config::store::Endpoint;

/// Late calls of one server that are waited for at a time. Replies to further calls are lost, and their charges stay.
const MAX_LATE_CALLS: usize = 64;
/// The longest wait for a late reply, and for the reply to the call that gives its charge back.
pub(super) const MAX_LATENESS: Duration = Duration::from_secs(10);

/// A server.
pub(super) struct RedisServer {
    pub(super) endpoint: Endpoint,
    pub(super) breaker: Breaker,
    pub(super) doubt: ServerDoubt,
    login: Arc<Login>,
    idle: Mutex<Vec<RedisConnection>>,
    /// One for each call that is under way.
    permits: Semaphore,
    late: Arc<Semaphore>,
}

/// A call that ran out of time, and its connection.
pub(super) struct LateCall {
    connection: RedisConnection,
    _permit: OwnedSemaphorePermit,
}

/// Why a call has no replies.
pub(super) struct FailedCall {
    pub(super) error: StoreError,
    /// Whether the server may have done what it was asked.
    pub(super) sent: bool,
    /// Set if the server may still answer.
    pub(super) late: Option<LateCall>,
    /// Whether the breaker was open, so that the server was not asked.
    pub(super) breaker: bool,
}

impl FailedCall {
    /// The server was not asked, or has said no.
    pub(super) fn not_done(error: StoreError) -> Self {
        Self { error, sent: false, late: None, breaker: false }
    }

    fn sent(error: StoreError, late: Option<LateCall>) -> Self {
        Self { error, sent: true, late, breaker: false }
    }

    /// The word for metrics.
    pub(super) fn kind(&self) -> &'static str {
        if self.breaker { "breaker_open" } else { self.error.kind() }
    }
}

impl RedisServer {
    pub(super) fn new(endpoint: Endpoint, login: Arc<Login>, connections: usize, failures: &FailureCount) -> Self {
        Self {
            endpoint,
            breaker: Breaker::default(),
            doubt: ServerDoubt::new(failures),
            login,
            idle: Mutex::default(),
            permits: Semaphore::new(connections),
            late: Arc::new(Semaphore::new(MAX_LATE_CALLS)),
        }
    }

    /// Sends what `say` says on a connection and returns the replies.
    pub(super) async fn call(
        &self, deadline: Instant, say: impl FnOnce(&mut RedisConnection),
    ) -> Result<Vec<RespValue>, FailedCall> {
        let until = deadline.into();
        let time = deadline.saturating_duration_since(Instant::now());
        let over = || StoreError::Timeout(time);
        let permit = timeout_at(until, self.permits.acquire()).await;
        let Ok(Ok(_permit)) = permit else { return Err(FailedCall::not_done(over())) };
        let mut connection = match self.idle_connection() {
            Some(connection) => connection,
            None => match timeout_at(until, RedisConnection::open(&self.endpoint, &self.login)).await {
                Ok(opened) => opened.map_err(FailedCall::not_done)?,
                Err(_) => return Err(FailedCall::not_done(over())),
            },
        };
        say(&mut connection);
        match timeout_at(until, connection.replies()).await {
            Ok(Ok(replies)) => {
                self.idle().push(connection);
                Ok(replies)
            }
            Ok(Err(error)) => Err(FailedCall::sent(error, None)),
            Err(_) => Err(FailedCall::sent(over(), self.late(connection))),
        }
    }

    /// A connection beside those of mail, for a trial or a command.
    pub(super) async fn open(&self, time: Duration) -> Result<RedisConnection, StoreError> {
        let opened = timeout(time, RedisConnection::open(&self.endpoint, &self.login)).await;
        opened.map_err(|_| StoreError::Timeout(time))?
    }

    fn late(&self, connection: RedisConnection) -> Option<LateCall> {
        let permit = Arc::clone(&self.late).try_acquire_owned().ok()?;
        Some(LateCall { connection, _permit: permit })
    }

    /// The connection used last. If there are more than needed, the others grow old, and the server closes them.
    fn idle_connection(&self) -> Option<RedisConnection> {
        let mut idle = self.idle();
        while let Some(mut connection) = idle.pop() {
            if connection.is_quiet() {
                return Some(connection);
            }
        }
        None
    }

    /// Closes the idle connections: they may lead to a server that is gone.
    pub(super) fn forget_connections(&self) {
        self.idle().clear();
    }

    fn idle(&self) -> MutexGuard<'_, Vec<RedisConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LateCall {
    /// Waits for the replies. Returns them with the connection, on which the caller undoes what they tell of.
    pub(super) async fn replies(mut self) -> Option<(Vec<RespValue>, RedisConnection)> {
        let replies = timeout(MAX_LATENESS, self.connection.replies()).await;
        Some((replies.ok()?.ok()?, self.connection))
    }
}
