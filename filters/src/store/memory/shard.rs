//! One part of the memory store: entries by key and by age, bounded.
//!
//! An entry is one allocation (key and state), two links for the order of use, and four octets in a hash table. The
//! one that was not used for longest goes first.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use hashbrown::HashTable;

use crate::store::KeyState;

/// No entry.
const NONE: u32 = u32::MAX;
/// How many blocked keys are passed over before one of them goes after all.
const MAX_PASSED_OVER: usize = 16;

/// Entries behind one lock.
pub(super) struct MemoryShard {
    table: HashTable<u32>,
    hasher: RandomState,
    entries: Vec<Kept>,
    /// Places of entries that are gone.
    vacant: Vec<u32>,
    newest: u32,
    oldest: u32,
    most: usize,
    /// Places of the keys that were blocked when they were last kept, with the end of the block.
    blocked: BTreeMap<u32, u64>,
    /// Keys that have changed since they were last taken; `None` if nobody will take them.
    changed: Option<Vec<Box<str>>>,
    pub(super) evicted: u64,
}

struct Kept {
    /// Length of the key, key, state; nothing if vacant.
    octets: Box<[u8]>,
    newer: u32,
    older: u32,
    /// Whether the key stands among those that have changed.
    noted: bool,
}

impl MemoryShard {
    pub(super) fn new(most: usize, hasher: RandomState, journal: bool) -> Self {
        Self {
            table: HashTable::new(),
            hasher,
            entries: Vec::new(),
            vacant: Vec::new(),
            newest: NONE,
            oldest: NONE,
            most: most.clamp(1, NONE as usize - 1),
            blocked: BTreeMap::new(),
            changed: journal.then(Vec::new),
            evicted: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The state of a key; a damaged one counts as none.
    pub(super) fn state(&self, hash: u64, key: &str) -> Option<KeyState> {
        let at = self.find(hash, key)?;
        KeyState::decode(self.entries.get(at as usize)?.state()).ok()
    }

    /// Keeps the state of a key, which becomes the newest. `room` is to work in.
    pub(super) fn keep(&mut self, hash: u64, key: &str, state: &KeyState, room: &mut Vec<u8>) {
        room.clear();
        room.push(u8::try_from(key.len()).unwrap_or(u8::MAX));
        room.extend_from_slice(key.as_bytes());
        state.encode(room);
        let at = match self.find(hash, key) {
            Some(at) => at,
            None => {
                if self.table.len() >= self.most {
                    self.evict();
                }
                self.insert(hash)
            }
        };
        if self.newest != at {
            self.unlink(at);
            self.link(at);
        }
        match state.blocked_until {
            0 => self.blocked.remove(&at),
            until => self.blocked.insert(at, until),
        };
        if let Some(kept) = self.entries.get_mut(at as usize) {
            if kept.octets.len() == room.len() {
                kept.octets.copy_from_slice(room);
            } else {
                kept.octets = room.as_slice().into();
            }
            if let Some(changed) = self.changed.as_mut().filter(|_| !kept.noted) {
                kept.noted = true;
                changed.push(key.into());
            }
        }
    }

    /// Forgets a key; false if it was not known.
    pub(super) fn remove(&mut self, hash: u64, key: &str) -> bool {
        let found = self.table.find_entry(hash, |at| is(&self.entries, *at, key));
        let Ok(found) = found else { return false };
        let (at, _) = found.remove();
        self.unlink(at);
        self.vacant.push(at);
        self.blocked.remove(&at);
        if let Some(kept) = self.entries.get_mut(at as usize) {
            let noted = std::mem::take(&mut kept.noted);
            kept.octets = Box::default();
            if let Some(changed) = self.changed.as_mut().filter(|_| !noted) {
                changed.push(key.into());
            }
        }
        true
    }

    /// The keys at some places with their states, in no order; false if there are none behind them.
    pub(super) fn each(&self, places: Range<usize>, mut show: impl FnMut(&str, &[u8])) -> bool {
        let more = places.end < self.entries.len();
        for kept in self.entries.iter().take(places.end).skip(places.start) {
            if !kept.octets.is_empty() {
                show(kept.key(), kept.state());
            }
        }
        more
    }

    /// How many keys are blocked.
    pub(super) fn blocked(&self, now: u64) -> u64 {
        self.blocked.values().filter(|until| **until > now).count() as u64
    }

    /// Some of the keys that have changed since they were last taken, those that are gone included.
    pub(super) fn take_changed(&mut self, most: usize) -> Vec<Box<str>> {
        let Some(all) = &mut self.changed else { return Vec::new() };
        let changed = all.split_off(all.len().saturating_sub(most));
        for key in &changed {
            let hash = self.hasher.hash_one(&**key);
            if let Some(kept) = self.find(hash, key).and_then(|at| self.entries.get_mut(at as usize)) {
                kept.noted = false;
            }
        }
        changed
    }

    /// The state of a key as it is kept.
    pub(super) fn octets(&self, hash: u64, key: &str) -> Option<&[u8]> {
        let at = self.find(hash, key)?;
        self.entries.get(at as usize).map(Kept::state)
    }

    fn find(&self, hash: u64, key: &str) -> Option<u32> {
        self.table.find(hash, |at| is(&self.entries, *at, key)).copied()
    }

    /// A place for a key, not linked yet.
    fn insert(&mut self, hash: u64) -> u32 {
        let at = self.vacant.pop().unwrap_or_else(|| {
            self.entries.push(Kept { octets: Box::default(), newer: NONE, older: NONE, noted: false });
            u32::try_from(self.entries.len() - 1).unwrap_or(NONE)
        });
        let Self { table, hasher, entries, .. } = self;
        let rehash = |at: &u32| entries.get(*at as usize).map_or(0, |kept| hasher.hash_one(kept.key()));
        table.insert_unique(hash, at, rehash);
        at
    }

    /// The oldest goes. One that is blocked gets another chance, but not for ever.
    fn evict(&mut self) {
        for attempt in 0..MAX_PASSED_OVER {
            let Some(oldest) = self.entries.get(self.oldest as usize) else { return };
            if self.blocked.contains_key(&self.oldest) && attempt + 1 < MAX_PASSED_OVER {
                let at = self.oldest;
                self.unlink(at);
                self.link(at);
                continue;
            }
            let key = oldest.key().to_owned();
            self.remove(self.hasher.hash_one(key.as_str()), &key);
            self.evicted += 1;
            return;
        }
    }

    fn link(&mut self, at: u32) {
        let before = self.newest;
        if let Some(kept) = self.entries.get_mut(at as usize) {
            (kept.newer, kept.older) = (NONE, before);
        }
        match self.entries.get_mut(before as usize) {
            Some(kept) => kept.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
    }

    /// Does nothing to an entry that is not linked.
    fn unlink(&mut self, at: u32) {
        let Some(kept) = self.entries.get_mut(at as usize) else { return };
        let newer = std::mem::replace(&mut kept.newer, NONE);
        let older = std::mem::replace(&mut kept.older, NONE);
        match self.entries.get_mut(newer as usize) {
            Some(kept) => kept.older = older,
            None if self.newest == at => self.newest = older,
            None => {}
        }
        match self.entries.get_mut(older as usize) {
            Some(kept) => kept.newer = newer,
            None if self.oldest == at => self.oldest = newer,
            None => {}
        }
    }
}

impl Kept {
    fn key(&self) -> &str {
        let key = self.octets.split_first().and_then(|(length, rest)| rest.get(..usize::from(*length)));
        std::str::from_utf8(key.unwrap_or_default()).unwrap_or_default()
    }

    fn state(&self) -> &[u8] {
        let state = self.octets.split_first().and_then(|(length, rest)| rest.get(usize::from(*length)..));
        state.unwrap_or_default()
    }
}

/// Compared as octets: a key needs no check to be found.
fn is(entries: &[Kept], at: u32, key: &str) -> bool {
    let octets = entries.get(at as usize).and_then(|kept| kept.octets.get(1..=key.len()));
    octets == Some(key.as_bytes())
        && entries
            .get(at as usize)
            .and_then(|kept| kept.octets.first())
            .is_some_and(|length| usize::from(*length) == key.len())
}
