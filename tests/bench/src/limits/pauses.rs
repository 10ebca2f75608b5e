//! How long a decision takes while another thread looks through all keys: nobody may hold a lock for long.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use postseal_filters::store::{MemoryStore, Query, Store};
use serde::Serialize;

use super::{Hand, fill, name, request};

/// Decisions of one thread while another does something.
#[derive(Debug, Serialize)]
pub(super) struct Pause {
    meanwhile: &'static str,
    /// How long that takes.
    took_ms: f64,
    decisions: usize,
    p50_ns: u64,
    p99_9_ns: u64,
    max_ns: u64,
}

/// Everything that looks through the whole store.
pub(super) fn measure(keys: usize) -> anyhow::Result<Vec<Pause>> {
    let store = MemoryStore::with_journal(Arc::new(Hand), keys * 2);
    fill(&store, keys);
    let query = Query { prefix: "per-".to_owned(), blocked: false, most: 50 };
    let works: [(&'static str, &dyn Fn()); 6] = [
        ("nothing", &|| std::thread::sleep(LONG_ENOUGH)),
        // What two busy threads have to expect of the machine, whatever they do.
        ("work elsewhere", &|| spin(LONG_ENOUGH)),
        ("sweep", &|| store.sweep()),
        ("statistics", &|| {
            let _ = store.stats();
        }),
        ("list", &|| drop(store.fullest(&query))),
        // All of them have changed, the first time. Last, because to free that keeps the allocator busy afterwards.
        ("changes for the file", &|| drop(store.changes())),
    ];
    works.into_iter().map(|(meanwhile, work)| during(&store, keys, meanwhile, work)).collect()
}

fn during(store: &MemoryStore, keys: usize, meanwhile: &'static str, work: &dyn Fn()) -> anyhow::Result<Pause> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let decider = scope.spawn(|| decide(store, keys, &done));
        let begin = Instant::now();
        work();
        let took = begin.elapsed();
        // Short work again and again: its pauses are what is looked for.
        while begin.elapsed() < LONG_ENOUGH {
            work();
        }
        done.store(true, Ordering::Relaxed);
        let mut times = decider.join().ok().context("the thread that decides has died")??;
        times.sort_unstable();
        let point = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(0);
        let max_ns = times.last().copied().unwrap_or(0);
        let took_ms = took.as_secs_f64() * 1e3;
        let decisions = times.len();
        Ok(Pause { meanwhile, took_ms, decisions, p50_ns: point(0.5), p99_9_ns: point(0.999), max_ns })
    })
}

fn spin(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// Decides until it is done; nanoseconds of each.
fn decide(store: &MemoryStore, keys: usize, done: &AtomicBool) -> anyhow::Result<Vec<u64>> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(async {
        let mut times = Vec::new();
        let mut number = 0_usize;
        while !done.load(Ordering::Relaxed) {
            number = (number + 7_919) % keys;
            let name = name(number);
            let begin = Instant::now();
            store.admit(&[request(&name)]).await?;
            times.push(begin.elapsed().as_nanos() as u64);
        }
        Ok(times)
    })
}

const LONG_ENOUGH: Duration = Duration::from_secs(1);
