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
    assert_eq!(seen.kept().len(), MAX_NEAR_KEYS);
    assert_eq!((names(&seen, 5)[0].as_str(), names(&seen, 5).len()), ("r:alice", MAX_NEAR_KEYS));
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
