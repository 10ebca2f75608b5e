//! Blocks learned from the servers: a blocked user stays blocked while the servers are away.
//!
//! A block that this process has seen or set is remembered until its end, or until a server says that there is none.
//! While the servers fail, the local store of this process is told of it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postseal_filters::store::{Admission, Request, Standing};

const MAX_BLOCKS: usize = 10_000;

/// When each block ends, by key; `None` is never.
#[derive(Default)]
pub(super) struct RememberedBlocks(Mutex<HashMap<Box<str>, Option<Instant>>>);

impl RememberedBlocks {
    /// Learns from a server's decisions. Returns the keys whose block was remembered and is over.
    pub(super) fn learn<'a>(&self, requests: &[Request<'a>], admissions: &[Admission], now: Instant) -> Vec<&'a str> {
        let mut blocks = self.lock();
        let mut gone = Vec::new();
        for (request, admission) in requests.iter().zip(admissions) {
            match admission.verdict {
                Standing::Blocked => insert(&mut blocks, request.key, end(now, admission.wait)),
                // The server sets a block at the first refusal of a breach.
                Standing::Over if admission.first && request.block > 0 => {
                    insert(&mut blocks, request.key, end(now, Some(request.block)));
                }
                _ if blocks.remove(request.key).is_some() => gone.push(request.key),
                _ => {}
            }
        }
        gone
    }

    /// A block that was set by hand.
    pub(super) fn set(&self, key: &str, time: Option<Duration>, now: Instant) {
        let end = time.and_then(|time| now.checked_add(time));
        insert(&mut self.lock(), key, end);
    }

    /// The block was ended by hand.
    pub(super) fn clear(&self, key: &str) {
        self.lock().remove(key);
    }

    /// Which of these keys are blocked, and for how long; `None` is for ever.
    pub(super) fn of<'a>(&self, requests: &[Request<'a>], now: Instant) -> Vec<(&'a str, Option<Duration>)> {
        let blocks = self.lock();
        let blocked = |request: &Request<'a>| match blocks.get(request.key)? {
            None => Some((request.key, None)),
            Some(end) if *end > now => Some((request.key, Some(*end - now))),
            Some(_) => None,
        };
        requests.iter().filter_map(blocked).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Option<Instant>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn end(now: Instant, wait: Option<u64>) -> Option<Instant> {
    wait.and_then(|wait| now.checked_add(Duration::from_millis(wait)))
}

/// If there are too many blocks, those that are over are dropped; if that is not enough, the new one is not remembered.
fn insert(blocks: &mut HashMap<Box<str>, Option<Instant>>, key: &str, end: Option<Instant>) {
    if blocks.len() >= MAX_BLOCKS && !blocks.contains_key(key) {
        let now = Instant::now();
        blocks.retain(|_, end| end.is_none_or(|end| end > now));
    }
    if blocks.len() < MAX_BLOCKS || blocks.contains_key(key) {
        blocks.insert(key.into(), end);
    }
}
