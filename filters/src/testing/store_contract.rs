//! The contract of every store: a table of cases that each implementation must pass.
//!
//! A case is a line, `name | step; step; ...`, on a clock that only the steps move:
//!
//! ```text
//! +500                          time passes, in milliseconds; -500 sets the clock back
//! ask k 3/60000,9/3600000 1     one unit of key k, with two limits; `-> yes`, `-> no` (within its limits, but the
//!                               call was refused), `-> over 60000` (the wait, or `never`), `-> over 60000 first`,
//!                               `-> blocked 1000`
//! ask k 3/60000 1 & j 5/60000 1 two requests in one call, answers joined by `&`
//!     .. 1 soft                 not binding           .. 1 block=5000   blocks the key at its first breach
//! x3 ask ..                     three times; the answer is that of each
//! return k 1 #2                 gives back a unit that the second `ask` of the case has charged
//! used k -> 3,5                 units in each window, `-> none` if the key is not known
//! block k 5000, block k ever, unblock k -> yes, reset k -> no
//! ```
//!
//! `tests/rate_limits/contract.py` is a second implementation, and writes the cases of `contract/made.txt`.

mod step;

use std::collections::HashMap;

use crate::store::{Admission, Limit, Query, Request, Return, Store, StoreError};
use step::{CaseRequest, CaseStep};

/// When every case begins.
const START: u64 = 1_800_000_000_000;

/// All cases with their numbers: those written by hand, and those made by the script.
pub fn cases() -> impl Iterator<Item = (usize, &'static str)> {
    let lines = include_str!("store_contract/cases.txt").lines().chain(include_str!("store_contract/made.txt").lines());
    lines.filter(|line| line.contains('|')).enumerate()
}

/// Runs the whole table over a store whose time `set_time` sets. Returns a line for each case that fails.
pub async fn run(store: &dyn Store, set_time: &(dyn Fn(u64) + Sync)) -> Vec<String> {
    let mut wrong = Vec::new();
    for (number, case) in cases() {
        if let Err(what) = run_case(store, set_time, number, case).await {
            wrong.push(what);
        }
    }
    wrong
}

/// Runs one case.
///
/// # Errors
/// The step that fails, with the expected answer and the given one.
pub async fn run_case(
    store: &dyn Store, set_time: &(dyn Fn(u64) + Sync), number: usize, case: &str,
) -> Result<(), String> {
    let (name, steps) = case.split_once('|').ok_or("a case without steps")?;
    let mut running = RunningCase { store, number, now: START, asked: HashMap::new(), asks: 0 };
    set_time(running.now);
    for text in steps.split(';').map(str::trim) {
        let (text, expected) = match text.split_once("->") {
            Some((text, expected)) => (text.trim(), Some(expected.trim())),
            None => (text, None),
        };
        let (times, step) = step::parse(text).ok_or_else(|| format!("`{text}` is no step"))?;
        for _ in 0..times {
            let found = running.step(&step, set_time).await;
            let found = found.map_err(|error| format!("{}: {text}: {error}", name.trim()))?;
            if found.as_deref().unwrap_or("") != expected.unwrap_or("") {
                let found = found.unwrap_or_default();
                return Err(format!("{}: `{text}` -> {found}, not {}", name.trim(), expected.unwrap_or("")));
            }
        }
    }
    Ok(())
}

struct RunningCase<'a> {
    store: &'a dyn Store,
    number: usize,
    now: u64,
    /// Answers by the number of the `ask` and the key.
    asked: HashMap<(usize, String), Admission>,
    asks: usize,
}

impl RunningCase<'_> {
    /// Takes a step. Returns the answer of a step that has one.
    async fn step(&mut self, step: &CaseStep, set_time: &(dyn Fn(u64) + Sync)) -> Result<Option<String>, StoreError> {
        match step {
            CaseStep::Clock(by) => {
                self.now = self.now.saturating_add_signed(*by);
                set_time(self.now);
            }
            CaseStep::Ask(asks) => return self.ask(asks).await.map(Some),
            CaseStep::Return { key, cost, ask } => {
                let charged = self.asked.get(&(*ask, key.clone()));
                let unknown = || StoreError::Refused(format!("`{key}` was not in ask #{ask}"));
                let Admission { at, by, .. } = *charged.ok_or_else(unknown)?;
                self.store.give_back(vec![Return { key: self.key(key), cost: *cost, at, by }]).await?;
            }
            CaseStep::Used(key) => return self.used(key).await.map(Some),
            CaseStep::Block(key, time) => self.store.block(&self.key(key), *time).await?,
            CaseStep::Unblock(key) => return Ok(Some(word(self.store.unblock(&self.key(key)).await?))),
            CaseStep::Reset(key) => return Ok(Some(word(self.store.reset(&self.key(key)).await?))),
        }
        Ok(None)
    }

    async fn ask(&mut self, asks: &[CaseRequest]) -> Result<String, StoreError> {
        let keys: Vec<String> = asks.iter().map(|ask| self.key(&ask.key)).collect();
        let request = |(ask, key): (&'_ CaseRequest, &'_ String)| -> (Vec<Limit>, u64, u64, bool, String) {
            (ask.limits.clone(), ask.cost, ask.block, ask.binding, key.clone())
        };
        let owned: Vec<_> = asks.iter().zip(&keys).map(request).collect();
        let requests: Vec<Request<'_>> = owned
            .iter()
            .map(|(limits, cost, block, binding, key)| Request {
                key,
                limits,
                cost: *cost,
                block: *block,
                binding: *binding,
            })
            .collect();
        let admissions = self.store.admit(&requests).await?;
        self.asks += 1;
        for (ask, admission) in asks.iter().zip(&admissions) {
            self.asked.insert((self.asks, ask.key.clone()), *admission);
        }
        let shown: Vec<String> = admissions.iter().map(step::show).collect();
        Ok(shown.join(" & "))
    }

    async fn used(&self, key: &str) -> Result<String, StoreError> {
        let key = self.key(key);
        let shown = self.store.show(&key).await?;
        // A list must tell the same of the key.
        let query = Query { prefix: key.clone(), blocked: false, most: 1 };
        let listed = self.store.list(&query).await?;
        if listed.first() != shown.as_ref() {
            return Ok(format!("listed as {listed:?}"));
        }
        Ok(shown.map_or_else(
            || "none".to_owned(),
            |entry| {
                let used = entry.state.windows.iter().map(|counted| counted.window.used().to_string());
                used.collect::<Vec<_>>().join(",")
            },
        ))
    }

    /// Cases share a store, but no key.
    fn key(&self, key: &str) -> String {
        format!("case-{}-{key}", self.number)
    }
}

fn word(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}
