//! Answers that come after the deadline, or never: nothing is charged twice, and nothing given back twice.

use std::time::Duration;

use postseal::config::store::StoreConfig;
use postseal_filters::store::{Admission, Limit, Request, Return, Store};

use crate::relay::{Order, Relay};
use crate::servers::{Server, redis};
use crate::{Opened, open_for_real, settings, url};

const HOUR: Limit = Limit { width: 3_600_000, quota: 10 };
const ALICE: &str = "per-user:alice";
const BOB: &str = "per-user:bob";

/// A server, a store that soon gives up waiting for it, and one that never does.
struct Rig {
    _server: Server,
    relay: Relay,
    hasty: Opened,
    patient: Opened,
}

impl Rig {
    async fn new() -> Self {
        let server = Server::start(&redis(), &[]);
        let relay = Relay::to(server.port).await;
        let hasty = StoreConfig { timeout: Duration::from_millis(300), ..settings() };
        let hasty = open_for_real(&relay.url(), &hasty).await;
        let patient = open_for_real(&url(&server), &settings()).await;
        let rig = Self { _server: server, relay, hasty, patient };
        // The server knows the scripts by now: else it would have to be asked twice.
        rig.all_is_given_back().await;
        rig
    }

    /// Waits until the hasty store counts on the server.
    async fn is_well(&self) {
        self.relay.order(Order::Pass).await;
        until("the store counts on its server", async || ask(&self.hasty, "per-user:probe", 0).await.by == 0).await;
    }

    /// Units that the server has counted.
    async fn used(&self, key: &str) -> u64 {
        let entry = self.patient.store.show(key).await.unwrap();
        entry.map_or(0, |entry| entry.state.windows[0].window.used())
    }

    async fn becomes(&self, key: &str, used: u64) {
        until(&format!("{used} are used"), async || self.used(key).await == used).await;
    }

    /// Everything that was to be given back before this has been.
    async fn all_is_given_back(&self) {
        self.is_well().await;
        let charged = ask(&self.patient, BOB, 2).await;
        self.hasty.store.give_back_later(vec![back(BOB, 2, charged)]);
        self.becomes(BOB, 0).await;
    }
}

async fn ask(opened: &Opened, key: &str, cost: u64) -> Admission {
    let request = Request { key, limits: &[HOUR], cost, block: 0, binding: true };
    opened.store.admit(&[request]).await.unwrap()[0]
}

fn back(key: &str, cost: u64, Admission { at, by, .. }: Admission) -> Return {
    Return { key: key.to_owned(), cost, at, by }
}

pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "not within 30 s: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_charge_whose_answer_is_late_is_given_back() {
    let rig = Rig::new().await;
    rig.relay.order(Order::Hold).await;
    let here = ask(&rig.hasty, ALICE, 4).await;
    assert_eq!((here.by, here.charged), (1, true), "counted here, as no answer came");
    rig.becomes(ALICE, 4).await;
    rig.relay.order(Order::Pass).await;
    rig.becomes(ALICE, 0).await;

    rig.is_well().await;
    let there = ask(&rig.hasty, ALICE, 3).await;
    assert_eq!((there.by, there.charged), (0, true));
    rig.hasty.store.give_back(vec![back(ALICE, 4, here)]).await.unwrap();
    rig.all_is_given_back().await;
    assert_eq!(rig.used(ALICE).await, 3, "what was counted here is given back here");
    rig.hasty.store.give_back(vec![back(ALICE, 3, there)]).await.unwrap();
    rig.becomes(ALICE, 0).await;
}

#[tokio::test]
async fn a_refusal_whose_answer_is_late_gives_nothing_back() {
    let rig = Rig::new().await;
    ask(&rig.patient, ALICE, 9).await;
    rig.relay.order(Order::Hold).await;
    assert_eq!(ask(&rig.hasty, ALICE, 4).await.by, 1);
    rig.all_is_given_back().await;
    assert_eq!(rig.used(ALICE).await, 9);
}

#[tokio::test]
async fn a_charge_whose_answer_is_lost_stays() {
    let rig = Rig::new().await;
    rig.relay.order(Order::Hold).await;
    assert_eq!(ask(&rig.hasty, ALICE, 4).await.by, 1);
    rig.becomes(ALICE, 4).await;
    rig.relay.order(Order::Cut).await;
    rig.all_is_given_back().await;
    assert_eq!(rig.used(ALICE).await, 4, "rather too few than too many: nobody knows that it was charged");
}

#[tokio::test]
async fn giving_back_is_not_repeated_when_its_answer_is_late() {
    let rig = Rig::new().await;
    let charged = ask(&rig.patient, ALICE, 6).await;
    rig.relay.order(Order::Hold).await;
    rig.hasty.store.give_back(vec![back(ALICE, 2, charged)]).await.unwrap();
    rig.becomes(ALICE, 4).await;
    rig.all_is_given_back().await;
    assert_eq!(rig.used(ALICE).await, 4);
}

#[tokio::test]
async fn what_could_not_be_given_back_is_once_the_server_answers() {
    let rig = Rig::new().await;
    let charged = ask(&rig.patient, ALICE, 6).await;
    rig.relay.order(Order::Cut).await;
    until("the server is left alone", async || {
        ask(&rig.hasty, "per-user:probe", 0).await;
        rig.hasty.metric("postseal_store_breakers_open{store=\"redis\"}") == 1.0
    })
    .await;
    rig.hasty.store.give_back(vec![back(ALICE, 1, charged)]).await.unwrap();
    rig.hasty.store.give_back_later(vec![back(ALICE, 1, charged)]);
    assert_eq!(rig.used(ALICE).await, 6);
    rig.relay.order(Order::Pass).await;
    rig.becomes(ALICE, 4).await;
    rig.all_is_given_back().await;
    assert_eq!(rig.used(ALICE).await, 4);
}
