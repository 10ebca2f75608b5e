//! The filter in dialogues: the questions at each step, the refusals, and the charges that are given back.

mod dialogue;
mod give_back;
mod names;
mod plan;
mod reply;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postseal_protocol::Verdict;

use super::{Breach, DecidedRule, LimitRule, LimitWatcher, RateLimitFilter, RateLimitSettings};
use crate::clock::Clock;
use crate::pipeline::{OnError, Pipeline, PipelineEntry};
use crate::store::{MemoryStore, Store};
use crate::testing::{TestClock, Transaction, settings};

/// A watcher that remembers all decisions and breaches.
#[derive(Default)]
struct Told {
    outcomes: Mutex<Vec<(String, &'static str)>>,
    breaches: Mutex<Vec<Breach>>,
}

impl LimitWatcher for Told {
    fn decided(&self, decided: &DecidedRule<'_>) {
        self.outcomes.lock().unwrap().push((decided.rule.to_owned(), decided.outcome.as_str()));
    }

    fn breached(&self, breach: &Breach) {
        self.breaches.lock().unwrap().push(breach.clone());
    }
}

/// A filter with its store and clock.
struct Rig {
    clock: Arc<TestClock>,
    store: Arc<MemoryStore>,
    told: Arc<Told>,
    pipeline: Arc<Pipeline>,
}

fn read(toml: &str) -> Vec<RateLimitSettings> {
    #[derive(serde::Deserialize)]
    struct File {
        rate_limit: Vec<RateLimitSettings>,
    }
    toml::from_str::<File>(toml).unwrap_or_else(|error| panic!("{error}\n{toml}")).rate_limit
}

fn rules(toml: &str) -> Result<Vec<Arc<LimitRule>>, Vec<crate::Problem>> {
    let mut table = |path: &Path| match path.to_str() {
        Some("table") => Ok("# customers\nalice 5/1h\n@big.example 9/1h 20/1d\n\nbob none # the boss\n".to_owned()),
        _ => Err("no such file".to_owned()),
    };
    super::plan(&read(toml), &mut table).map(|rules| rules.into_iter().map(Arc::new).collect())
}

impl Rig {
    fn new(toml: &str) -> Self {
        // 2026-11-22 12:00 UTC.
        let clock = TestClock::at(1_795_348_800);
        let store = Arc::new(MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>, 10_000));
        let told = Arc::new(Told::default());
        let rules = rules(toml).unwrap();
        let filter = RateLimitFilter::for_listener(
            "test",
            &rules,
            Arc::clone(&store) as Arc<dyn Store>,
            Arc::clone(&told) as Arc<dyn LimitWatcher>,
        );
        let entry = PipelineEntry { filter: Arc::new(filter.unwrap()), on_error: OnError::Tempfail };
        let pipeline = Arc::new(Pipeline::new(settings(Arc::clone(&clock) as Arc<dyn Clock>), vec![entry]));
        Self { clock, store, told, pipeline }
    }

    fn connect(&self) -> Transaction {
        Transaction::with(Arc::clone(&self.pipeline))
    }

    /// A message of `alice` to as many recipients; true if it was accepted.
    fn send(&self, user: &str, recipients: usize) -> bool {
        let mut transaction = self.connect().user(user).mail(&format!("<{user}@example.com>"));
        for n in 0..recipients {
            transaction = transaction.rcpt(&format!("<r{n}@dest.example>"));
        }
        transaction.header("Subject", " x").body("Hello\r\n").end().accepted()
    }

    /// How many of so many messages are accepted.
    fn accepted(&self, user: &str, messages: usize) -> usize {
        (0..messages).filter(|_| self.send(user, 1)).count()
    }

    fn used(&self, counter: &str) -> Vec<u64> {
        let entry = pollster::block_on(self.store.show(counter)).unwrap();
        entry.map_or_else(Vec::new, |entry| entry.state.windows.iter().map(|counted| counted.window.used()).collect())
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn outcomes(&self) -> Vec<(String, &'static str)> {
        std::mem::take(&mut *self.told.outcomes.lock().unwrap())
    }
}

fn code(verdict: &Verdict) -> u16 {
    if let Verdict::Reply(reply) = verdict { reply.code() } else { 0 }
}
