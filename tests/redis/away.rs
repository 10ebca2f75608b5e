//! While the server is away: who is blocked stays blocked, and a postmaster is told the truth.

use postseal::config::store::{StoreConfig, StoreOnError};
use postseal_filters::store::{Admission, Limit, Query, Request, Standing, Store, StoreError};

use crate::late::until;
use crate::relay::{Order, Relay};
use crate::servers::{Server, redis};
use crate::{Opened, open_for_real, settings, url};

const HOUR: Limit = Limit { width: 3_600_000, quota: 10 };

async fn ask(opened: &Opened, key: &str, cost: u64) -> (Standing, u8) {
    let request = Request { key, limits: &[HOUR], cost, block: 3_600_000, binding: true };
    let Admission { verdict, by, .. } = opened.store.admit(&[request]).await.unwrap()[0];
    (verdict, by)
}

async fn is_well(opened: &Opened, relay: &Relay) {
    relay.order(Order::Pass).await;
    until("the store counts on its server", async || ask(opened, "per-user:probe", 0).await.1 == 0).await;
}

#[tokio::test]
async fn a_block_holds_while_the_server_is_away() {
    let server = Server::start(&redis(), &[]);
    let relay = Relay::to(server.port).await;
    let opened = open_for_real(&relay.url(), &settings()).await;
    let other = open_for_real(&url(&server), &settings()).await;
    assert_eq!(ask(&opened, "per-user:alice", 11).await, (Standing::Over, 0), "and blocked by that");
    other.store.block("per-user:bob", None).await.unwrap();
    assert_eq!(ask(&opened, "per-user:bob", 1).await, (Standing::Blocked, 0), "by another service");
    opened.store.block("per-user:carol", None).await.unwrap();
    for blocked in ["alice", "bob", "carol"] {
        relay.order(Order::Cut).await;
        assert_eq!(ask(&opened, &format!("per-user:{blocked}"), 1).await, (Standing::Blocked, 1), "{blocked}");
    }
    assert_eq!(ask(&opened, "per-user:dave", 1).await, (Standing::Within, 1));

    is_well(&opened, &relay).await;
    for free in ["per-user:alice", "per-user:bob", "per-user:carol"] {
        assert!(other.store.unblock(free).await.unwrap(), "{free}");
        assert_eq!(ask(&opened, free, 1).await, (Standing::Within, 0));
    }
    relay.order(Order::Cut).await;
    for free in ["per-user:alice", "per-user:bob", "per-user:carol"] {
        assert_eq!(ask(&opened, free, 1).await, (Standing::Within, 1), "{free} was set free elsewhere");
    }
}

#[tokio::test]
async fn a_postmaster_is_told_what_was_not_done() {
    let server = Server::start(&redis(), &[]);
    let relay = Relay::to(server.port).await;
    let opened = open_for_real(&relay.url(), &settings()).await;
    is_well(&opened, &relay).await;
    relay.order(Order::Cut).await;
    let query = Query { prefix: String::new(), blocked: false, most: 10 };
    assert!(opened.store.list(&query).await.is_err());
    assert!(opened.store.show("per-user:alice").await.is_err());
    let told = |error: StoreError| {
        let text = error.to_string();
        assert!(text.ends_with("in this service alone, for as long as its store is away: do it again then"), "{text}");
    };
    told(opened.store.block("per-user:alice", None).await.unwrap_err());
    assert_eq!(ask(&opened, "per-user:alice", 1).await, (Standing::Blocked, 1));
    told(opened.store.unblock("per-user:alice").await.unwrap_err());
    assert_eq!(ask(&opened, "per-user:alice", 9).await, (Standing::Within, 1));
    told(opened.store.reset("per-user:alice").await.unwrap_err());
    assert_eq!(ask(&opened, "per-user:alice", 9).await, (Standing::Within, 1));
    told(opened.store.block("per-user:alice", None).await.unwrap_err());
    is_well(&opened, &relay).await;
    assert_eq!(ask(&opened, "per-user:alice", 1).await, (Standing::Within, 0), "the server knows of no block");
    assert_eq!(server.cli(&["exists", "postseal:k:per-user:{alice}"]).trim(), "1");
}

#[tokio::test]
async fn where_nothing_counts_instead_nothing_is_changed() {
    let server = Server::start(&redis(), &[]);
    let relay = Relay::to(server.port).await;
    let settings = StoreConfig { on_error: StoreOnError::Pass, ..settings() };
    let opened = open_for_real(&relay.url(), &settings).await;
    opened.store.block("per-user:alice", None).await.unwrap();
    relay.order(Order::Cut).await;
    assert_eq!(ask(&opened, "per-user:alice", 1).await.0, Standing::Within, "that is what pass means");
    let error = opened.store.block("per-user:bob", None).await.unwrap_err().to_string();
    assert!(error.ends_with("nothing was changed: do it again when the store answers"), "{error}");
}
