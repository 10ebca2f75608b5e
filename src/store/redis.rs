//! Redis and Valkey: one server, one that sentinels watch, or a cluster.
//!
//! A call is one script for all keys that are in one slot; in a cluster the scripts of several slots run at the same
//! time, and if one of them refuses, what the others have charged is given back: never too much is admitted, at worst a
//! little less for a moment. While a server fails, [`store.on_error`](StoreOnError) decides for the keys that are on it;
//! with `local` that is a [`MemoryStore`] of this process with the same limits.
//!
//! Time is the server's. No value is without an end: keys go by themselves once they mean nothing any more.

mod blocks;
mod breaker;
mod codec;
mod connection;
mod counters;
mod discover;
mod keys;
mod login;
mod node;
mod operate;
mod resp;
mod returns;
mod routes;
mod script;
mod servers;
mod watch;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use postseal_filters::store::{
    Admission, KeyListing, MAX_KEY_OCTETS, MemoryStore, Query, Request, Return, Standing, Stats, Store,
    StoreError,
};
use tokio::task::JoinSet;

use super::StoreMetrics;
use crate::clock::SystemClock;
use crate::config::store::{RedisUrl, StoreConfig, StoreOnError, Topology};
use blocks::Blocks;
use counters::{Counters, all};
use keys::Keys;
use node::Node;
use resp::Value;
use returns::Returns;
use routes::Routes;
use script::Scripts;
use servers::Servers;

pub use login::{Login, LoginError};

/// Counters in Redis or Valkey.
pub struct RedisStore {
    counters: Counters,
    on_error: StoreOnError,
    /// What counts while a server fails.
    local: MemoryStore,
    /// What the local one must know of blocks.
    blocks: Blocks,
    returns: Returns,
    /// End with the store.
    _background: JoinSet<()>,
}

/// Time for tests, in milliseconds.
pub type Time = Arc<dyn Fn() -> u64 + Send + Sync>;

impl RedisStore {
    /// A store; the servers need not be there yet. `time` stands in for that of the servers, in tests.
    pub async fn open(
        url: &RedisUrl,
        settings: &StoreConfig,
        login: Login,
        metrics: StoreMetrics,
        time: Option<Time>,
    ) -> Self {
        let login = Arc::new(login);
        let routes = match (&url.topology, url.servers.first()) {
            (Topology::Single, Some(server)) => {
                let node = Node::new(server.clone(), Arc::clone(&login), settings.connections);
                Routes::single(Arc::new(node))
            }
            _ => Routes::default(),
        };
        let servers = Arc::new(Servers {
            topology: url.topology.clone(),
            seeds: url.servers.clone(),
            routes: Arc::new(routes).into(),
            login,
            timeout: settings.timeout,
            metrics,
            trouble: tokio::sync::Notify::new(),
            connections: settings.connections,
            failures: AtomicU64::new(0),
        });
        // Whoever is not found now is looked for by the watch.
        let _ = tokio::time::timeout(FIRST_LOOK, watch::refresh(&servers)).await;
        let scripts = Arc::new(Scripts::new());
        let counters = Counters { servers, scripts, keys: Keys::new(&settings.prefix), time };
        let (returns, queue) = Returns::new();
        let mut background = JoinSet::new();
        background.spawn(watch::watch(counters.clone()));
        background.spawn(returns::give_back(counters.clone(), queue));
        let local = MemoryStore::new(Arc::new(SystemClock), MOST_LOCAL);
        let blocks = Blocks::default();
        Self { counters, on_error: settings.on_error, local, blocks, returns, _background: background }
    }

    /// Decides about requests whose keys are in one slot, wherever they can be decided.
    async fn decide(
        &self,
        (slot, requests): (u16, &[Request<'_>]),
        deadline: Instant,
    ) -> Result<Vec<Admission>, StoreError> {
        let names = requests.iter().map(|request| self.counters.keys.name(request.key)).collect();
        let failed = match self.counters.admit((slot, names), requests, deadline).await {
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
                admissions.iter_mut().for_each(|admission| admission.by = LOCAL);
                Ok(admissions)
            }
            StoreOnError::Pass => Ok(vec![Admission::default(); requests.len()]),
            StoreOnError::Tempfail => Err(failed.error),
        }
    }

    /// Decides group by group, and makes one decision of it.
    async fn decide_groups(
        &self,
        requests: &[Request<'_>],
        deadline: Instant,
    ) -> Result<Vec<Admission>, StoreError> {
        let numbered = requests.iter().copied().enumerate().collect();
        let groups = self.counters.by_slot(numbered, |(_, request): &(usize, Request<'_>)| request.key);
        let groups: Vec<(u16, Vec<usize>, Vec<Request<'_>>)> = groups
            .into_iter()
            .map(|(slot, group)| {
                let (numbers, group) = group.into_iter().unzip();
                (slot, numbers, group)
            })
            .collect();
        let decided = all(groups.iter().map(|(slot, _, group)| self.decide((*slot, group), deadline))).await;
        let mut admissions = vec![Admission::default(); requests.len()];
        let mut error = None;
        for ((_, numbers, _), part) in groups.iter().zip(decided) {
            match part {
                Ok(part) => numbers.iter().zip(part).for_each(|(number, admission)| {
                    admissions.get_mut(*number).into_iter().for_each(|place| *place = admission);
                }),
                Err(failed) => error = Some(failed),
            }
        }
        let pairs = || requests.iter().zip(&admissions);
        let refused =
            pairs().any(|(request, admission)| request.binding && admission.verdict != Standing::Within);
        if groups.len() > 1 && (refused || error.is_some()) {
            let charged = pairs().filter(|(request, admission)| admission.charged && request.cost > 0);
            let returns = charged.map(|(request, admission)| Return {
                key: request.key.to_owned(),
                cost: request.cost,
                at: admission.at,
                by: admission.by,
            });
            let returns = returns.collect();
            admissions.iter_mut().for_each(|admission| admission.charged = false);
            self.take_back(returns, true, deadline).await;
        }
        error.map_or(Ok(admissions), Err)
    }

    /// Gives back what this process has counted itself, and returns the rest.
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
        // Who has waited long enough already leaves it to the background.
        if deadline <= Instant::now() {
            return self.later(rest);
        }
        let (left, errors) = self.counters.give_back(rest, refused, deadline).await;
        errors.iter().for_each(|failed| self.counters.servers.metrics.error(failed.kind()));
        self.later(left);
    }

    /// What a postmaster should know whose change the servers did not take.
    fn only_here(&self, error: StoreError) -> StoreError {
        let so = match self.on_error {
            StoreOnError::Local => {
                "done in this service alone, for as long as its store is away: do it again then"
            }
            StoreOnError::Pass | StoreOnError::Tempfail => {
                "nothing was changed: do it again when the store answers"
            }
        };
        StoreError::Unavailable(format!("{error}; {so}"))
    }

    /// Leaves it to the background to give back.
    fn later(&self, returns: Vec<Return>) {
        if !returns.is_empty() && !self.returns.put(returns) {
            self.counters.servers.metrics.error("not_given_back");
        }
    }
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
            self.decide((0, requests), deadline).await
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
        Ok(gone.map_err(|error| self.only_here(error))? == Value::Integer(1) || local)
    }

    async fn block(&self, key: &str, time: Option<Duration>) -> Result<(), StoreError> {
        if key.len() > MAX_KEY_OCTETS {
            return Err(StoreError::Refused("the key is too long".to_owned()));
        }
        // No time at all would end the block.
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

/// The word for metrics.
pub const KIND: &str = "redis";
/// `Admission::by` of what this process has counted itself.
const LOCAL: u8 = 1;
/// Keys that are counted in this process at most.
const MOST_LOCAL: usize = 100_000;
/// How long the start waits for the servers.
const FIRST_LOOK: Duration = Duration::from_secs(1);
