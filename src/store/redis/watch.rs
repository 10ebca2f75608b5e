//! The background task that finds out which server has which keys, and tries the servers that have failed.
//!
//! A trial is the call that mail would make: the script, on a key of its own in a slot of that server, in the time that
//! mail has. So the breaker of a server that answers but cannot write, or is too slow, stays open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postseal_filters::store::{Limit, Request, StoreError};
use tokio::time::{sleep, timeout};

use super::codec;
use super::counters::Counters;
use super::discover;
use super::doubt::FailureCount;
use super::login::Login;
use super::resp::RespValue;
use super::routes::{Routes, SlotRange};
use super::script::ScriptCall;
use super::server::RedisServer;
use super::servers::RedisServers;
use crate::config::store::{Endpoint, Topology};

/// How soon after a failure the servers are looked at. The pause doubles each time, up to `MAX_PAUSE`.
const PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How often to look while no server fails.
const REFRESH: Duration = Duration::from_secs(10);
/// Time to connect, and again to learn which server has which keys.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);

/// Looks after the servers for ever.
pub(super) async fn watch(counters: Counters) {
    let servers = &counters.servers;
    let mut pause = PAUSE;
    loop {
        let found = refresh(servers).await;
        let trials: Vec<_> =
            servers.routes.load().servers().map(|(server, tag)| (Arc::clone(server), tag.to_owned())).collect();
        let mut left = 0;
        for (server, tag) in trials.into_iter().filter(|(server, _)| server.breaker.is_open()) {
            left += i64::from(!mend(&counters, &server, &tag).await);
        }
        servers.metrics.open.set(left);
        let well = left == 0 && found.is_ok();
        if let Err(error) = found {
            tracing::debug!(event = "store", %error, "can't find out who serves what");
        }
        pause = if well { PAUSE } else { (pause * 2).min(MAX_PAUSE) };
        tokio::select! {
            () = sleep(if well { REFRESH } else { pause }) => {}
            // Trouble wakes the watch early only if the last look found all well: otherwise the next look is near anyway.
            () = servers.trouble.notified(), if well => sleep(PAUSE).await,
        }
    }
}

/// Tries a server that has failed; true if mail may ask it again.
async fn mend(counters: &Counters, server: &RedisServer, tag: &str) -> bool {
    let begin = server.doubt.begin();
    match trial(counters, server, tag).await {
        Ok(()) => {
            server.doubt.answered(begin);
            let closes = server.breaker.succeeded(Instant::now());
            if closes {
                tracing::info!(event = "store", server = %server.endpoint, "the store answers again");
            }
            closes
        }
        Err(error) => {
            server.breaker.failed(Instant::now());
            tracing::debug!(event = "store", server = %server.endpoint, %error, "the store still fails");
            false
        }
    }
}

async fn trial(counters: &Counters, server: &RedisServer, tag: &str) -> Result<(), StoreError> {
    let limits = [Limit { width: 60_000, quota: 1 << 40 }];
    let request = Request { key: "", limits: &limits, cost: 1, block: 0, binding: true };
    let call = ScriptCall {
        script: &counters.scripts.admit,
        keys: vec![counters.keys.trial(tag)],
        arguments: vec![Vec::new(), codec::request(&request)],
    };
    let time = counters.servers.timeout;
    let mut connection = server.open(time.max(CONNECT_TIMEOUT)).await?;
    call.say(&mut connection, true);
    let replies = timeout(time, connection.replies()).await;
    let replies = replies.map_err(|_| StoreError::Timeout(time))??;
    match replies.into_iter().next_back() {
        Some(RespValue::Error(message)) => Err(StoreError::Refused(message)),
        Some(reply) => codec::admissions(&reply, 1).map(|_| ()),
        None => Err(StoreError::Answer("no reply".to_owned())),
    }
}

/// Finds out which server has which keys now, and remembers that.
pub(super) async fn refresh(servers: &RedisServers) -> Result<(), StoreError> {
    let routes = servers.routes.load_full();
    let found = match &servers.topology {
        Topology::Single => return Ok(()),
        Topology::Sentinel { master } => {
            let endpoint = ask_sentinels(servers, master).await?;
            if routes.servers().any(|(server, _)| server.endpoint == endpoint) {
                return Ok(());
            }
            Routes::single(servers.server(&endpoint))
        }
        Topology::Cluster => {
            let ranges = ask_nodes(servers, &routes).await?;
            Routes::cluster(&ranges, |endpoint| servers.server(endpoint))
        }
    };
    servers.routes.store(Arc::new(found));
    Ok(())
}

/// Asks the nodes that have not failed, then the nodes in the configuration, until one answers.
async fn ask_nodes(servers: &RedisServers, routes: &Routes) -> Result<Vec<SlotRange>, StoreError> {
    let known = routes.servers().filter(|(server, _)| !server.breaker.is_open());
    let known = known.map(|(server, _)| &server.endpoint);
    let mut error = StoreError::Unavailable("no server to ask".to_owned());
    for endpoint in known.chain(&servers.seeds) {
        match ask_node(servers, endpoint).await {
            Ok(ranges) => return Ok(ranges),
            Err(failed) => error = failed,
        }
    }
    Err(error)
}

async fn ask_node(servers: &RedisServers, endpoint: &Endpoint) -> Result<Vec<SlotRange>, StoreError> {
    let mut connection = servers.server(endpoint).open(CONNECT_TIMEOUT).await?;
    let slots = timeout(CONNECT_TIMEOUT, discover::slots(&mut connection, endpoint)).await;
    slots.map_err(|_| StoreError::Timeout(CONNECT_TIMEOUT))?
}

/// Asks without a password: sentinels may want none, or another than the master.
async fn ask_sentinels(servers: &RedisServers, master: &str) -> Result<Endpoint, StoreError> {
    let mut error = StoreError::Unavailable("no sentinel to ask".to_owned());
    let login = Arc::new(Login { tls: servers.login.tls.clone(), ..Default::default() });
    for endpoint in &servers.seeds {
        match ask_sentinel(endpoint, &login, master).await {
            Ok(endpoint) => return Ok(endpoint),
            Err(failed) => error = failed,
        }
    }
    Err(error)
}

async fn ask_sentinel(endpoint: &Endpoint, login: &Arc<Login>, master: &str) -> Result<Endpoint, StoreError> {
    let sentinel = RedisServer::new(endpoint.clone(), Arc::clone(login), 1, &FailureCount::default());
    let mut connection = sentinel.open(CONNECT_TIMEOUT).await?;
    let asked = timeout(CONNECT_TIMEOUT, discover::master(&mut connection, master)).await;
    asked.map_err(|_| StoreError::Timeout(CONNECT_TIMEOUT))?
}
