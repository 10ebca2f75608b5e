//! What a run tells: counts, rates, percentiles.

use std::collections::BTreeMap;
use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

use crate::postfix::Outcome;

/// The result of `load`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) messages: usize,
    /// Messages that were not accepted, or have another number of signatures than expected.
    pub(crate) wrong: usize,
    /// DKIM-Signature fields inserted.
    pub(crate) signatures: usize,
    /// Edits of all kinds.
    pub(crate) edits: usize,
    /// Final replies by kind.
    pub(crate) replies: BTreeMap<String, usize>,
    pub(crate) wall_s: f64,
    pub(crate) messages_per_s: f64,
    /// From the end of the body to the final reply.
    pub(crate) end_us: Percentiles,
    /// From MAIL, or from when a message was due, to the final reply.
    pub(crate) whole_us: Percentiles,
    /// CPU time of the load generator for one message.
    pub(crate) generator_us: f64,
    /// How many users (the value) had so many messages accepted (the key); with `--users` only.
    pub(crate) accepted_by_users: BTreeMap<usize, usize>,
    /// Messages accepted.
    pub(crate) accepted: usize,
    /// Messages by the time they took, in steps of 10 ms.
    pub(crate) whole_10ms: BTreeMap<u128, usize>,
}

/// Latencies in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Percentiles {
    p50: u128,
    p90: u128,
    p99: u128,
    max: u128,
}

impl Report {
    /// Counts what became of the messages.
    pub(crate) fn new(
        outcomes: &[Outcome], expected: usize, users: Option<usize>, wall: Duration, cpu: Duration,
    ) -> Self {
        let mut by_user = vec![0; users.unwrap_or(0)];
        let mut report = Self {
            messages: outcomes.len(),
            wall_s: wall.as_secs_f64(),
            messages_per_s: outcomes.len() as f64 / wall.as_secs_f64(),
            end_us: Percentiles::of(outcomes.iter().map(|outcome| outcome.end)),
            whole_us: Percentiles::of(outcomes.iter().map(|outcome| outcome.whole)),
            generator_us: cpu.as_secs_f64() * 1e6 / outcomes.len().max(1) as f64,
            ..Self::default()
        };
        for outcome in outcomes {
            let accepted = matches!(outcome.reply.as_str(), "accept" | "continue");
            let may_be_refused = users.is_some() && outcome.reply.starts_with("Reply");
            let signed = accepted && outcome.signatures == expected;
            report.wrong += usize::from(!signed && !may_be_refused);
            report.accepted += usize::from(accepted);
            if let Some(count) = outcome.user.and_then(|user| by_user.get_mut(user)) {
                *count += usize::from(accepted);
            }
            *report.whole_10ms.entry(outcome.whole.as_millis() / 10).or_default() += 1;
            report.signatures += outcome.signatures;
            report.edits += outcome.edits;
            *report.replies.entry(outcome.reply.chars().take(16).collect()).or_default() += 1;
        }
        for count in by_user {
            *report.accepted_by_users.entry(count).or_default() += 1;
        }
        report
    }

    pub(crate) fn is_fine(&self) -> bool {
        self.wrong == 0
    }
}

impl Percentiles {
    fn of(values: impl Iterator<Item = Duration>) -> Self {
        let mut values: Vec<u128> = values.map(|value| value.as_micros()).collect();
        values.sort_unstable();
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100).saturating_sub(1);
            values.get(rank).copied().unwrap_or_default()
        };
        Self { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }
}

/// The CPU time of this thread so far.
pub(crate) fn cpu_time() -> anyhow::Result<Duration> {
    // The kernel brings the figure up to date when the thread is scheduled.
    thread::yield_now();
    let file = "/proc/thread-self/schedstat";
    let text = fs::read_to_string(file).context(file)?;
    let nanoseconds = text.split_whitespace().next().context(file)?.parse().context(file)?;
    Ok(Duration::from_nanos(nanoseconds))
}
