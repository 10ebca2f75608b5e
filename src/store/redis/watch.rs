//! The task that looks after the servers, away from mail: finds out who serves what, and tries those that have failed.
//!
//! A trial is what mail would ask: the script, on a key of its own in a slot of that server, in the time that mail has.
//! So a server that answers but can't write, or too slowly, stays alone.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use postseal_filters::store::{Limit, Request, StoreError};
use tokio::time::{sleep, timeout};

use super::codec;
use super::counters::Counters;
use super::discover;
use super::login::Login;
use super::node::Node;
use super::resp::Value;
use super::routes::Routes;
use super::script::Call;
use super::servers::Servers;
use crate::config::store::{Endpoint, Topology};

/// Looks after the servers for ever.
pub(super) async fn watch(counters: Counters) {
    let servers = &counters.servers;
    let mut pause = PAUSE;
    loop {
        let found = refresh(servers).await;
        let trials: Vec<_> =
            servers.routes.load().nodes().map(|(node, tag)| (Arc::clone(node), tag.to_owned())).collect();
        let mut left = 0;
        for (node, tag) in trials.into_iter().filter(|(node, _)| node.breaker.is_open()) {
            left += i64::from(!mend(&counters, &node, &tag).await);
        }
        servers.metrics.open.set(left);
        let well = left == 0 && found.is_ok();
        if let Err(error) = found {
            tracing::debug!(event = "store", %error, "can't find out who serves what");
        }
        pause = if well { PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = sleep(if well { REFRESH } else { pause }) => {}
            // Trouble that is known is not news.
            () = servers.trouble.notified(), if well => sleep(PAUSE).await,
        }
    }
}

/// Tries a server that has failed; true if it may be asked again.
async fn mend(counters: &Counters, node: &Node, tag: &str) -> bool {
    let failures = counters.servers.failures.load(Ordering::Relaxed);
    let trial = trial(counters, node, tag).await;
    if trial.is_ok() {
        node.answered.fetch_max(failures, Ordering::Relaxed);
    }
    match trial {
        Ok(()) if node.breaker.succeeded(Instant::now()) => {
            tracing::info!(event = "store", server = %node.endpoint, "the store answers again");
            true
        }
        Ok(()) => false,
        Err(error) => {
            node.breaker.failed(Instant::now());
            tracing::debug!(event = "store", server = %node.endpoint, %error, "the store still fails");
            false
        }
    }
}

async fn trial(counters: &Counters, node: &Node, tag: &str) -> Result<(), StoreError> {
    let limits = [Limit { width: 60_000, quota: 1 << 40 }];
    let request = Request { key: "", limits: &limits, cost: 1, block: 0, binding: true };
    let call = Call {
        script: &counters.scripts.admit,
        keys: vec![counters.keys.trial(tag)],
        arguments: vec![Vec::new(), codec::request(&request)],
    };
    let time = counters.servers.timeout;
    let mut connection = node.open(time.max(CONNECT)).await?;
    call.say(&mut connection, true);
    let replies = timeout(time, connection.replies()).await;
    let replies = replies.map_err(|_| StoreError::Timeout(time))??;
    match replies.into_iter().next_back() {
        Some(Value::Error(message)) => Err(StoreError::Refused(message)),
        Some(reply) => codec::admissions(&reply, 1).map(|_| ()),
        None => Err(StoreError::Answer("no reply".to_owned())),
    }
}

/// Asks for the servers.
pub(super) async fn refresh(servers: &Servers) -> Result<(), StoreError> {
    let routes = servers.routes.load_full();
    let found = match &servers.topology {
        Topology::Single => return Ok(()),
        Topology::Sentinel { master } => {
            let endpoint = ask_sentinels(servers, master).await?;
            let same = routes.nodes().any(|(node, _)| node.endpoint == endpoint);
            if same {
                return Ok(());
            }
            Routes::single(servers.node(&endpoint))
        }
        Topology::Cluster => {
            let known =
                routes.nodes().filter(|(node, _)| !node.breaker.is_open()).map(|(node, _)| &node.endpoint);
            let mut error = StoreError::Unavailable("no server to ask".to_owned());
            let mut found = None;
            for endpoint in known.chain(&servers.seeds) {
                match ask_node(servers, endpoint).await {
                    Ok(ranges) => {
                        found = Some(ranges);
                        break;
                    }
                    Err(failed) => error = failed,
                }
            }
            Routes::cluster(&found.ok_or(error)?, |endpoint| servers.node(endpoint))
        }
    };
    servers.routes.store(Arc::new(found));
    Ok(())
}

async fn ask_node(servers: &Servers, endpoint: &Endpoint) -> Result<Vec<super::routes::Range>, StoreError> {
    let mut connection = servers.node(endpoint).open(CONNECT).await?;
    let slots = timeout(CONNECT, discover::slots(&mut connection, endpoint)).await;
    slots.map_err(|_| StoreError::Timeout(CONNECT))?
}

/// Sentinels may want no password, or another one than the master: they are asked without.
async fn ask_sentinels(servers: &Servers, master: &str) -> Result<Endpoint, StoreError> {
    let mut error = StoreError::Unavailable("no sentinel to ask".to_owned());
    for endpoint in &servers.seeds {
        let login = Login { tls: servers.login.tls.clone(), ..Default::default() };
        let sentinel = Node::new(endpoint.clone(), Arc::new(login), 1);
        let asked = async {
            let mut connection = sentinel.open(CONNECT).await?;
            let asked = timeout(CONNECT, discover::master(&mut connection, master)).await;
            asked.map_err(|_| StoreError::Timeout(CONNECT))?
        };
        match asked.await {
            Ok(endpoint) => return Ok(endpoint),
            Err(failed) => error = failed,
        }
    }
    Err(error)
}

/// How soon a server that has failed is tried; then half as often each time.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often to look when all is well.
const REFRESH: Duration = Duration::from_secs(10);
/// Time to connect, and to learn who serves what.
const CONNECT: Duration = Duration::from_millis(500);
