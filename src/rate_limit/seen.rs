//! The keys that are nearest to their limits, as this instance has seen them last: for who looks on, in bounded memory,
//! and without asking a store that is far away.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use postseal_filters::store::{KeyListing, KeyState, Limit, MemoryStore, Query, Store};

/// The fullest of the keys that were asked for.
#[derive(Default)]
pub(crate) struct NearKeys {
    kept: Mutex<HashMap<String, Near>>,
}

/// How near a key is to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Near {
    /// Of its limits the one that is nearest to its end; nothing is known of that if the key was only seen blocked.
    pub(crate) limit: Option<Limit>,
    /// How much of it is used.
    pub(crate) used: u64,
    /// When that was.
    pub(crate) at: u64,
    /// Until when everything is refused; 0 if it is not.
    pub(crate) blocked_until: u64,
}

impl Near {
    fn of(state: &KeyState, now: u64) -> Self {
        let share = |limit: Limit, used: u64| used.saturating_mul(1000) / limit.quota.max(1);
        let windows = state.windows.iter().map(|counted| (counted.limit, counted.window.used()));
        let (limit, used) = windows.max_by_key(|(limit, used)| share(*limit, *used)).unzip();
        Self { limit, used: used.unwrap_or(0), at: now, blocked_until: state.blocked_until }
    }

    /// Larger for those that are nearer; blocked keys are beyond everything.
    pub(crate) fn rank(&self, now: u64) -> u64 {
        match self.limit {
            _ if self.blocked_until > now => u64::MAX,
            Some(limit) if self.at.saturating_add(limit.width) > now => {
                self.used.saturating_mul(1000) / limit.quota.max(1)
            }
            _ => 0,
        }
    }
}

impl NearKeys {
    /// A key was asked for.
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

    /// Takes in what counters in this process have kept from before the start. Looks at all of them.
    pub(crate) fn fill(&self, store: &dyn Store, now: u64) {
        let Some(local) = store.local().filter(|_| self.kept().is_empty()) else { return };
        let query = Query { prefix: String::new(), blocked: false, most: MOST };
        let fullest = local.fullest(&query);
        let mut kept = self.kept();
        for KeyListing { key, state } in fullest {
            insert(&mut kept, &key, Near::of(&state, now), now);
        }
    }

    /// What is kept and still means something, the nearest first.
    pub(super) fn look(&self, local: Option<&MemoryStore>, now: u64) -> Vec<(String, Near)> {
        let mut found: Vec<(String, Near)> =
            self.kept().iter().map(|(key, near)| (key.clone(), *near)).collect();
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

/// Puts a key in; if there are too many, in the place of the one that is farthest from its limit.
fn insert(kept: &mut HashMap<String, Near>, key: &str, near: Near, now: u64) {
    if kept.len() >= MOST {
        let least = kept.iter().min_by_key(|(_, near)| near.rank(now));
        let Some((least, rank)) = least.map(|(key, near)| (key.clone(), near.rank(now))) else { return };
        if rank >= near.rank(now) {
            return;
        }
        kept.remove(&least);
    }
    kept.insert(key.to_owned(), near);
}

/// Keys that are kept.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use postseal_filters::Clock as _;

    use super::*;
    use crate::clock::SystemClock;

    const HOUR: Limit = Limit { width: 3_600_000, quota: 100 };

    fn near(used: u64, at: u64) -> Near {
        Near { limit: Some(HOUR), used, at, blocked_until: 0 }
    }

    fn names(seen: &NearKeys, now: u64) -> Vec<String> {
        seen.look(None, now).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn the_nearest_are_kept_whatever_comes() {
        let seen = NearKeys::default();
        for number in 0..100_000_u64 {
            seen.note(&format!("r:user{number}"), near(1 + number % 50, 5), 5);
        }
        seen.note("r:alice", near(99, 5), 5);
        seen.note("r:nobody", near(1, 5), 5);
        assert_eq!(seen.kept().len(), MOST);
        assert_eq!((names(&seen, 5)[0].as_str(), names(&seen, 5).len()), ("r:alice", MOST));
        seen.note("r:alice", near(2, 6), 6);
        assert_eq!(names(&seen, 6).last().unwrap(), "r:alice", "what is known of a key is always the last");
        assert_eq!(names(&seen, 5 + HOUR.width), ["r:alice"], "a window later it means nothing");
    }

    #[test]
    fn blocked_keys_go_before_all_until_their_time() {
        let seen = NearKeys::default();
        seen.note("r:alice", near(99, 5), 5);
        seen.blocked("r:bob", 1000);
        assert_eq!(names(&seen, 5), ["r:bob", "r:alice"]);
        assert_eq!(names(&seen, 1000), ["r:alice"]);
        seen.unblocked("r:bob");
        assert_eq!(names(&seen, 5), ["r:alice"]);
        seen.forget("r:alice");
        assert!(names(&seen, 5).is_empty());
    }

    #[test]
    fn counters_in_this_process_are_looked_at() {
        let store = MemoryStore::new(Arc::new(SystemClock), 100);
        let now = SystemClock.steady_millis();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(store.block("r:carol", None)).unwrap();
        let seen = NearKeys::default();
        seen.fill(&store, now);
        let found = seen.look(store.local(), now);
        assert_eq!(found.len(), 1);
        assert!(found[0].0 == "r:carol" && found[0].1.blocked_until > now, "from before the start");
    }
}
