//! The store of one process: in memory, bounded, and behind many locks so that its users rarely wait for each other.
//!
//! A call takes the locks of all its keys in one order, so its decision is one step for every other call. When the
//! store is full, the key that was not used for longest is forgotten. With a journal the store also remembers which keys
//! have changed, so that they can be written to disk ([`MemoryStore::changes`], [`MemoryStore::load`]).

mod shard;

use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::state::decide;
use super::{
    Admission, Fullest, KeyListing, KeyState, MAX_KEY_OCTETS, Query, Request, Return, Standing, Stats, Store,
    StoreError,
};
use crate::clock::Clock;
use shard::MemoryShard;

/// Shards, each with a lock. There are more of them than threads, so that threads rarely want the same one; and so many
/// that the table of one shard is small, since a table grows in one go.
const SHARDS: usize = 256;
/// Keys that a shard must be able to hold; a store for fewer is one shard.
const MIN_SHARD_KEYS: usize = 64;
/// Keys that are looked at under one lock.
const MAX_KEYS_PER_LOCK: usize = 64;
/// Octets of most entries, a key and its state.
const USUAL_ENTRY_OCTETS: usize = 256;

/// Counters in memory.
pub struct MemoryStore {
    shards: Box<[Mutex<MemoryShard>]>,
    hasher: RandomState,
    clock: Arc<dyn Clock>,
}

/// A key that has changed, and its state; `None` if it is gone.
pub type KeyChange = (Box<str>, Option<Vec<u8>>);

impl MemoryStore {
    /// An empty store for at most `most` keys.
    pub fn new(clock: Arc<dyn Clock>, most: usize) -> Self {
        Self::build(clock, most, false)
    }

    /// An empty store that remembers which keys have changed.
    pub fn with_journal(clock: Arc<dyn Clock>, most: usize) -> Self {
        Self::build(clock, most, true)
    }

    fn build(clock: Arc<dyn Clock>, most: usize, journal: bool) -> Self {
        // A small store is one shard, so that its bound is exact.
        let shards = if most < SHARDS * MIN_SHARD_KEYS { 1 } else { SHARDS };
        let hasher = RandomState::new();
        let shard = |_| Mutex::new(MemoryShard::new(most.div_ceil(shards), hasher.clone(), journal));
        Self { shards: (0..shards).map(shard).collect(), hasher, clock }
    }

    /// Takes in a state that was written before the start. A state that has expired is left out.
    pub fn load(&self, key: &str, octets: &[u8]) {
        let now = self.clock.steady_millis();
        if let Ok(state) = KeyState::decode(octets)
            && state.idle_from() > now
            && key.len() <= MAX_KEY_OCTETS
        {
            let hash = self.hasher.hash_one(key);
            self.shard(hash).keep(hash, key, &state, &mut Vec::new());
        }
    }

    /// The keys that have changed since the last call.
    pub fn changes(&self) -> Vec<KeyChange> {
        let mut out = Vec::new();
        self.in_pieces(|shard, _| {
            let keys = shard.take_changed(MAX_KEYS_PER_LOCK);
            let more = keys.len() == MAX_KEYS_PER_LOCK;
            for key in keys {
                let octets = shard.octets(self.hasher.hash_one(&*key), &key).map(<[u8]>::to_vec);
                out.push((key, octets));
            }
            more
        });
        out
    }

    /// The state of a key, brought up to now; `None` if it is unknown or has expired.
    pub fn look(&self, key: &str) -> Option<KeyState> {
        let hash = self.hasher.hash_one(key);
        let mut state = self.shard(hash).state(hash, key)?;
        let now = self.clock.steady_millis();
        state.age(now);
        (state.idle_from() > now).then_some(state)
    }

    /// Forgets every key whose state has expired.
    pub fn sweep(&self) {
        let now = self.clock.steady_millis();
        self.in_pieces(|shard, from| {
            let mut idle = Vec::new();
            let more = shard.each(from..from + MAX_KEYS_PER_LOCK, |key, octets| {
                if KeyState::decode(octets).map_or(true, |state| state.idle_from() <= now) {
                    idle.push(key.to_owned());
                }
            });
            for key in idle {
                shard.remove(self.hasher.hash_one(key.as_str()), &key);
            }
            more
        });
    }

    /// The keys that the query asks for, those that have used most of their limits first. Looks at every key.
    pub fn fullest(&self, query: &Query) -> Vec<KeyListing> {
        let mut fullest = Fullest::new(query, self.clock.steady_millis());
        self.in_pieces(|shard, from| {
            shard.each(from..from + MAX_KEYS_PER_LOCK, |key, octets| {
                if let (true, Ok(state)) = (fullest.wants(key), KeyState::decode(octets)) {
                    fullest.show(key, state);
                }
            })
        });
        fullest.into_entries()
    }

    /// Visits every shard piece by piece: `visit` gets the place where the next piece begins, and returns false when the
    /// shard has no further piece. No lock is held for longer than a piece, whatever the number of keys.
    fn in_pieces(&self, mut visit: impl FnMut(&mut MemoryShard, usize) -> bool) {
        let mut open: Vec<&Mutex<MemoryShard>> = self.shards.iter().collect();
        let mut from = 0;
        while !open.is_empty() {
            open.retain(|shard| visit(&mut lock(shard), from));
            from += MAX_KEYS_PER_LOCK;
        }
    }

    fn index(&self, hash: u64) -> usize {
        // The hash table of a shard uses the other bits.
        (hash >> 32) as usize % self.shards.len()
    }

    fn shard(&self, hash: u64) -> MutexGuard<'_, MemoryShard> {
        #[expect(clippy::indexing_slicing, reason = "a remainder by the length")]
        lock(&self.shards[self.index(hash)])
    }

    fn decide(&self, requests: &[Request<'_>]) -> Vec<Admission> {
        let hashes: Vec<u64> = requests.iter().map(|request| self.hasher.hash_one(request.key)).collect();
        let mut shards = LockedShards::new(self, &hashes);
        // The time is read behind the locks, so that no state is younger than it.
        let now = self.clock.steady_millis();
        let state = |(request, hash): (&Request<'_>, &u64)| shards.of(*hash).state(*hash, request.key);
        let states = requests.iter().zip(&hashes).map(state).map(Option::unwrap_or_default);
        let mut states: Vec<KeyState> = states.collect();
        let admissions = decide(now, requests, &mut states);
        let mut room = Vec::with_capacity(USUAL_ENTRY_OCTETS);
        for (((request, hash), admission), state) in requests.iter().zip(&hashes).zip(&admissions).zip(&states) {
            if admission.verdict == Standing::Over || (admission.charged && request.cost > 0) {
                shards.of(*hash).keep(*hash, request.key, state, &mut room);
            }
        }
        admissions
    }

    /// Changes the state of a key. An unknown key gets an empty state first if `create` is true, else it is left alone.
    fn change<T>(&self, key: &str, create: bool, change: impl FnOnce(&mut KeyState, u64) -> T) -> Option<T> {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shard(hash);
        let now = self.clock.steady_millis();
        let mut state = match shard.state(hash, key) {
            None if create => KeyState::default(),
            state => state?,
        };
        let out = change(&mut state, now);
        shard.keep(hash, key, &state, &mut Vec::with_capacity(USUAL_ENTRY_OCTETS));
        Some(out)
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn kind(&self) -> &'static str {
        "memory"
    }

    async fn admit(&self, requests: &[Request<'_>]) -> Result<Vec<Admission>, StoreError> {
        match requests.iter().find(|request| request.key.len() > MAX_KEY_OCTETS) {
            Some(_) => Err(StoreError::Refused("a key is too long".to_owned())),
            None => Ok(self.decide(requests)),
        }
    }

    async fn give_back(&self, returns: Vec<Return>) -> Result<(), StoreError> {
        self.give_back_later(returns);
        Ok(())
    }

    fn give_back_later(&self, returns: Vec<Return>) {
        for Return { key, cost, at, .. } in returns {
            self.change(&key, false, |state, now| state.give_back(now, at, cost));
        }
    }

    async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError> {
        Ok(self.fullest(query))
    }

    async fn show(&self, key: &str) -> Result<Option<KeyListing>, StoreError> {
        Ok(self.look(key).map(|state| KeyListing { key: key.to_owned(), state }))
    }

    async fn reset(&self, key: &str) -> Result<bool, StoreError> {
        let hash = self.hasher.hash_one(key);
        Ok(self.shard(hash).remove(hash, key))
    }

    async fn block(&self, key: &str, time: Option<Duration>) -> Result<(), StoreError> {
        if key.len() > MAX_KEY_OCTETS {
            return Err(StoreError::Refused("the key is too long".to_owned()));
        }
        self.change(key, true, |state, now| state.block(now, time));
        Ok(())
    }

    async fn unblock(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.change(key, false, KeyState::unblock).unwrap_or(false))
    }

    fn stats(&self) -> Option<Stats> {
        let mut stats = Stats::default();
        let now = self.clock.steady_millis();
        for shard in &self.shards {
            let shard = lock(shard);
            stats.keys += shard.len() as u64;
            stats.evicted += shard.evicted;
            stats.blocked += shard.blocked(now);
        }
        Some(stats)
    }

    fn local(&self) -> Option<&MemoryStore> {
        Some(self)
    }
}

/// The shards of all keys of a call. They are locked in the order of their numbers, so that two calls never wait for
/// each other.
struct LockedShards<'s> {
    store: &'s MemoryStore,
    numbers: Vec<usize>,
    shards: Vec<MutexGuard<'s, MemoryShard>>,
}

impl<'s> LockedShards<'s> {
    fn new(store: &'s MemoryStore, hashes: &[u64]) -> Self {
        let mut numbers: Vec<usize> = hashes.iter().map(|hash| store.index(*hash)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        #[expect(clippy::indexing_slicing, reason = "`index` gives numbers of shards")]
        let shards = numbers.iter().map(|number| lock(&store.shards[*number])).collect();
        Self { store, numbers, shards }
    }

    /// The shard of one of the keys.
    #[expect(clippy::expect_used, clippy::indexing_slicing, reason = "the shards of all keys were locked")]
    fn of(&mut self, hash: u64) -> &mut MemoryShard {
        let at = self.numbers.binary_search(&self.store.index(hash)).expect("a key of this call");
        &mut self.shards[at]
    }
}

fn lock(shard: &Mutex<MemoryShard>) -> MutexGuard<'_, MemoryShard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
