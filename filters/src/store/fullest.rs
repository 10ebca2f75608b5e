//! The keys nearest to their limits, out of any number, in bounded memory.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{KeyListing, KeyState, Query};

/// Collects the keys that a [`Query`] asks for.
pub struct Fullest<'a> {
    query: &'a Query,
    now: u64,
    kept: BTreeMap<(Reverse<bool>, Reverse<u64>, String), KeyState>,
}

impl<'a> Fullest<'a> {
    /// A collection that is still empty.
    pub fn new(query: &'a Query, now: u64) -> Self {
        Self { query, now, kept: BTreeMap::new() }
    }

    /// True if the query can ask for a key of this name.
    pub fn wants(&self, key: &str) -> bool {
        key.starts_with(&self.query.prefix)
    }

    /// Takes a key into the collection, unless the query does not ask for it or its state has expired.
    pub fn show(&mut self, key: &str, mut state: KeyState) {
        let blocked = state.blocked_until > self.now;
        if !self.wants(key) || (self.query.blocked && !blocked) || state.idle_from() <= self.now {
            return;
        }
        state.age(self.now);
        self.kept.insert((Reverse(blocked), Reverse(state.fullness()), key.to_owned()), state);
        if self.kept.len() > self.query.most {
            self.kept.pop_last();
        }
    }

    /// The keys: blocked ones first, then by the share of their limits that is used.
    pub fn into_entries(self) -> Vec<KeyListing> {
        self.kept.into_iter().map(|((_, _, key), state)| KeyListing { key, state }).collect()
    }
}
