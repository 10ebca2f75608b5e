//! The scripts against the arithmetic in Rust, on random sequences of calls.

use std::sync::Arc;
use std::time::Duration;

use postseal_filters::store::window::Bucket;
use postseal_filters::store::{KeyListing, Limit, MemoryStore, Request, Return, Store};
use postseal_filters::testing::TestClock;

use crate::servers::{Server, redis};
use crate::{Opened, open, settings, url};

const KEYS: [&str; 4] = ["per-user:alice", "per-user:bob", "per-domain:example.com", "odd}key{"];

struct Random(u64);

impl Random {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one_of(&mut self, numbers: &[u64]) -> u64 {
        numbers[self.below(numbers.len() as u64) as usize]
    }
}

struct Pair<'a> {
    redis: &'a Opened,
    memory: MemoryStore,
    clock: Arc<TestClock>,
    now: u64,
    charges: Vec<Return>,
}

impl Pair<'_> {
    fn set_time(&mut self, now: u64) {
        self.now = now;
        self.clock.set_millis(now);
        self.redis.set_time(now);
    }

    async fn admit(&mut self, random: &mut Random) -> String {
        let quotas = [0, 1, 2, 7, 16, 17, 100, 1000, 1 << 40, 1 << 50];
        let widths = [60_000, 61_000, 3_600_000, 86_400_000];
        let mut requests = Vec::new();
        let mut limits = Vec::new();
        for _ in KEYS {
            let count = 1 + random.below(4) as usize;
            let first = random.below(4) as usize;
            let limit = |n: usize| Limit { width: widths[(first + n) % 4], quota: random.one_of(&quotas) };
            limits.push((0..count).map(limit).collect::<Vec<_>>());
        }
        for (key, limits) in KEYS.iter().zip(&limits) {
            if random.below(3) > 0 || requests.is_empty() {
                requests.push(Request {
                    key,
                    limits,
                    cost: random.one_of(&[0, 1, 1, 1, 2, 9, 1 << 20, 1 << 50, u64::MAX]),
                    block: random.one_of(&[0, 0, 0, 5000, 1 << 51]),
                    binding: random.below(4) > 0,
                });
            }
        }
        let expected = self.memory.admit(&requests).await;
        let found = self.redis.store.admit(&requests).await;
        assert_eq!(found, expected, "at {} {requests:?}", self.now);
        for (request, admission) in requests.iter().zip(found.unwrap()) {
            if admission.charged {
                let cost = request.cost;
                self.charges.push(Return { key: request.key.to_owned(), cost, at: admission.at, by: 0 });
            }
        }
        format!("{requests:?}")
    }

    async fn give_back(&mut self, random: &mut Random) {
        if self.charges.is_empty() {
            return;
        }
        let index = random.below(self.charges.len() as u64) as usize;
        let charge = self.charges.swap_remove(index);
        self.memory.give_back(vec![charge.clone()]).await.unwrap();
        self.redis.store.give_back(vec![charge]).await.unwrap();
    }

    async fn compare(&self, what: &str) {
        for key in KEYS {
            let expected = seen(self.memory.show(key).await.unwrap());
            assert_eq!(seen(self.redis.store.show(key).await.unwrap()), expected, "{key} at {}: {what}", self.now);
        }
    }
}

type Seen = (u64, u64, Vec<(Limit, Vec<Bucket>)>);

/// What a key holds, without what a window remembers of slots that are gone.
fn seen(entry: Option<KeyListing>) -> Option<Seen> {
    let state = entry?.state;
    let windows = state.windows.iter().map(|counted| (counted.limit, counted.window.buckets().to_vec()));
    Some((state.blocked_until, state.breach_until, windows.collect()))
}

#[tokio::test]
async fn scripts_compute_what_rust_computes() {
    let server = Server::start(&redis(), &[]);
    let redis = open(&url(&server), &settings()).await;
    let rounds = if std::env::var_os("POSTSEAL_FULL").is_some() { 2000 } else { 60 };
    for seed in 0..rounds {
        server.cli(&["flushall"]);
        let clock = TestClock::at(0);
        let memory = MemoryStore::new(clock.clone(), 1000);
        let mut pair = Pair { redis: &redis, memory, clock, now: 0, charges: Vec::new() };
        let mut random = Random(seed);
        pair.set_time(1_700_000_000_000 + seed);
        for step in 0..60 {
            let what = match random.below(20) {
                0..11 => pair.admit(&mut random).await,
                11..15 => {
                    let ahead = random.one_of(&[1, 1, 1000, 30_000, 60_000, 3_599_999, 86_400_000]);
                    let now = if random.below(8) == 0 { pair.now - ahead / 2 } else { pair.now + ahead };
                    pair.set_time(now);
                    "time".to_owned()
                }
                15..18 => {
                    pair.give_back(&mut random).await;
                    "a return".to_owned()
                }
                18 => {
                    let time = (random.below(3) > 0).then(|| Duration::from_millis(random.one_of(&[1, 5000])));
                    pair.memory.block(KEYS[0], time).await.unwrap();
                    redis.store.block(KEYS[0], time).await.unwrap();
                    "a block".to_owned()
                }
                _ => {
                    let was = pair.memory.unblock(KEYS[0]).await.unwrap();
                    assert_eq!(redis.store.unblock(KEYS[0]).await.unwrap(), was);
                    "no block".to_owned()
                }
            };
            pair.compare(&format!("step {step} of {seed}: {what}")).await;
        }
    }
}
