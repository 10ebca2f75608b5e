//! What a postmaster does with counters, and how the store gets in: passwords, TLS, databases, sentinels.

use std::fs;
use std::process::Command;
use std::time::Duration;

use postseal_filters::store::{Admission, Limit, Query, Request, Store};

use crate::servers::{Server, cluster, redis, wait_for};
use crate::{Opened, cluster_url, open, open_for_real, settings, url};

const HOUR: Limit = Limit { width: 3_600_000, quota: 10 };

async fn admit(opened: &Opened, key: &str, cost: u64) -> Admission {
    let request = Request { key, limits: &[HOUR], cost, block: 0, binding: true };
    opened.store.admit(&[request]).await.unwrap()[0]
}

async fn listed(opened: &Opened, prefix: &str, blocked: bool, most: usize) -> Vec<String> {
    let query = Query { prefix: prefix.to_owned(), blocked, most };
    opened.store.list(&query).await.unwrap().into_iter().map(|entry| entry.key).collect()
}

#[tokio::test]
async fn keys_are_listed_from_all_servers_fullest_first() {
    let servers = cluster(3);
    let opened = open(&cluster_url(&servers), &settings()).await;
    for (number, cost) in (0..30).map(|number| (number, 1 + number % 3)) {
        assert!(admit(&opened, &format!("per-user:u{number:02}"), cost).await.charged);
    }
    admit(&opened, "per-domain:example.com", 10).await;
    // A key under our prefix that is no counter. It is not listed.
    assert_eq!(servers[0].cli(&["-c", "set", "postseal:k:stray", "1"]).trim(), "OK");
    let all = listed(&opened, "", false, 100).await;
    assert_eq!((all.len(), all[0].as_str()), (31, "per-domain:example.com"));
    let users = listed(&opened, "per-user:", false, 10).await;
    let expected: Vec<_> = (0..30).filter(|number| number % 3 == 2).map(|n| format!("per-user:u{n:02}")).collect();
    assert_eq!(users, expected);
    opened.store.block("per-user:u00", None).await.unwrap();
    assert_eq!(listed(&opened, "per-user:", true, 10).await, ["per-user:u00"]);
    assert!(opened.store.unblock("per-user:u00").await.unwrap());
    assert!(opened.store.reset("per-user:u00").await.unwrap());
    assert!(!opened.store.reset("per-user:u00").await.unwrap());
    assert_eq!(opened.store.show("per-user:u00").await, Ok(None));
}

#[tokio::test]
async fn nothing_is_kept_for_ever() {
    let server = Server::start(&redis(), &[]);
    let opened = open_for_real(&url(&server), &settings()).await;
    admit(&opened, "per-user:alice", 1).await;
    admit(&opened, "per-user:bob", 11).await;
    opened.store.block("per-user:carol", Some(Duration::from_secs(7200))).await.unwrap();
    let names = server.cli(&["keys", "postseal:*"]);
    assert_eq!(names.lines().count(), 3, "{names}");
    for (name, longest) in [("k:per-user:{alice}", 3600), ("k:per-user:{bob}", 3600), ("k:per-user:{carol}", 7200)] {
        let left: u64 = server.cli(&["ttl", &format!("postseal:{name}")]).trim().parse().unwrap();
        assert!((longest - 60..=longest).contains(&left), "{name} {left}");
    }
    assert_eq!(server.cli(&["dbsize"]).trim(), "3");
}

#[tokio::test]
async fn a_password_from_a_file_and_another_prefix_and_database() {
    let server = Server::start(&redis(), &["--requirepass", "s3cret"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    fs::write(&file, "s3cret\n").unwrap();
    let mut settings = settings();
    settings.password_file = Some(file);
    settings.prefix = "other:".to_owned();
    let opened = open(&format!("{}/5", url(&server)), &settings).await;
    assert!(admit(&opened, "per-user:alice", 1).await.charged);
    let keys = server.cli(&["-a", "s3cret", "--no-auth-warning", "-n", "5", "keys", "*"]);
    assert_eq!(keys.trim(), "other:k:per-user:{alice}");
    assert_eq!(opened.metric("postseal_store_breakers_open{store=\"redis\"}"), 0.0);

    settings.password_file = None;
    let stranger = open(&url(&server), &settings).await;
    assert_eq!(admit(&stranger, "per-user:alice", 1).await.by, 1, "counted here, as Redis lets nobody in");
    assert_eq!(stranger.metric("postseal_store_errors_total{kind=\"refused\",store=\"redis\"}"), 1.0);
}

#[tokio::test]
async fn tls_with_a_ca_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (ca, ca_key, key, request, certificate) = (path("ca"), path("ca.key"), path("key"), path("req"), path("cert"));
    let new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    openssl(&[&["req", "-x509", "-subj", "/CN=ca", "-days", "2", "-keyout", &ca_key, "-out", &ca][..], &new].concat());
    openssl(&[&["req", "-subj", "/CN=redis", "-keyout", &key, "-out", &request][..], &new].concat());
    let names = path("names");
    fs::write(&names, "subjectAltName=DNS:localhost,IP:127.0.0.1\n").unwrap();
    let sign = ["x509", "-req", "-days", "2", "-in", &request, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial"];
    openssl(&[&sign[..], &["-out", &certificate, "-extfile", &names]].concat());
    let tls = crate::servers::free_port().to_string();
    let _server = Server::start(
        &redis(),
        &["--tls-port", &tls, "--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-auth-clients", "no"],
    );
    let mut settings = settings();
    settings.ca_file = Some(ca.into());
    let opened = open(&format!("rediss://localhost:{tls}"), &settings).await;
    assert_eq!(admit(&opened, "per-user:alice", 1).await.by, 0);
    settings.ca_file = Some(certificate.into());
    let opened = open(&format!("rediss://localhost:{tls}"), &settings).await;
    assert_eq!(admit(&opened, "per-user:alice", 1).await.by, 1, "a certificate that nobody vouches for");
}

#[tokio::test]
async fn the_master_that_sentinels_know() {
    let master = Server::start(&redis(), &[]);
    let replica = Server::start(&redis(), &["--replicaof", &format!("127.0.0.1 {}", master.port)]);
    wait_for("the replica follows", || replica.cli(&["info", "replication"]).contains("master_link_status:up"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sentinel.conf");
    let down = "sentinel down-after-milliseconds main 300\nsentinel failover-timeout main 3000";
    fs::write(&file, format!("sentinel monitor main 127.0.0.1 {} 1\n{down}\n", master.port)).unwrap();
    let sentinel = Server::start(&redis(), &["--sentinel", &file.display().to_string()]);
    wait_for("the sentinel knows the replica", || sentinel.cli(&["sentinel", "replicas", "main"]).contains("slave"));

    let opened = open(&format!("redis-sentinel://127.0.0.1:{}/main", sentinel.port), &settings()).await;
    assert_eq!(admit(&opened, "per-user:alice", 4).await.by, 0);
    wait_for("the replica has it", || replica.cli(&["dbsize"]).trim() == "1");
    drop(master);
    let mut admission = admit(&opened, "per-user:bob", 0).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while admission.by != 0 {
        assert!(tokio::time::Instant::now() < deadline, "the new master is not asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
        admission = admit(&opened, "per-user:bob", 0).await;
    }
    let alice = opened.store.show("per-user:alice").await.unwrap().unwrap();
    assert_eq!(alice.state.windows[0].window.used(), 4, "what was counted is still there");
}
