//! All servers together: a call goes to the one that has the key, wherever that is by now.
//!
//! A call has one deadline, whatever it takes: a connection to be opened, a script the server has forgotten, a slot that
//! has moved. It never looks for a way around a server that fails; the watch ([`super::watch`]) does that, away from mail.
//!
//! A message asks several times, perhaps another server each time, and if the network is gone all of them are. So once
//! one has failed the others have a fifth of the time until they have answered again: all of them together cost a
//! message little more than one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use postseal_filters::store::StoreError;
use tokio::sync::Notify;

use super::connection::Connection;
use super::discover::Redirect;
use super::login::Login;
use super::node::{Failed, Node};
use super::resp::Value;
use super::routes::Routes;
use super::script::Call;
use crate::config::store::{Endpoint, Topology};
use crate::store::StoreMetrics;

/// The servers of one store.
pub(super) struct Servers {
    pub(super) topology: Topology,
    /// Where to begin to look for them.
    pub(super) seeds: Vec<Endpoint>,
    pub(super) routes: ArcSwap<Routes>,
    pub(super) login: Arc<Login>,
    pub(super) timeout: Duration,
    pub(super) metrics: StoreMetrics,
    /// Something is not as it should be: have a look.
    pub(super) trouble: Notify,
    pub(super) connections: usize,
    /// Failures of any server so far.
    pub(super) failures: AtomicU64,
}

impl Servers {
    /// Whether keys are spread over slots.
    pub(super) fn is_cluster(&self) -> bool {
        self.topology == Topology::Cluster
    }

    /// Runs a script where its keys are.
    pub(super) async fn run(&self, slot: u16, call: &Call<'_>, deadline: Instant) -> Result<Value, Failed> {
        let (mut whole, mut asking) = (false, None);
        for _ in 0..MOST_STEPS {
            let once: Option<Arc<Node>> = asking.take();
            let ask = once.is_some();
            let Some(node) = once.or_else(|| self.routes.load().node(slot).cloned()) else {
                self.trouble.notify_one();
                return Err(unavailable("no server is known that has the key"));
            };
            let say = |connection: &mut Connection| {
                if ask {
                    connection.say([&b"ASKING"[..]]);
                }
                call.say(connection, whole);
            };
            let message = match self.call(&node, deadline, say).await? {
                Value::Error(message) => message,
                value => return Ok(value),
            };
            match Redirect::of(&message, &node.endpoint) {
                Redirect::NoScript if !whole => whole = true,
                Redirect::Moved(slot, endpoint) if self.is_cluster() => self.moved(slot, &endpoint),
                Redirect::Ask(endpoint) if self.is_cluster() => asking = Some(self.node(&endpoint)),
                _ => {
                    let error = StoreError::Refused(message);
                    self.failed(&node, &error);
                    return Err(Failed::not_done(error));
                }
            }
        }
        Err(unavailable("the cluster sends from one server to the next"))
    }

    /// Asks one server, unless it is left alone.
    async fn call(
        &self,
        node: &Node,
        deadline: Instant,
        say: impl FnOnce(&mut Connection),
    ) -> Result<Value, Failed> {
        if node.breaker.is_open() {
            return Err(Failed { breaker: true, ..unavailable("the server has failed and is left alone") });
        }
        let failures = self.failures.load(Ordering::Relaxed);
        let doubtful = node.answered.load(Ordering::Relaxed) < failures;
        let soon = Instant::now() + self.timeout / DOUBT;
        let deadline = if doubtful { deadline.min(soon) } else { deadline };
        match node.call(deadline, say).await {
            Ok(mut replies) => {
                node.answered.fetch_max(failures, Ordering::Relaxed);
                replies.pop().ok_or_else(|| unavailable("no reply"))
            }
            Err(failed) => {
                self.failed(node, &failed.error);
                Err(failed)
            }
        }
    }

    /// A call of mail has failed: the server is left alone until the watch has tried it.
    fn failed(&self, node: &Node, error: &StoreError) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if !node.breaker.failed(Instant::now()) {
            return;
        }
        node.forget_connections();
        self.metrics.open.inc();
        self.trouble.notify_one();
        tracing::warn!(
            event = "store",
            server = %node.endpoint,
            kind = error.kind(),
            %error,
            "the store fails; until it answers again store.on_error decides"
        );
    }

    fn moved(&self, slot: u16, endpoint: &Endpoint) {
        let node = self.node(endpoint);
        self.routes.rcu(|routes| routes.moved(slot, &node));
        // Where one slot has moved, others have.
        self.trouble.notify_one();
    }

    /// The server at an address: the one that is known, or a new one.
    pub(super) fn node(&self, endpoint: &Endpoint) -> Arc<Node> {
        let routes = self.routes.load();
        let known = routes.nodes().map(|(node, _)| node).find(|node| node.endpoint == *endpoint);
        known.cloned().unwrap_or_else(|| {
            Arc::new(Node::new(endpoint.clone(), Arc::clone(&self.login), self.connections))
        })
    }
}

fn unavailable(what: &str) -> Failed {
    Failed::not_done(StoreError::Unavailable(what.to_owned()))
}

/// Moves, and the whole script, that one call follows.
const MOST_STEPS: usize = 4;
/// The part of the time that a server has while it is in doubt.
const DOUBT: u32 = 5;
