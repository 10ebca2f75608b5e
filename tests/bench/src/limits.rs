//! What limits in memory cost: octets for each key, time for each decision, for more and more keys; and how long a
//! decision waits while somebody looks through all of them ([`pauses`]).

mod pauses;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use postseal_filters::Clock;
use postseal_filters::store::state::Counted;
use postseal_filters::store::window::{Bucket, Window};
use postseal_filters::store::{KeyState, Limit, MemoryStore, Request, Standing, Store};
use serde::Serialize;

/// Measures the memory store.
#[derive(Args, Debug)]
pub(crate) struct Limits {
    /// Keys in the largest store.
    #[arg(long, default_value_t = 1_000_000)]
    keys: usize,
    /// Decisions that are timed for each size, and as many about four rules.
    #[arg(long, default_value_t = 200_000)]
    decisions: usize,
}

/// What came out.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    sizes: Vec<Size>,
    /// At the largest size.
    pauses: Vec<pauses::Pause>,
}

/// One size of store.
#[derive(Debug, Serialize)]
struct Size {
    keys: usize,
    /// Mean octets of memory for a key with one window, its name included.
    bytes_per_key: f64,
    /// Slots in use.
    slots_per_key: usize,
    /// One request.
    ns_per_decision: f64,
    /// Four rules in one call, as for a message.
    ns_per_message_of_four_rules: f64,
}

impl Limits {
    pub(crate) async fn run(&self) -> anyhow::Result<Report> {
        let mut sizes = Vec::new();
        for keys in [1_000, 10_000, 100_000, self.keys] {
            sizes.push(self.size(keys).await?);
        }
        Ok(Report { sizes, pauses: pauses::measure(self.keys)? })
    }

    async fn size(&self, keys: usize) -> anyhow::Result<Size> {
        let before = resident()?;
        // With room for twice as many: keys are not spread evenly.
        let store = MemoryStore::new(Arc::new(Hand), keys * 2);
        fill(&store, keys);
        let bytes_per_key = (resident()? - before) as f64 / keys as f64;
        let shown = store.show(&name(1)).await?.context("a key is gone")?;
        // Of each key so few that all are admitted.
        let decisions = self.decisions.min(keys * 10);
        Ok(Size {
            keys,
            bytes_per_key,
            slots_per_key: shown.state.windows.iter().map(|counted| counted.window.buckets().len()).sum(),
            ns_per_decision: time::<1>(&store, keys, decisions).await?,
            ns_per_message_of_four_rules: time::<4>(&store, keys, decisions).await?,
        })
    }
}

/// Nanoseconds of a decision about so many rules, on average, of keys here and there.
async fn time<const RULES: usize>(store: &MemoryStore, keys: usize, decisions: usize) -> anyhow::Result<f64> {
    let mut spent = Duration::ZERO;
    for batch in 0..decisions / BATCH {
        let key = |n: usize| name((batch * BATCH + n).wrapping_mul(7_919) % keys);
        // Rules by user, client, ... of a message: names that have nothing to do with each other.
        let names: Vec<[String; RULES]> =
            (0..BATCH).map(|n| std::array::from_fn(|rule| key(n + rule * 104_729))).collect();
        let calls: Vec<[Request<'_>; RULES]> =
            names.iter().map(|names| names.each_ref().map(|name| request(name))).collect();
        let begin = Instant::now();
        for call in &calls {
            let admissions = store.admit(call).await?;
            anyhow::ensure!(admissions.iter().all(|admission| admission.verdict == Standing::Within));
        }
        spent += begin.elapsed();
    }
    Ok(spent.as_nanos() as f64 / (decisions / BATCH * BATCH) as f64)
}

fn request(key: &str) -> Request<'_> {
    Request { key, limits: &LIMITS, cost: 1, block: 0, binding: true }
}

/// Keys whose owners have been at it for most of the window: fifteen slots, with as much between them as an hour has.
fn fill(store: &MemoryStore, keys: usize) {
    let slots = (1..=15).map(|n| Bucket { end: START - WIDTH + n * WIDTH / 16, units: GRAIN });
    #[expect(clippy::expect_used, reason = "a window has more than fifteen buckets")]
    let window = Window::from_buckets(slots).expect("fifteen buckets");
    let limit = LIMITS[0];
    let state = KeyState { windows: vec![Counted { limit, window }], ..KeyState::default() };
    let mut octets = Vec::new();
    state.encode(&mut octets);
    (0..keys).for_each(|number| store.load(&name(number), &octets));
}

/// As long as names of counters are.
fn name(number: usize) -> String {
    format!("per-user:user{number:07}@example.com")
}

/// A clock that stands.
struct Hand;

impl Clock for Hand {
    fn unix_seconds(&self) -> u64 {
        self.steady_millis() / 1000
    }

    fn steady_millis(&self) -> u64 {
        START
    }

    fn instant(&self) -> Instant {
        Instant::now()
    }
}

/// Octets of memory that the process uses.
fn resident() -> anyhow::Result<i64> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: i64 = text.split(' ').nth(1).context("no number in /proc/self/statm")?.parse()?;
    Ok(pages * 4096)
}

const START: u64 = 1_800_000_000_000;
const WIDTH: u64 = 3_600_000;
const GRAIN: u64 = 100;
const LIMITS: [Limit; 1] = [Limit { width: WIDTH, quota: 16 * GRAIN }];
/// Decisions that are timed together: their names are made before.
const BATCH: usize = 500;
