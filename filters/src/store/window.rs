//! The sliding window: never more than a quota in any time of a given length, in 17 buckets.
//!
//! A bucket is a number of units and the time of the last of them. A new unit joins the last bucket while that holds
//! less than a sixteenth of the quota (the *grain*); otherwise it begins a new bucket. A bucket leaves as a whole,
//! when its last unit is a window old. Two things follow:
//!
//! - Never too many units are admitted: a unit is counted at least until it is a window old, so the sum is never less
//!   than the number of units in the last window.
//! - Hardly too few are admitted: only the oldest bucket can hold units that are too old, and fewer than a grain of
//!   them. So when one unit is refused, more than 15/16 of the quota were admitted in the window that ends there.
//!   Buckets cut by time would not promise that: a burst would fall into one bucket and stay for the length of a
//!   bucket too long, and the window behind the burst would hold nothing.
//!
//! Units are given back from the bucket that held them, or from an earlier one of those that end at their time or
//! later. Each remaining unit can then still be found in a bucket that does not end before the unit's own time, so
//! the first promise holds. For the same reason several charges may be given back together, with the time of the
//! earliest.
//!
//! Everything is an integer below 2^53, so that a script whose numbers are doubles computes the same.

/// Units of a quota, and of one request. In Redis the same bound stands in `state.lua`.
pub const MAX_UNITS: u64 = 1 << 50;
/// Buckets of a window. `state.lua` calls them slots.
pub const MAX_BUCKETS: usize = 17;

/// Units that leave the window together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// The time in milliseconds at which the last of them was counted.
    pub end: u64,
    /// The number of units.
    pub units: u64,
}

/// The buckets of one window, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Window {
    buckets: [Bucket; MAX_BUCKETS],
    len: usize,
}

impl Window {
    /// A window with these buckets, oldest first; `None` if there are more than [`MAX_BUCKETS`].
    pub fn from_buckets(buckets: impl IntoIterator<Item = Bucket>) -> Option<Self> {
        let mut window = Self::default();
        buckets.into_iter().try_for_each(|bucket| window.push(bucket))?;
        Some(window)
    }

    /// The buckets, oldest first.
    pub fn buckets(&self) -> &[Bucket] {
        #[expect(clippy::indexing_slicing, reason = "only `push` makes `len` larger, and never too large")]
        &self.buckets[..self.len]
    }

    fn buckets_mut(&mut self) -> &mut [Bucket] {
        #[expect(clippy::indexing_slicing, reason = "only `push` makes `len` larger, and never too large")]
        &mut self.buckets[..self.len]
    }

    /// Units that count.
    pub fn used(&self) -> u64 {
        self.buckets().iter().map(|bucket| bucket.units).sum()
    }

    /// When the last unit was counted.
    pub fn last(&self) -> Option<u64> {
        self.buckets().last().map(|bucket| bucket.end)
    }

    /// Forgets buckets that are a window old. If the clock went back, a unit that seems to be of the future is
    /// treated as one of now.
    pub fn settle(&mut self, now: u64, width: u64) {
        for bucket in self.buckets_mut() {
            bucket.end = bucket.end.min(now);
        }
        let gone = self.buckets().iter().take_while(|bucket| bucket.end.saturating_add(width) <= now).count();
        self.buckets.copy_within(gone..self.len, 0);
        self.len -= gone;
    }

    /// Milliseconds until `units` more units fit; `None` if they never do. The window has been settled.
    pub fn wait(&self, now: u64, width: u64, quota: u64, units: u64) -> Option<u64> {
        let room = quota.checked_sub(units)?;
        let mut used = self.used();
        let mut wait = 0;
        for bucket in self.buckets() {
            if used <= room {
                break;
            }
            used -= bucket.units;
            wait = bucket.end.saturating_add(width).saturating_sub(now);
        }
        Some(wait)
    }

    /// Counts units. The window has been settled.
    pub fn add(&mut self, now: u64, quota: u64, units: u64) {
        if units == 0 {
            return;
        }
        let grain = quota.div_ceil(MAX_BUCKETS as u64 - 1).max(1);
        if let Some(last) = self.buckets_mut().last_mut().filter(|last| last.units < grain || last.end == now) {
            *last = Bucket { end: now, units: last.units.saturating_add(units).min(MAX_UNITS) };
            return;
        }
        if self.len == MAX_BUCKETS {
            self.join();
        }
        let pushed = self.push(Bucket { end: now, units });
        debug_assert!(pushed.is_some(), "two buckets were joined to make room");
    }

    /// Takes back units of which the first were counted at the time `at`, and the others then or later.
    pub fn remove(&mut self, at: u64, units: u64) {
        let mut left = units;
        for bucket in self.buckets_mut().iter_mut().filter(|bucket| bucket.end >= at) {
            let taken = bucket.units.min(left);
            bucket.units -= taken;
            left -= taken;
        }
        let mut kept = Self::default();
        let used = self.buckets().iter().filter(|bucket| bucket.units > 0);
        for (place, bucket) in kept.buckets.iter_mut().zip(used) {
            *place = *bucket;
            kept.len += 1;
        }
        *self = kept;
    }

    /// Appends a bucket; `None` if the window is full.
    #[must_use]
    pub(super) fn push(&mut self, bucket: Bucket) -> Option<()> {
        *self.buckets.get_mut(self.len)? = bucket;
        self.len += 1;
        Some(())
    }

    /// Makes room for a bucket: joins the two neighbours with the smallest sum. Small buckets exist then, because the
    /// window can only fill up with buckets below the grain, which giving back leaves behind.
    fn join(&mut self) {
        let sum = |pair: &[Bucket]| pair.iter().map(|bucket| bucket.units).sum::<u64>();
        let smallest = self.buckets().windows(2).map(sum).enumerate().min_by_key(|(_, units)| *units);
        let Some((at, units)) = smallest else { return };
        self.buckets.copy_within(at + 1..self.len, at);
        self.len -= 1;
        #[expect(clippy::indexing_slicing, reason = "`at` is the first of two neighbours")]
        let joined = &mut self.buckets[at];
        joined.units = units;
    }
}

#[cfg(test)]
mod tests;
