//! The keys that are nearest to their limits, as this instance has seen them last. The status page shows them without
//! asking a remote store, and they take bounded memory.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use postseal_filters::store::{KeyListing, KeyState, Limit, MemoryStore, Query, Store};

/// Keys that are kept.
const MAX_NEAR_KEYS: usize = 64;

/// Of the keys that messages were counted on, those that are nearest to their limits.
#[derive(Default)]
pub(crate) struct NearKeys {
    kept: Mutex<HashMap<String, Near>>,
}

/// How near a key is to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Near {
    /// The limit of the key that is nearest to its end; unknown if the key was only seen blocked.
    pub(crate) limit: Option<Limit>,
    /// How much of the limit is used.
    pub(crate) used: u64,
    /// When the key was seen.
    pub(crate) at: u64,
    /// The end of a block; 0 if the key is not blocked.
    pub(crate) blocked_until: u64,
}

impl Near {
    fn of(state: &KeyState, now: u64) -> Self {
        let windows = state.windows.iter().map(|counted| (counted.limit, counted.window.used()));
        let (limit, used) = windows.max_by_key(|(limit, used)| per_mille(*used, limit)).unzip();
        Self { limit, used: used.unwrap_or(0), at: now, blocked_until: state.blocked_until }
    }

    /// Sort key: the share of the limit that is used; blocked keys come first.
    pub(crate) fn rank(&self, now: u64) -> u64 {
        match self.limit {
            _ if self.blocked_until > now => u64::MAX,
            Some(limit) if self.at.saturating_add(limit.width) > now => per_mille(self.used, &limit),
            _ => 0,
        }
    }
}

impl NearKeys {
    /// A message was counted on a key.
    pub(super) fn note(&self, key: &str, near: Near, now: u64) {
        let mut kept = self.kept();
        match kept.get_mut(key) {
            Some(known) => *known = near,
            None if near.used > 0 => insert(&mut kept, key, near, now),
            None => {}
        }
    }

    /// A key is blocked until then.
    pub(super) fn blocked(&self, key: &str, until: u64) {
        let mut kept = self.kept();
        match kept.get_mut(key) {
            Some(known) => known.blocked_until = until,
            None => insert(&mut kept, key, Near { limit: None, used: 0, at: 0, blocked_until: until }, 0),
        }
    }

    /// A block was ended by hand.
    pub(super) fn unblocked(&self, key: &str) {
        if let Some(known) = self.kept().get_mut(key) {
            known.blocked_until = 0;
        }
    }

    /// A counter was reset.
    pub(super) fn forget(&self, key: &str) {
        self.kept().remove(key);
    }

    /// Adds the counters that a store in this process has kept from before the start. Looks at all of them.
    pub(crate) fn fill(&self, store: &dyn Store, now: u64) {
        let Some(local) = store.local().filter(|_| self.kept().is_empty()) else { return };
        let query = Query { prefix: String::new(), blocked: false, most: MAX_NEAR_KEYS };
        let fullest = local.fullest(&query);
        let mut kept = self.kept();
        for KeyListing { key, state } in fullest {
            insert(&mut kept, &key, Near::of(&state, now), now);
        }
    }

    /// The keys that are blocked or whose window has not passed, the nearest first.
    pub(super) fn look(&self, local: Option<&MemoryStore>, now: u64) -> Vec<(String, Near)> {
        let mut found: Vec<(String, Near)> = self.kept().iter().map(|(key, near)| (key.clone(), *near)).collect();
        if let Some(local) = local {
            for (key, near) in &mut found {
                *near = Near::of(&local.look(key).unwrap_or_default(), now);
            }
        }
        found.retain(|(_, near)| near.rank(now) > 0);
        found.sort_by(|(one, a), (other, b)| b.rank(now).cmp(&a.rank(now)).then_with(|| one.cmp(other)));
        found
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<String, Near>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn per_mille(used: u64, limit: &Limit) -> u64 {
    used.saturating_mul(1000) / limit.quota.max(1)
}

/// Puts a key in; if there are too many, in the place of the one that is farthest from its limit.
fn insert(kept: &mut HashMap<String, Near>, key: &str, near: Near, now: u64) {
    if kept.len() >= MAX_NEAR_KEYS {
        let least = kept.iter().min_by_key(|(_, near)| near.rank(now));
        let Some((least, rank)) = least.map(|(key, near)| (key.clone(), near.rank(now))) else { return };
        if rank >= near.rank(now) {
            return;
        }
        kept.remove(&least);
    }
    kept.insert(key.to_owned(), near);
}

#[cfg(test)]
mod tests;
