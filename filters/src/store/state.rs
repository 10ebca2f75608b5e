//! The state of one key and the decision about a request, as pure functions, so that every store decides alike.
//!
//! A key has one [`KeyState`]: its windows, its block, and the time of its last breach. For each call, [`decide`]
//! brings the states of all its keys up to now and [judges](KeyState::judge) each request. Then it either
//! [charges](KeyState::charge) the requests that are within their limits, or marks those that are over with
//! [`refuse`](KeyState::refuse).

mod encoding;

pub use encoding::Malformed;

use std::time::Duration;

use super::window::{MAX_UNITS, Window};
use super::{Admission, FOR_EVER, Limit, Request, Standing, millis};

/// Everything that is known of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyState {
    /// A window for each limit.
    pub windows: Vec<Counted>,
    /// The time in milliseconds until which every request is refused; 0 without a block.
    pub blocked_until: u64,
    /// The time until which a refusal belongs to the breach before it, and is not the first of a new one.
    pub breach_until: u64,
}

/// A window and its limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The limit, as it was at the last request.
    pub limit: Limit,
    /// The units that count.
    pub window: Window,
}

/// Decides one call: brings all states up to `now`, and charges the requests that are within their limits unless a
/// binding request is refused.
pub fn decide(now: u64, requests: &[Request<'_>], states: &mut [KeyState]) -> Vec<Admission> {
    let judge = |(request, state): (&Request<'_>, &mut KeyState)| {
        state.settle(now, request.limits);
        state.judge(now, request)
    };
    let mut admissions: Vec<Admission> = requests.iter().zip(&mut *states).map(judge).collect();
    let refuses =
        |(request, admission): (&Request<'_>, &Admission)| request.binding && admission.verdict != Standing::Within;
    let refused = requests.iter().zip(&admissions).any(refuses);
    for ((request, admission), state) in requests.iter().zip(&mut admissions).zip(states) {
        match admission.verdict {
            Standing::Within if !refused => {
                state.charge(now, request.cost);
                admission.charged = true;
            }
            Standing::Over => admission.first = state.refuse(now, request),
            Standing::Within | Standing::Blocked => {}
        }
    }
    admissions
}

impl KeyState {
    /// Brings the state up to `now` and to these limits. A window that keeps its length keeps its units.
    pub fn settle(&mut self, now: u64, limits: &[Limit]) {
        let same = |(counted, limit): (&Counted, &Limit)| counted.limit == *limit;
        if self.windows.len() != limits.len() || !self.windows.iter().zip(limits).all(same) {
            let fit = |limit: &Limit| {
                let kept = self.windows.iter().find(|counted| counted.limit.width == limit.width);
                let window = kept.map(|counted| counted.window.clone()).unwrap_or_default();
                Counted { limit: *limit, window }
            };
            self.windows = limits.iter().map(fit).collect();
        }
        self.age(now);
    }

    /// Brings the state up to `now` with the limits that it has.
    pub fn age(&mut self, now: u64) {
        for counted in &mut self.windows {
            counted.window.settle(now, counted.limit.width);
        }
    }

    /// The answer to a request, without charging it. The state has been settled.
    pub fn judge(&self, now: u64, request: &Request<'_>) -> Admission {
        let units = request.cost.clamp(1, MAX_UNITS);
        let mut out = Admission { at: now, ..Admission::default() };
        let mut fullest = 0.0;
        for (index, counted) in self.windows.iter().enumerate() {
            let Limit { width, quota } = counted.limit;
            let used = counted.window.used();
            if used.saturating_add(units) <= quota {
                // Both are below 2^53, so that all stores compute the same.
                #[expect(clippy::cast_precision_loss, reason = "they are below 2^53")]
                let share = used as f64 / quota as f64;
                if out.verdict == Standing::Within && share > fullest {
                    (fullest, out.limit, out.used) = (share, index, used);
                }
                continue;
            }
            let wait = counted.window.wait(now, width, quota, units);
            // The limit that has to be waited for longest counts. A limit that never has room counts most.
            let longer = out.verdict == Standing::Within
                || match (wait, out.wait) {
                    (Some(this), Some(longest)) => this > longest,
                    (this, longest) => this.is_none() && longest.is_some(),
                };
            if longer {
                out = Admission { verdict: Standing::Over, wait, limit: index, used, ..out };
            }
        }
        if self.blocked_until > now {
            let wait = (self.blocked_until < FOR_EVER).then(|| self.blocked_until - now);
            out = Admission { verdict: Standing::Blocked, wait, ..Admission { at: now, ..Admission::default() } };
        }
        out
    }

    /// Charges an admitted cost. The state has been settled.
    pub fn charge(&mut self, now: u64, cost: u64) {
        for counted in &mut self.windows {
            counted.window.add(now, counted.limit.quota, cost.min(MAX_UNITS));
        }
    }

    /// Notes that a request was over its limit; true if a new breach begins with it.
    pub fn refuse(&mut self, now: u64, request: &Request<'_>) -> bool {
        let first = now >= self.breach_until;
        let longest = request.limits.iter().map(|limit| limit.width).max().unwrap_or(0);
        self.breach_until = now.saturating_add(longest);
        if first && request.block > 0 {
            self.blocked_until = now.saturating_add(request.block);
        }
        first
    }

    /// Takes back units that were charged at the time `at`.
    pub fn give_back(&mut self, now: u64, at: u64, cost: u64) {
        self.age(now);
        for counted in &mut self.windows {
            // After a whole window the bucket has left, and the units must not be taken from another one.
            if at.saturating_add(counted.limit.width) > now {
                counted.window.remove(at.min(now), cost);
            }
        }
    }

    /// Refuses everything for a time, or until [`unblock`](Self::unblock).
    pub fn block(&mut self, now: u64, time: Option<Duration>) {
        let until = time.map_or(FOR_EVER, |time| now.saturating_add(millis(time)));
        self.blocked_until = until.min(FOR_EVER);
    }

    /// Ends a block; false if there was none.
    pub fn unblock(&mut self, now: u64) -> bool {
        std::mem::take(&mut self.blocked_until) > now
    }

    /// The time at which the state expires: from then on a key without a state is treated the same.
    pub fn idle_from(&self) -> u64 {
        let left = |counted: &Counted| Some(counted.window.last()?.saturating_add(counted.limit.width));
        let windows = self.windows.iter().filter_map(left).max().unwrap_or(0);
        windows.max(self.blocked_until).max(self.breach_until)
    }

    /// The larger of the shares of the limits that are used, in thousandths.
    pub fn fullness(&self) -> u64 {
        let share = |counted: &Counted| counted.window.used().saturating_mul(1000) / counted.limit.quota.max(1);
        self.windows.iter().map(share).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;
