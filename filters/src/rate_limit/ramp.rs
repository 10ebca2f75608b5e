//! A limit that grows with time, for some recipient domains that are counted as one.

use super::rate::Rates;

/// A checked `[[rate_limit.ramp]]`.
#[derive(Clone, Debug)]
pub(super) struct Growing {
    /// The domains. The name of the counter has the first of them, whichever it is.
    pub(super) domains: Vec<String>,
    pub(super) start: u64,
    pub(super) step: u64,
    pub(super) schedule: Vec<Rates>,
}

impl Growing {
    /// The first ramp for the domain.
    pub(super) fn find<'a>(ramps: &'a [Self], domain: &str) -> Option<&'a Self> {
        let fits = |own: &String| match own.strip_prefix('.') {
            Some(_) => domain.ends_with(own.as_str()),
            None => own == domain,
        };
        ramps.iter().find(|ramp| ramp.domains.iter().any(fits))
    }

    /// The name that the ramp's domains have in a counter.
    pub(super) fn name(&self) -> Option<&str> {
        self.domains.first().map(String::as_str)
    }

    /// The limits at a time: those of the first step before the start, none behind the last step.
    pub(super) fn rates(&self, now: u64) -> Option<&Rates> {
        let step = now.saturating_sub(self.start) / self.step;
        self.schedule.get(usize::try_from(step).ok()?)
    }
}
