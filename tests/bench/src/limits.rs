//! What limits in memory cost: octets for each key, and time for each decision, for more and more keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use postseal_filters::Clock;
use postseal_filters::store::{Limit, MemoryStore, Request, Store};
use serde::Serialize;

/// Measures the memory store.
#[derive(Args, Debug)]
pub(crate) struct Limits {
    /// Keys in the largest store.
    #[arg(long, default_value_t = 1_000_000)]
    keys: usize,
    /// Decisions that are timed for each size, each about four rules.
    #[arg(long, default_value_t = 200_000)]
    decisions: usize,
}

/// One size of store.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    keys: usize,
    /// Mean octets of memory for a key with one window, its name included.
    bytes_per_key: f64,
    /// Slots in use, on average.
    slots_per_key: f64,
    /// One request.
    ns_per_decision: f64,
    /// Four rules in one call, as for a message.
    ns_per_message_of_four_rules: f64,
}

impl Limits {
    pub(crate) async fn run(&self) -> anyhow::Result<Vec<Line>> {
        let mut lines = Vec::new();
        for keys in [1_000, 10_000, 100_000, self.keys] {
            lines.push(self.size(keys).await?);
        }
        Ok(lines)
    }

    /// A store in which every key has as many slots as it can have without giving back.
    async fn size(&self, keys: usize) -> anyhow::Result<Line> {
        let limits = [Limit { width: 3_600_000, quota: 100 }];
        let before = resident()?;
        let store = MemoryStore::new(Arc::new(Counting(Instant::now())), keys * 2);
        let names: Vec<Box<str>> = (0..keys).map(|key| name("user", key).into()).collect();
        let names_size = resident()? - before;
        for round in 0..SLOTS {
            for name in &names {
                let request = Request { key: name, limits: &limits, cost: 7, block: 0, binding: true };
                store.admit(&[request]).await?;
            }
            // Another millisecond is another slot.
            if keys < 100_000 || round + 1 == SLOTS {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        let bytes_per_key = (resident()? - before - names_size) as f64 / keys as f64;
        let mut slots = 0;
        for name in names.iter().take(1_000) {
            let entry = store.show(name).await?.context("a key is gone")?;
            slots += entry.state.windows.iter().map(|counted| counted.window.slots().len()).sum::<usize>();
        }
        let place = |n: usize| (n.wrapping_mul(7_919)) % keys;
        let begin = Instant::now();
        for n in 0..self.decisions {
            let key = names.get(place(n)).context("no name")?;
            store.admit(&[Request { key, limits: &limits, cost: 1, block: 0, binding: true }]).await?;
        }
        let one = begin.elapsed();
        let four = self.four_rules(&store, &limits, keys).await?;
        let each = |time: Duration| time.as_nanos() as f64 / self.decisions as f64;
        Ok(Line {
            keys,
            bytes_per_key,
            slots_per_key: slots as f64 / 1_000.0_f64.min(keys as f64),
            ns_per_decision: each(one),
            ns_per_message_of_four_rules: each(four),
        })
    }

    async fn four_rules(
        &self,
        store: &MemoryStore,
        limits: &[Limit],
        keys: usize,
    ) -> anyhow::Result<Duration> {
        let rules = ["user", "sender", "client", "listener"];
        let mut spent = Duration::ZERO;
        for n in 0..self.decisions {
            let names = rules.map(|rule| name(rule, n.wrapping_mul(7_919) % (keys / 4)));
            let requests: Vec<Request<'_>> =
                names.iter().map(|key| Request { key, limits, cost: 1, block: 0, binding: true }).collect();
            let begin = Instant::now();
            store.admit(&requests).await?;
            spent += begin.elapsed();
        }
        Ok(spent)
    }
}

/// Time since a moment.
struct Counting(Instant);

impl Clock for Counting {
    fn unix_seconds(&self) -> u64 {
        self.0.elapsed().as_secs()
    }

    fn steady_millis(&self) -> u64 {
        1_800_000_000_000 + self.0.elapsed().as_millis() as u64
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}

fn name(rule: &str, number: usize) -> String {
    format!("per-{rule}:user{number:07}@example.com")
}

/// Octets of memory that the process uses.
fn resident() -> anyhow::Result<i64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: i64 = text.split(' ').nth(1).context("no number in /proc/self/statm")?.parse()?;
    Ok(pages * 4096)
}

/// As many slots as a window of 100 fills with 7 units each, which is its grain.
const SLOTS: usize = 14;
