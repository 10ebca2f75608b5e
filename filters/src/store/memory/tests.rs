use super::*;
use crate::store::Limit;
use crate::testing::TestClock;
use crate::testing::store_contract;

fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(future)
}

fn ask<'a>(key: &'a str, limits: &'a [Limit]) -> Request<'a> {
    Request { key, limits, cost: 1, block: 0, binding: true }
}

#[test]
fn the_contract_is_kept() {
    let clock = TestClock::at(0);
    let time = Arc::clone(&clock);
    let store = MemoryStore::new(clock, 100_000);
    let wrong = block_on(store_contract::run(&store, &move |millis| time.set_millis(millis)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(store_contract::cases().count() >= 200, "{} cases", store_contract::cases().count());
}

#[test]
fn sixty_four_at_once_are_admitted_exactly_to_the_limit() {
    let store = MemoryStore::new(TestClock::at(0), 10_000);
    let (one, other) = ([Limit { width: 60_000, quota: 1_000 }], [Limit { width: 60_000, quota: 700 }]);
    let admitted = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..64 {
            let (store, admitted, one, other) = (&store, &admitted, &one, &other);
            scope.spawn(move || {
                // Keys in either order, and a refusal of one must leave the other alone.
                let mut requests = [ask("a", one), ask("b", other)];
                if thread % 2 == 1 {
                    requests.reverse();
                }
                for _ in 0..30 {
                    let admissions = block_on(store.admit(&requests)).unwrap();
                    let all = admissions.iter().all(|admission| admission.verdict == Standing::Within);
                    admitted.fetch_add(u64::from(all), std::sync::atomic::Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(admitted.into_inner(), 700);
    let used = |key| block_on(store.show(key)).unwrap().unwrap().state.windows[0].window.used();
    assert_eq!((used("a"), used("b")), (700, 700));
}

#[test]
fn over_its_bound_it_forgets_what_was_not_used_for_longest() {
    let store = MemoryStore::new(TestClock::at(0), 100);
    let limits = [Limit { width: 60_000, quota: 2 }];
    block_on(store.block("blocked", None)).unwrap();
    for n in 0..100 {
        block_on(store.admit(&[ask(&format!("k{n}"), &limits)])).unwrap();
    }
    block_on(store.admit(&[ask("k0", &limits)])).unwrap();
    for n in 100..150 {
        block_on(store.admit(&[ask(&format!("k{n}"), &limits)])).unwrap();
    }
    let known = |key: &str| block_on(store.show(key)).unwrap().is_some();
    assert!(known("blocked") && known("k149") && known("k60"));
    assert!(!known("k1") && !known("k20"));
    let stats = store.stats().unwrap();
    assert_eq!((stats.keys, stats.blocked, stats.evicted), (100, 1, 52));
}

#[test]
fn what_means_nothing_any_more_is_swept() {
    let clock = TestClock::at(0);
    let store = MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>, 100_000);
    let limits = [Limit { width: 60_000, quota: 2 }];
    for n in 0..500 {
        block_on(store.admit(&[ask(&format!("k{n}"), &limits)])).unwrap();
    }
    block_on(store.block("k7", None)).unwrap();
    clock.advance(Duration::from_secs(60));
    store.sweep();
    assert_eq!(store.stats().unwrap().keys, 1);
    block_on(store.admit(&[ask("k1", &limits)])).unwrap();
    assert_eq!(store.stats().unwrap().keys, 2);
}

#[test]
fn a_key_of_the_largest_length_is_kept_and_a_longer_one_refused() {
    let store = MemoryStore::new(TestClock::at(0), 100);
    let limits = [Limit { width: 60_000, quota: 2 }];
    let key = "k".repeat(MAX_KEY_OCTETS);
    block_on(store.admit(&[ask(&key, &limits)])).unwrap();
    assert_eq!(block_on(store.show(&key)).unwrap().unwrap().state.windows[0].window.used(), 1);
    let long = "k".repeat(MAX_KEY_OCTETS + 1);
    assert!(block_on(store.admit(&[ask(&long, &limits)])).is_err());
    assert!(block_on(store.block(&long, None)).is_err());
    assert_eq!(store.stats().unwrap().keys, 1);
}

#[test]
fn the_journal_tells_what_has_changed_once() {
    let clock: Arc<dyn Clock> = TestClock::at(1_000_000);
    let store = MemoryStore::with_journal(Arc::clone(&clock), 100_000);
    let limits = [Limit { width: 60_000, quota: 2 }];
    for key in ["a", "b", "a", "c"] {
        block_on(store.admit(&[ask(key, &limits)])).unwrap();
    }
    block_on(store.reset("c")).unwrap();
    let mut changes = store.changes();
    changes.sort();
    let gone = |change: &KeyChange| (change.0.to_string(), change.1.is_none());
    let told: Vec<_> = changes.iter().map(gone).collect();
    assert_eq!(told, [("a".to_owned(), false), ("b".to_owned(), false), ("c".to_owned(), true)]);
    assert!(store.changes().is_empty());

    let after = MemoryStore::new(clock, 100_000);
    for (key, octets) in &changes {
        octets.as_deref().into_iter().for_each(|octets| after.load(key, octets));
    }
    after.load("damaged", b"\xff\xff");
    assert_eq!(after.stats().unwrap().keys, 2);
    let admission = block_on(after.admit(&[ask("a", &limits)])).unwrap();
    assert_eq!(admission[0].verdict, Standing::Over);
}

#[test]
fn the_fullest_keys_are_listed_first() {
    let store = MemoryStore::new(TestClock::at(0), 100_000);
    let limits = [Limit { width: 60_000, quota: 10 }];
    for n in 1..=9u64 {
        let key = format!("rule/{n}");
        block_on(store.admit(&[Request { cost: n, ..ask(&key, &limits) }])).unwrap();
    }
    block_on(store.admit(&[ask("other/1", &limits)])).unwrap();
    block_on(store.block("rule/1", None)).unwrap();
    let list = |blocked, most| {
        let query = Query { prefix: "rule/".to_owned(), blocked, most };
        let entries = block_on(store.list(&query)).unwrap();
        entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>()
    };
    assert_eq!(list(false, 3), ["rule/1", "rule/9", "rule/8"]);
    assert_eq!(list(true, 3), ["rule/1"]);
}
