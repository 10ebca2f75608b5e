use std::sync::Arc;

use postseal_filters::rate_limit::{RateLimitSettings, Rates, plan};
use postseal_filters::store::{Limit, MemoryStore, Request};

use super::*;
use crate::metrics::Metrics;

const LIMITS: &[Limit] = &[Limit { width: 3_600_000, quota: 100 }];

fn observer() -> Arc<LimitObserver> {
    let rule = |name: &str, key: &str| RateLimitSettings {
        name: name.to_owned(),
        key: vec![key.parse().unwrap()],
        limit: Some(Rates::parse("100/1h").unwrap()),
        ..RateLimitSettings::default()
    };
    let settings = [rule("u", "user"), rule("c", "client"), rule("s", "sender")];
    let rules = plan(&settings, &mut |_| Err(String::new())).unwrap();
    let observer = LimitObserver::new(Metrics::new().unwrap());
    observer.expect(&rules.into_iter().map(Arc::new).collect::<Vec<_>>());
    observer
}

fn store() -> MemoryStore {
    MemoryStore::new(Arc::new(SystemClock), 10_000)
}

fn block(key: &str, seconds: Option<u64>) -> LimitChange {
    LimitChange { action: ChangeAction::Block, key: key.to_owned(), seconds }
}

#[tokio::test]
async fn a_block_is_a_block_of_the_counter_that_messages_use() {
    let (observer, store) = (observer(), store());
    for (key, counter) in [
        ("u:Jörg", "u:j%c3%b6rg"),
        ("u:dave smith", "u:dave%20smith"),
        ("u:dave%20smith", "u:dave%20smith"),
        ("c:2001:db8::5", "c:2001:db8::/64"),
        ("c:2001:db8::/64", "c:2001:db8::/64"),
        ("u:Alice@Own.Example", "u:alice@own.example"),
        ("s:Alice@Bücher.example", "s:alice@xn--bcher-kva.example"),
        ("s:<>192.0.2.1", "s:<>192.0.2.1"),
    ] {
        let (status, json) = change(&store, &observer, &block(key, None)).await;
        assert_eq!((status, &json["changed"]), (StatusCode::OK, &serde_json::json!([counter])), "{key}");
        let shown = look(&store, &observer, &Look { key: Some(key.to_owned()), ..Look::default() }).await.1;
        assert_eq!((&shown["keys"][0]["key"], &shown["keys"][0]["blocked"]), (&counter.into(), &true.into()), "{key}");
    }
}

#[tokio::test]
async fn values_alone_mean_every_rule_that_can_have_them() {
    let (observer, store) = (observer(), store());
    let json = change(&store, &observer, &block("Alice", None)).await.1;
    assert_eq!(json["changed"], serde_json::json!(["u:alice", "s:alice"]), "alice is no client");
}

#[tokio::test]
async fn a_key_that_no_message_can_have_is_refused() {
    let (observer, store) = (observer(), store());
    for (key, reason) in [
        ("u:", "empty value"),
        ("", "empty value"),
        ("u:a\u{1b}[2K", "control character"),
        ("u:alice,bob", "%2c"),
        ("c:alice", "is no client"),
        ("c:2001:db8::/32", "2001:db8::/64"),
        ("s:<>", "<>alice"),
        ("alice,bob", "RULE:VALUE"),
    ] {
        let (status, json) = change(&store, &observer, &block(key, None)).await;
        let error = json["error"].as_str().unwrap();
        assert!(status == StatusCode::BAD_REQUEST && error.contains(reason), "{key:?}: {error}");
        let looked = look(&store, &observer, &Look { key: Some(key.to_owned()), ..Look::default() }).await;
        assert_eq!(looked.0, StatusCode::BAD_REQUEST, "{key:?}");
    }
    let (status, _) = change(&store, &observer, &block("u:alice", Some(0))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "a block of no time");
    let reset = LimitChange { action: ChangeAction::Reset, key: "u:alice".to_owned(), seconds: Some(1) };
    assert_eq!(change(&store, &observer, &reset).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(look(&store, &observer, &Look::default()).await.1["keys"], serde_json::json!([]), "nothing was made");
    let (status, _) = change(&store, &observer, &block("u:alice", Some(u64::MAX))).await;
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn a_list_is_bounded_however_many_keys_are_asked_for() {
    let (observer, store) = (observer(), store());
    for number in 0..5_000 {
        let key = format!("u:user%20{number}");
        let request = Request { key: &key, limits: LIMITS, cost: 1, block: 0, binding: true };
        store.admit(&[request]).await.unwrap();
    }
    let listed = async |prefix: &str, most| {
        let query = Look { prefix: prefix.to_owned(), most, ..Look::default() };
        look(&store, &observer, &query).await.1["keys"].as_array().unwrap().len()
    };
    assert_eq!(listed("", usize::MAX).await, 2_000);
    assert_eq!(listed("", 0).await, 50);
    assert_eq!(listed("u:User 12", 1_000).await, 111, "a beginning means the same names");
    assert_eq!(listed("u:user%20123", 1_000).await, 11);
    assert_eq!(listed("u:user%2", 10).await, 10, "a beginning may end within an escape");
}
