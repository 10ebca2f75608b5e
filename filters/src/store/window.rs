//! The sliding window: never more than a quota in any time of a given length, in 17 slots.
//!
//! A slot is a number of units and the time of its last one. A new unit joins the last slot while that holds less than
//! a sixteenth of the quota (the *grain*); else it begins a new one. A slot leaves whole, once its last unit is a
//! window old. Two things follow:
//!
//! - Never too many: a unit is counted at least until it is a window old, so the sum is never less than what the last
//!   window really holds.
//! - Hardly too few: of all slots only the oldest can hold units that are too old, and fewer than a grain of them. So
//!   when one unit is refused, more than 15/16 of the quota were admitted in the window that ends there. Slots cut by
//!   time don't promise that: a burst falls into one slot and stays for a whole slot too long, and the window behind
//!   the burst holds nothing.
//!
//! Units are given back from the slot that held them, or from an earlier one of those that end at their time or
//! later. Each unit that is left can then still be found in a slot that ends no sooner than its own time, so the first
//! promise holds; for the same reason several reservations may be given back together with the time of the earliest.
//!
//! Everything is an integer below 2^53, so that a script whose numbers are doubles computes the same.

/// Units at most, of a quota or of one request.
pub const MOST_UNITS: u64 = 1 << 50;

/// Slots of a window.
pub const SLOTS: usize = 17;

/// Units that leave the window together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When the last of them was counted, in milliseconds.
    pub end: u64,
    /// How many.
    pub units: u64,
}

/// The slots of one window, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    slots: [Bucket; SLOTS],
    len: usize,
}

impl Window {
    /// A window with these slots, oldest first.
    pub fn from_slots(slots: impl IntoIterator<Item = Bucket>) -> Self {
        let mut window = Self::default();
        slots.into_iter().for_each(|slot| window.push(slot));
        window
    }

    /// The slots, oldest first.
    pub fn slots(&self) -> &[Bucket] {
        self.slots.get(..self.len).unwrap_or_default()
    }

    /// Units that count.
    pub fn used(&self) -> u64 {
        self.slots().iter().map(|slot| slot.units).sum()
    }

    /// When the last unit was counted.
    pub fn last(&self) -> Option<u64> {
        self.slots().last().map(|slot| slot.end)
    }

    /// Forgets slots that are a window old. If the clock went back, what was counted in its future counts as now.
    pub fn settle(&mut self, now: u64, width: u64) {
        for slot in self.slots.iter_mut().take(self.len) {
            slot.end = slot.end.min(now);
        }
        let gone = self.slots().iter().take_while(|slot| slot.end.saturating_add(width) <= now).count();
        self.slots.copy_within(gone..self.len, 0);
        self.len -= gone;
    }

    /// Milliseconds until this many more units fit; `None` if they never do. The window is settled.
    pub fn wait(&self, now: u64, width: u64, quota: u64, units: u64) -> Option<u64> {
        let room = quota.checked_sub(units)?;
        let mut used = self.used();
        let mut wait = 0;
        for slot in self.slots() {
            if used <= room {
                break;
            }
            used -= slot.units;
            wait = slot.end.saturating_add(width).saturating_sub(now);
        }
        Some(wait)
    }

    /// Counts units. The window is settled.
    pub fn add(&mut self, now: u64, quota: u64, units: u64) {
        if units == 0 {
            return;
        }
        let grain = quota.div_ceil(SLOTS as u64 - 1).max(1);
        let last = self.len.checked_sub(1).and_then(|last| self.slots.get_mut(last));
        if let Some(last) = last.filter(|last| last.units < grain || last.end == now) {
            *last = Bucket { end: now, units: last.units.saturating_add(units).min(MOST_UNITS) };
            return;
        }
        if self.len == SLOTS {
            self.join();
        }
        self.push(Bucket { end: now, units });
    }

    /// Takes back units that were counted at a time, or some of them then and the others later.
    pub fn remove(&mut self, at: u64, units: u64) {
        let mut left = units;
        for slot in self.slots.iter_mut().take(self.len).filter(|slot| slot.end >= at) {
            let taken = slot.units.min(left);
            slot.units -= taken;
            left -= taken;
        }
        let mut kept = Self::default();
        self.slots().iter().filter(|slot| slot.units > 0).for_each(|slot| kept.push(*slot));
        *self = kept;
    }

    /// Appends a slot as it is; one too many, or one of before the last, is left out.
    pub(super) fn push(&mut self, slot: Bucket) {
        if let Some(place) = self.slots.get_mut(self.len) {
            *place = slot;
            self.len += 1;
        }
    }

    /// Makes room for a slot: the two neighbours that are smallest together become one. There are small ones, because
    /// only giving back leaves slots below the grain.
    fn join(&mut self) {
        let sum = |pair: &[Bucket]| pair.iter().map(|slot| slot.units).sum::<u64>();
        let smallest = self.slots().windows(2).map(sum).enumerate().min_by_key(|(_, units)| *units);
        let Some((at, units)) = smallest else { return };
        self.slots.copy_within(at + 1..self.len, at);
        self.len -= 1;
        if let Some(slot) = self.slots.get_mut(at) {
            slot.units = units;
        }
    }
}

#[cfg(test)]
mod tests;
