//! The table of cases over the store in a file, which ends and is opened again all the time.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use postseal_filters::Clock;
use postseal_filters::store::{Admission, KeyListing, Query, Request, Return, Stats, Store, StoreError};
use postseal_filters::testing::TestClock;
use postseal_filters::testing::store_contract;

use super::super::super::Embedded;
use crate::metrics::Metrics;

/// A store that begins anew at every few calls, and knows what its file knows.
struct Reopened {
    path: PathBuf,
    clock: Arc<TestClock>,
    metrics: Arc<Metrics>,
    /// Calls so far, and the store.
    running: Mutex<(usize, Option<Arc<Embedded>>)>,
}

impl Reopened {
    fn store(&self) -> Arc<Embedded> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.0 += 1;
        if running.0.is_multiple_of(CALLS)
            && let Some(store) = running.1.take()
        {
            store.close();
        }
        let open = || {
            let mut notices = Vec::new();
            let clock = Arc::clone(&self.clock) as Arc<dyn Clock>;
            let store = Embedded::file(&self.path, clock, 100_000, &self.metrics, &mut notices);
            assert_eq!((store.kind(), notices), ("file", vec![]));
            Arc::new(store)
        };
        Arc::clone(running.1.get_or_insert_with(open))
    }
}

#[async_trait]
impl Store for Reopened {
    fn kind(&self) -> &'static str {
        "file"
    }

    async fn admit(&self, requests: &[Request<'_>]) -> Result<Vec<Admission>, StoreError> {
        self.store().admit(requests).await
    }

    async fn give_back(&self, returns: Vec<Return>) -> Result<(), StoreError> {
        self.store().give_back(returns).await
    }

    fn give_back_later(&self, returns: Vec<Return>) {
        self.store().give_back_later(returns);
    }

    async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError> {
        self.store().list(query).await
    }

    async fn show(&self, key: &str) -> Result<Option<KeyListing>, StoreError> {
        self.store().show(key).await
    }

    async fn reset(&self, key: &str) -> Result<bool, StoreError> {
        self.store().reset(key).await
    }

    async fn block(&self, key: &str, time: Option<Duration>) -> Result<(), StoreError> {
        self.store().block(key, time).await
    }

    async fn unblock(&self, key: &str) -> Result<bool, StoreError> {
        self.store().unblock(key).await
    }

    fn stats(&self) -> Option<Stats> {
        self.store().stats()
    }
}

#[test]
fn it_decides_as_the_table_says_whenever_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let clock = TestClock::at(0);
    let store = Reopened {
        path: folder.path().join("state.redb"),
        clock: Arc::clone(&clock),
        metrics: Metrics::new().unwrap(),
        running: Mutex::default(),
    };
    let wrong = super::runtime().block_on(store_contract::run(&store, &move |millis| clock.set_millis(millis)));
    assert!(store_contract::cases().count() >= 200, "the table has {} cases", store_contract::cases().count());
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(store.running.into_inner().unwrap().0 > 20 * CALLS);
}

/// So many calls are between two openings: few enough that most cases have one in their middle.
const CALLS: usize = 5;
