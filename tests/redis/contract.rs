//! The table of cases that every store is run through.

use postseal_filters::testing::store_contract;

use crate::servers::{Server, cluster, redis, valkey};
use crate::{Opened, cluster_url, open, settings, url};

async fn run(opened: &Opened) {
    let wrong = store_contract::run(&opened.store, &|millis| opened.set_time(millis)).await;
    assert!(store_contract::cases().count() >= 200, "the table has {} cases", store_contract::cases().count());
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(opened.metric("postseal_store_breakers_open{store=\"redis\"}"), 0.0);
}

#[tokio::test]
async fn redis_decides_as_the_table_says() {
    let server = Server::start(&redis(), &[]);
    run(&open(&url(&server), &settings()).await).await;
    let socket = format!("redis+unix://{}?db=3", server.socket().display());
    run(&open(&socket, &settings()).await).await;
}

#[tokio::test]
async fn valkey_decides_as_the_table_says() {
    let server = Server::start(&valkey(), &[]);
    assert!(server.cli(&["info", "server"]).contains("server_name:valkey"));
    run(&open(&url(&server), &settings()).await).await;
}

#[tokio::test]
async fn redis_cluster_decides_as_the_table_says() {
    let servers = cluster(3);
    run(&open(&cluster_url(&servers), &settings()).await).await;
    for server in &servers {
        assert_ne!(server.cli(&["dbsize"]).trim(), "0", "keys are on every server");
    }
}
