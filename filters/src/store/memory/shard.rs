//! One part of the memory store: keys with their states, found by key and ordered by use, and bounded.
//!
//! ```text
//!   table: hash of a key -> place         entries: place -> entry
//!   +-------+---+                        +---+--------------------------------+-------+-------+
//!   | "a:x" | 0 |----------------------->| 0 | 3 | a : x | state, LEB128     | newer | older |--+
//!   | "a:y" | 2 |--------------+         +---+--------------------------------+-------+-------+  |
//!   +-------+---+              |         | 1 | (vacant: no octets; in `vacant`)               |  |
//!                              |         +---+--------------------------------+-------+-------+  |
//!                              +-------->| 2 | 3 | a : y | state, LEB128     | newer | older |<-+
//!                                        +---+--------------------------------+-------+-------+
//!   newest = 0, oldest = 2: a list through all entries by `newer` and `older`, which are places or NONE
//! ```
//!
//! An entry is one allocation (length of the key, key, state), two links, and four octets in the hash table. A place
//! stays the same for as long as its key is known. When the shard is full, the entry at the end of the list leaves.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use hashbrown::HashTable;

use crate::store::{KeyState, MAX_KEY_OCTETS};

/// The place of no entry.
const NONE: u32 = u32::MAX;
/// Blocked keys that are passed over before one of them leaves all the same.
const MAX_PASSED_OVER: usize = 16;

// An entry has the length of its key in one octet.
const _: () = assert!(MAX_KEY_OCTETS <= u8::MAX as usize);

pub(super) struct MemoryShard {
    table: HashTable<u32>,
    hasher: RandomState,
    entries: Vec<Kept>,
    /// Places of entries that are gone.
    vacant: Vec<u32>,
    newest: u32,
    oldest: u32,
    most: usize,
    /// The place of each key that was blocked when it was last kept, with the end of the block.
    blocked: BTreeMap<u32, u64>,
    /// Keys that have changed since they were last taken; `None` without a journal.
    changed: Option<Vec<Box<str>>>,
    pub(super) evicted: u64,
}

struct Kept {
    /// Length of the key, key, state; empty if the place is vacant.
    octets: Box<[u8]>,
    newer: u32,
    older: u32,
    /// True if the key is in `changed`.
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
        KeyState::decode(entry(&self.entries, at).state()).ok()
    }

    /// Keeps the state of a key, which becomes the newest. `room` is overwritten; it saves an allocation. The key has at
    /// most [`MAX_KEY_OCTETS`] octets.
    pub(super) fn keep(&mut self, hash: u64, key: &str, state: &KeyState, room: &mut Vec<u8>) {
        let length = u8::try_from(key.len());
        debug_assert!(length.is_ok(), "callers refuse long keys");
        let Ok(length) = length else { return };
        room.clear();
        room.push(length);
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

    /// Shows the keys at some places with their states; true if there are places behind them.
    pub(super) fn each(&self, places: Range<usize>, mut show: impl FnMut(&str, &[u8])) -> bool {
        let more = places.end < self.entries.len();
        for kept in self.entries.iter().take(places.end).skip(places.start) {
            if !kept.octets.is_empty() {
                show(kept.key(), kept.state());
            }
        }
        more
    }

    pub(super) fn blocked(&self, now: u64) -> u64 {
        self.blocked.values().filter(|until| **until > now).count() as u64
    }

    /// Takes at most `most` of the keys that have changed since they were last taken. Some of them may be gone.
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

    /// The encoded state of a key.
    pub(super) fn octets(&self, hash: u64, key: &str) -> Option<&[u8]> {
        let at = self.find(hash, key)?;
        Some(entry(&self.entries, at).state())
    }

    fn find(&self, hash: u64, key: &str) -> Option<u32> {
        self.table.find(hash, |at| is(&self.entries, *at, key)).copied()
    }

    /// A place for a new key, not linked yet. The key is written there before the shard is used again.
    fn insert(&mut self, hash: u64) -> u32 {
        let at = self.vacant.pop().unwrap_or_else(|| {
            self.entries.push(Kept { octets: Box::default(), newer: NONE, older: NONE, noted: false });
            // There are never more than `most` entries, which is below NONE.
            (self.entries.len() - 1) as u32
        });
        let Self { table, hasher, entries, .. } = self;
        let rehash = |at: &u32| hasher.hash_one(entry(entries, *at).key());
        table.insert_unique(hash, at, rehash);
        at
    }

    /// Forgets the oldest key. A blocked key becomes the newest instead, at most [`MAX_PASSED_OVER`] times.
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

    /// Takes an entry out of the list. Does nothing to an entry that is not in it.
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
        #[expect(clippy::expect_used, reason = "`keep` writes the key of a `&str`")]
        std::str::from_utf8(self.parts().0).expect("a key is UTF-8")
    }

    fn state(&self) -> &[u8] {
        self.parts().1
    }

    /// The key and the state; both are empty if the place is vacant.
    fn parts(&self) -> (&[u8], &[u8]) {
        match &*self.octets {
            [length, rest @ ..] => rest.split_at(usize::from(*length)),
            [] => (&[], &[]),
        }
    }
}

/// The entry at a place from the table.
#[expect(clippy::indexing_slicing, reason = "entries are never taken out of the list, only vacated")]
fn entry(entries: &[Kept], at: u32) -> &Kept {
    &entries[at as usize]
}

/// True if the entry is that of the key. Keys are compared as octets, which needs no check of UTF-8.
fn is(entries: &[Kept], at: u32, key: &str) -> bool {
    entry(entries, at).parts().0 == key.as_bytes()
}
