//! The sliding window: never more than a quota in any time of a given length, in 17 buckets.
//!
//! A bucket is a number of units and the time of its last one. A new unit joins the last bucket while that holds less than
//! a sixteenth of the quota (the *grain*); else it begins a new one. A bucket leaves whole, once its last unit is a
//! window old. Two things follow:
//!
//! - Never too many: a unit is counted at least until it is a window old, so the sum is never less than what the last
//!   window really holds.
//! - Hardly too few: of all buckets only the oldest can hold units that are too old, and fewer than a grain of them. So
//!   when one unit is refused, more than 15/16 of the quota were admitted in the window that ends there. Buckets cut by
//!   time don't promise that: a burst falls into one bucket and stays for a whole bucket too long, and the window behind
//!   the burst holds nothing.
//!
//! Units are given back from the bucket that held them, or from an earlier one of those that end at their time or
//! later. Each unit that is left can then still be found in a bucket that ends no sooner than its own time, so the first
//! promise holds; for the same reason several reservations may be given back together with the time of the earliest.
//!
//! Everything is an integer below 2^53, so that a script whose numbers are doubles computes the same.

/// Units at most, of a quota or of one request.
pub const MAX_UNITS: u64 = 1 << 50;
/// Buckets of a window.
pub const MAX_BUCKETS: usize = 17;

/// Units that leave the window together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When the last of them was counted, in milliseconds.
    pub end: u64,
    /// How many.
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

    /// Forgets buckets that are a window old. If the clock went back, what was counted in its future counts as now.
    pub fn settle(&mut self, now: u64, width: u64) {
        for bucket in self.buckets_mut() {
            bucket.end = bucket.end.min(now);
        }
        let gone = self.buckets().iter().take_while(|bucket| bucket.end.saturating_add(width) <= now).count();
        self.buckets.copy_within(gone..self.len, 0);
        self.len -= gone;
    }

    /// Milliseconds until this many more units fit; `None` if they never do. The window is settled.
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

    /// Counts units. The window is settled.
    pub fn add(&mut self, now: u64, quota: u64, units: u64) {
        if units == 0 {
            return;
        }
        let grain = quota.div_ceil(MAX_BUCKETS as u64 - 1).max(1);
        if let Some(last) = self.buckets_mut().last_mut().filter(|last| last.units < grain || last.end == now)
        {
            *last = Bucket { end: now, units: last.units.saturating_add(units).min(MAX_UNITS) };
            return;
        }
        if self.len == MAX_BUCKETS {
            self.join();
        }
        let pushed = self.push(Bucket { end: now, units });
        debug_assert!(pushed.is_some(), "two buckets were joined to make room");
    }

    /// Takes back units that were counted at a time, or some of them then and the others later.
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

    /// Appends a bucket as it is; one too many, or one of before the last, is left out.
    #[must_use]
    pub(super) fn push(&mut self, bucket: Bucket) -> Option<()> {
        *self.buckets.get_mut(self.len)? = bucket;
        self.len += 1;
        Some(())
    }

    /// Makes room for a bucket: the two neighbours that are smallest together become one. There are small ones, because
    /// only giving back leaves buckets below the grain.
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
