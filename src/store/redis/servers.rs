//! All servers together: a call goes to the server that has the key now.
//!
//! A call has one deadline over all its steps: a connection to be opened, a script that the server has forgotten, a slot
//! that has moved. It never looks for a way around a server that fails: the watch (`watch.rs`) does that in the
//! background. After a failure, servers that have not answered since get less time: see `doubt.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use postseal_filters::store::StoreError;
use tokio::sync::Notify;

use super::connection::RedisConnection;
use super::discover::Redirect;
use super::doubt::FailureCount;
use super::login::Login;
use super::resp::RespValue;
use super::routes::Routes;
use super::script::ScriptCall;
use super::server::{FailedCall, RedisServer};
use crate::config::store::{Endpoint, Topology};
use crate::store::metrics::StoreMetrics;

/// Steps of one call: the first, then redirects and sending the whole script.
const MAX_CALL_STEPS: usize = 4;
/// A server in doubt has this part of the timeout.
const DOUBT_DIVISOR: u32 = 5;

/// The servers of one store.
pub(super) struct RedisServers {
    pub(super) topology: Topology,
    /// Where to begin to look for the servers.
    pub(super) seeds: Vec<Endpoint>,
    pub(super) routes: ArcSwap<Routes>,
    pub(super) login: Arc<Login>,
    pub(super) timeout: Duration,
    pub(super) metrics: StoreMetrics,
    /// Wakes the watch: a server has failed, or a slot has moved.
    pub(super) trouble: Notify,
    pub(super) connections: usize,
    pub(super) failures: FailureCount,
}

impl RedisServers {
    /// Whether keys are spread over slots.
    pub(super) fn is_cluster(&self) -> bool {
        self.topology == Topology::Cluster
    }

    /// Runs a script on the server that has its keys.
    pub(super) async fn run(
        &self, slot: u16, call: &ScriptCall<'_>, deadline: Instant,
    ) -> Result<RespValue, FailedCall> {
        let (mut whole, mut asking) = (false, None);
        for _ in 0..MAX_CALL_STEPS {
            let once: Option<Arc<RedisServer>> = asking.take();
            let ask = once.is_some();
            let Some(server) = once.or_else(|| self.routes.load().server(slot).cloned()) else {
                self.trouble.notify_one();
                return Err(unavailable("no server is known that has the key"));
            };
            let say = |connection: &mut RedisConnection| {
                if ask {
                    connection.say([&b"ASKING"[..]]);
                }
                call.say(connection, whole);
            };
            let message = match self.call(&server, deadline, say).await? {
                RespValue::Error(message) => message,
                value => return Ok(value),
            };
            match Redirect::of(&message, &server.endpoint) {
                Redirect::NoScript if !whole => whole = true,
                Redirect::Moved(slot, endpoint) if self.is_cluster() => self.moved(slot, &endpoint),
                Redirect::Ask(endpoint) if self.is_cluster() => asking = Some(self.server(&endpoint)),
                _ => {
                    let error = StoreError::Refused(message);
                    self.failed(&server, &error);
                    return Err(FailedCall::not_done(error));
                }
            }
        }
        Err(unavailable("the cluster sends from one server to the next"))
    }

    /// Asks one server, unless its breaker is open.
    async fn call(
        &self, server: &RedisServer, deadline: Instant, say: impl FnOnce(&mut RedisConnection),
    ) -> Result<RespValue, FailedCall> {
        if server.breaker.is_open() {
            return Err(FailedCall { breaker: true, ..unavailable("the server has failed and is left alone") });
        }
        let begin = server.doubt.begin();
        let soon = Instant::now() + self.timeout / DOUBT_DIVISOR;
        let deadline = if begin.doubtful { deadline.min(soon) } else { deadline };
        match server.call(deadline, say).await {
            Ok(mut replies) => {
                server.doubt.answered(begin);
                replies.pop().ok_or_else(|| unavailable("no reply"))
            }
            Err(failed) => {
                self.failed(server, &failed.error);
                Err(failed)
            }
        }
    }

    /// A call of mail has failed: opens the breaker, which stays open until trials of the watch succeed.
    fn failed(&self, server: &RedisServer, error: &StoreError) {
        server.doubt.failed();
        if !server.breaker.failed(Instant::now()) {
            return;
        }
        server.forget_connections();
        self.metrics.open.inc();
        self.trouble.notify_one();
        tracing::warn!(
            event = "store",
            server = %server.endpoint,
            kind = error.kind(),
            %error,
            "the store fails; until it answers again store.on_error decides"
        );
    }

    fn moved(&self, slot: u16, endpoint: &Endpoint) {
        let server = self.server(endpoint);
        self.routes.rcu(|routes| routes.moved(slot, &server));
        // If one slot has moved, others probably have too.
        self.trouble.notify_one();
    }

    /// The server at an address: the known one, or else a new one.
    pub(super) fn server(&self, endpoint: &Endpoint) -> Arc<RedisServer> {
        let routes = self.routes.load();
        let known = routes.servers().map(|(server, _)| server).find(|server| server.endpoint == *endpoint);
        known.cloned().unwrap_or_else(|| {
            let login = Arc::clone(&self.login);
            Arc::new(RedisServer::new(endpoint.clone(), login, self.connections, &self.failures))
        })
    }
}

fn unavailable(what: &str) -> FailedCall {
    FailedCall::not_done(StoreError::Unavailable(what.to_owned()))
}
