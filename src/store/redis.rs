//! Redis and Valkey: one server, one that sentinels watch, or a cluster.
//!
//! A call runs one script for all keys that are in one slot. In a cluster the scripts of several slots run at the same
//! time; if one of them refuses, the charges of the others are given back: never too much is admitted, at worst a little
//! less for a moment. While a server fails, [`store.on_error`](StoreOnError) decides for its keys; with `local` a
//! [`MemoryStore`] of this process does, with the same limits. `docs/redis-calls.md` lists how a call can end.
//!
//! Time is the server's. Every key expires once its value no longer matters.

mod blocks;
mod breaker;
mod codec;
mod connection;
mod counters;
mod discover;
mod doubt;
mod keys;
mod login;
mod operate;
mod resp;
mod returns;
mod routes;
mod script;
mod server;
mod servers;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures_util::future::join_all;
use postseal_filters::store::{
    Admission, KeyListing, MAX_KEY_OCTETS, MemoryStore, Query, Request, Return, Standing, Stats, Store, StoreError,
};
use tokio::task::JoinSet;

use super::metrics::StoreMetrics;
use crate::clock::SystemClock;
use crate::config::store::{RedisUrl, StoreConfig, StoreOnError, Topology};
use blocks::RememberedBlocks;
use counters::Counters;
use doubt::FailureCount;
use keys::RedisKeys;
use resp::RespValue;
use returns::ReturnSender;
use routes::Routes;
use script::Scripts;
use server::RedisServer;
use servers::RedisServers;

pub use login::{Login, LoginError};

/// `Admission::by` of a charge that this process has counted itself.
const LOCAL: u8 = 1;
/// Keys that this process counts itself while servers fail.
const MAX_LOCAL_KEYS: usize = 100_000;
/// How long the start waits for the servers.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// The word for metrics.
pub const KIND: &str = "redis";

/// Counters in Redis or Valkey.
pub struct RedisStore {
    counters: Counters,
    on_error: StoreOnError,
    /// Counts while a server fails.
    local: MemoryStore,
    /// Blocks learned from Redis, so that the local store can keep them while Redis is away.
    blocks: RememberedBlocks,
    returns: ReturnSender,
    /// The tasks end when the store is dropped.
    _background: JoinSet<()>,
}

/// The time of a test, in milliseconds.
pub type Time = Arc<dyn Fn() -> u64 + Send + Sync>;

impl RedisStore {
    /// A store; the servers need not be there yet. `time` stands in for that of the servers, in tests.
    pub async fn open(
        url: &RedisUrl, settings: &StoreConfig, login: Login, metrics: StoreMetrics, time: Option<Time>,
    ) -> Self {
        let login = Arc::new(login);
        let failures = FailureCount::default();
        let routes = match (&url.topology, url.servers.first()) {
            (Topology::Single, Some(server)) => {
                let login = Arc::clone(&login);
                let server = RedisServer::new(server.clone(), login, settings.connections, &failures);
                Routes::single(Arc::new(server))
            }
            _ => Routes::default(),
        };
        let servers = Arc::new(RedisServers {
            topology: url.topology.clone(),
            seeds: url.servers.clone(),
            routes: Arc::new(routes).into(),
            login,
            timeout: settings.timeout,
            metrics,
            trouble: tokio::sync::Notify::new(),
            connections: settings.connections,
            failures,
        });
        // The result does not matter: the watch looks again at once, and reports what it does not find.
        let _ = tokio::time::timeout(FIRST_LOOK, watch::refresh(&servers)).await;
        let scripts = Arc::new(Scripts::new());
        let counters = Counters { servers, scripts, keys: RedisKeys::new(&settings.prefix), time };
        let (returns, queue) = ReturnSender::new();
        let mut background = JoinSet::new();
        background.spawn(watch::watch(counters.clone()));
        background.spawn(returns::give_back(counters.clone(), queue));
        let local = MemoryStore::new(Arc::new(SystemClock), MAX_LOCAL_KEYS);
        let blocks = RememberedBlocks::default();
        Self { counters, on_error: settings.on_error, local, blocks, returns, _background: background }
    }

    /// Decides about requests whose keys are in one slot: on the server, or as `store.on_error` says.
    async fn decide(
        &self, slot: u16, requests: &[Request<'_>], deadline: Instant,
    ) -> Result<Vec<Admission>, StoreError> {
        let failed = match self.counters.admit(slot, requests, deadline).await {
            Ok(admissions) => {
                for key in self.blocks.learn(requests, &admissions, Instant::now()) {
                    self.local.unblock(key).await?;
                }
                return Ok(admissions);
            }
            Err(failed) => failed,
        };
        self.counters.servers.metrics.error(failed.kind());
        match self.on_error {
            StoreOnError::Local => {
                for (key, time) in self.blocks.of(requests, Instant::now()) {
                    self.local.block(key, time).await?;
                }
                let mut admissions = self.local.admit(requests).await?;
                for admission in &mut admissions {
                    admission.by = LOCAL;
                }
                Ok(admissions)
            }
            StoreOnError::Pass => Ok(vec![Admission::default(); requests.len()]),
            StoreOnError::Tempfail => Err(failed.error),
        }
    }

    /// Decides each group on its own. If one is refused or fails, the charges of the others are given back.
    async fn decide_groups(&self, requests: &[Request<'_>], deadline: Instant) -> Result<Vec<Admission>, StoreError> {
        let groups = self.counters.by_slot(requests.to_vec(), |request| request.key);
        let decided = join_all(groups.iter().map(|group| self.decide(group.slot, &group.requests, deadline))).await;
        let mut admissions = vec![Admission::default(); requests.len()];
        let mut error = None;
        for (group, part) in groups.iter().zip(decided) {
            match part {
                Ok(part) => put(&mut admissions, &group.numbers, part),
                Err(failed) => error = Some(failed),
            }
        }
        let pairs = requests.iter().zip(&admissions);
        let refused =
            pairs.clone().any(|(request, admission)| request.binding && admission.verdict != Standing::Within);
        if groups.len() > 1 && (refused || error.is_some()) {
            let returns = pairs.filter_map(|(request, admission)| charged(request, admission)).collect();
            for admission in &mut admissions {
                admission.charged = false;
            }
            self.take_back(returns, true, deadline).await;
        }
        error.map_or(Ok(admissions), Err)
    }

    /// Gives back the charges that this process has counted itself, and returns the rest.
    fn give_back_local(&self, returns: Vec<Return>) -> Vec<Return> {
        let (local, rest): (Vec<_>, Vec<_>) = returns.into_iter().partition(|back| back.by == LOCAL);
        if !local.is_empty() {
            self.local.give_back_later(local);
        }
        rest
    }

    async fn take_back(&self, returns: Vec<Return>, refused: bool, deadline: Instant) {
        let rest = self.give_back_local(returns);
        if rest.is_empty() {
            return;
        }
        // After the deadline the mail does not wait for the give-back: the background task does it.
        if deadline <= Instant::now() {
            return self.later(rest);
        }
        let (left, errors) = self.counters.give_back(rest, refused, deadline).await;
        for failed in errors {
            self.counters.servers.metrics.error(failed.kind());
        }
        self.later(left);
    }

    /// Tells the postmaster what became of a change that the servers did not take.
    fn only_here(&self, error: StoreError) -> StoreError {
        let so = match self.on_error {
            StoreOnError::Local => "done in this service alone, for as long as its store is away: do it again then",
            StoreOnError::Pass | StoreOnError::Tempfail => "nothing was changed: do it again when the store answers",
        };
        StoreError::Unavailable(format!("{error}; {so}"))
    }

    /// Leaves the returns to the background task.
    fn later(&self, returns: Vec<Return>) {
        if !returns.is_empty() && !self.returns.put(returns) {
            self.counters.servers.metrics.error("not_given_back");
        }
    }
}

/// Puts the admissions of a group in the places of its requests.
fn put(admissions: &mut [Admission], numbers: &[usize], part: Vec<Admission>) {
    for (number, admission) in numbers.iter().zip(part) {
        #[expect(clippy::indexing_slicing, reason = "the groups number the requests that there are admissions for")]
        {
            admissions[*number] = admission;
        }
    }
}

/// The return that takes back what a request was charged, if it was.
fn charged(request: &Request<'_>, admission: &Admission) -> Option<Return> {
    (admission.charged && request.cost > 0).then(|| Return {
        key: request.key.to_owned(),
        cost: request.cost,
        at: admission.at,
        by: admission.by,
    })
}

#[async_trait]
impl Store for RedisStore {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn admit(&self, requests: &[Request<'_>]) -> Result<Vec<Admission>, StoreError> {
        if requests.is_empty() {
            return Ok(Vec::new());
        }
        let begin = Instant::now();
        let deadline = begin + self.counters.servers.timeout;
        let admissions = if self.counters.servers.is_cluster() {
            self.decide_groups(requests, deadline).await
        } else {
            self.decide(0, requests, deadline).await
        };
        self.counters.servers.metrics.duration.observe(begin.elapsed().as_secs_f64());
        admissions
    }

    async fn give_back(&self, returns: Vec<Return>) -> Result<(), StoreError> {
        self.take_back(returns, false, Instant::now() + self.counters.servers.timeout).await;
        Ok(())
    }

    fn give_back_later(&self, returns: Vec<Return>) {
        let rest = self.give_back_local(returns);
        self.later(rest);
    }

    async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError> {
        self.counters.list(query).await
    }

    async fn show(&self, key: &str) -> Result<Option<KeyListing>, StoreError> {
        self.counters.show(key).await
    }

    async fn reset(&self, key: &str) -> Result<bool, StoreError> {
        self.blocks.clear(key);
        let local = self.local.reset(key).await?;
        let name = self.counters.keys.name(key);
        let gone = self.counters.ask(&name, &[b"DEL", name.as_bytes()]).await;
        Ok(gone.map_err(|error| self.only_here(error))? == RespValue::Integer(1) || local)
    }

    async fn block(&self, key: &str, time: Option<Duration>) -> Result<(), StoreError> {
        if key.len() > MAX_KEY_OCTETS {
            return Err(StoreError::Refused("the key is too long".to_owned()));
        }
        // To the script, no time at all means that the block ends.
        let time = time.map(|time| time.max(Duration::from_millis(1)));
        self.blocks.set(key, time, Instant::now());
        self.counters.block(key, time).await.map(|_| ()).map_err(|error| self.only_here(error))
    }

    async fn unblock(&self, key: &str) -> Result<bool, StoreError> {
        self.blocks.clear(key);
        self.local.unblock(key).await?;
        let ended = self.counters.block(key, Some(Duration::ZERO)).await;
        ended.map_err(|error| self.only_here(error))
    }

    fn stats(&self) -> Option<Stats> {
        None
    }
}
