//! Stores within the process: in memory, alone or with a copy on disk.

use std::path::Path;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use postseal_filters::Clock;
use postseal_filters::store::{Admission, KeyListing, MemoryStore, Query, Request, Return, Stats, Store, StoreError};

use super::StoreMetrics;
use super::file::{Journal, OpenedFile};
use crate::metrics::Metrics;

const SWEEP: Duration = Duration::from_secs(30);

/// Counters in memory, measured, and written to a file if there is one.
pub struct Embedded {
    memory: Arc<MemoryStore>,
    kind: &'static str,
    metrics: StoreMetrics,
    journal: Option<Journal>,
}

impl Embedded {
    /// Counters in memory, for at most so many keys.
    pub fn memory(clock: Arc<dyn Clock>, most: usize, metrics: &Metrics) -> Self {
        let memory = Arc::new(MemoryStore::new(clock, most));
        Self::start(memory, "memory", None, metrics)
    }

    /// Counters in memory and in a file; in memory alone if the file can't be opened. Problems of the file are added to
    /// `notices`.
    pub fn file(path: &Path, clock: Arc<dyn Clock>, most: usize, metrics: &Metrics, notices: &mut Vec<String>) -> Self {
        let memory = Arc::new(MemoryStore::with_journal(Arc::clone(&clock), most));
        match OpenedFile::open(path, &memory, notices) {
            Some(opened) => {
                let journal = Journal::start(opened, &memory, StoreMetrics::new(metrics, "file"));
                Self::start(memory, "file", Some(journal), metrics)
            }
            None => Self::memory(clock, most, metrics),
        }
    }

    fn start(memory: Arc<MemoryStore>, kind: &'static str, journal: Option<Journal>, metrics: &Metrics) -> Self {
        let weak = Arc::downgrade(&memory);
        // If the thread can't start, expired keys are dropped only when the store is full.
        let _ = thread::Builder::new().name("store".to_owned()).spawn(move || sweep(&weak));
        Self { memory, kind, metrics: StoreMetrics::new(metrics, kind), journal }
    }
}

/// Drops expired keys, for as long as the store exists.
fn sweep(store: &Weak<MemoryStore>) {
    loop {
        thread::sleep(SWEEP);
        let Some(store) = store.upgrade() else { return };
        store.sweep();
    }
}

#[async_trait]
impl Store for Embedded {
    fn kind(&self) -> &'static str {
        self.kind
    }

    async fn admit(&self, requests: &[Request<'_>]) -> Result<Vec<Admission>, StoreError> {
        let begin = Instant::now();
        let admissions = self.memory.admit(requests).await;
        self.metrics.duration.observe(begin.elapsed().as_secs_f64());
        if let Err(error) = &admissions {
            self.metrics.error(error.kind());
        }
        admissions
    }

    async fn give_back(&self, returns: Vec<Return>) -> Result<(), StoreError> {
        self.memory.give_back(returns).await
    }

    fn give_back_later(&self, returns: Vec<Return>) {
        self.memory.give_back_later(returns);
    }

    async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError> {
        // Sweeping takes time in proportion to the keys, so it is not done on the threads that serve mail.
        let (memory, query) = (Arc::clone(&self.memory), query.clone());
        let list = tokio::task::spawn_blocking(move || memory.fullest(&query));
        list.await.map_err(|error| StoreError::Unavailable(error.to_string()))
    }

    async fn show(&self, key: &str) -> Result<Option<KeyListing>, StoreError> {
        self.memory.show(key).await
    }

    async fn reset(&self, key: &str) -> Result<bool, StoreError> {
        self.memory.reset(key).await
    }

    async fn block(&self, key: &str, time: Option<Duration>) -> Result<(), StoreError> {
        self.memory.block(key, time).await
    }

    async fn unblock(&self, key: &str) -> Result<bool, StoreError> {
        self.memory.unblock(key).await
    }

    fn stats(&self) -> Option<Stats> {
        self.memory.stats()
    }

    fn local(&self) -> Option<&MemoryStore> {
        Some(&self.memory)
    }

    fn close(&self) {
        if let Some(journal) = &self.journal {
            journal.close();
        }
    }
}
