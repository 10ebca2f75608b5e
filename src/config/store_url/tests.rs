//! URLs as people write them, rightly and wrongly.

use super::*;

fn at(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp { host: host.to_owned(), port }
}

fn redis(text: &str) -> RedisUrl {
    match text.parse() {
        Ok(StoreUrl::Redis(url)) => url,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn stores_without_a_server() {
    assert_eq!("memory:".parse(), Ok(StoreUrl::Memory));
    for text in ["file:/var/lib/state.redb", "file:///var/lib/state.redb"] {
        assert_eq!(text.parse(), Ok(StoreUrl::File("/var/lib/state.redb".into())), "{text}");
    }
}

#[test]
fn servers() {
    for (text, servers) in [
        ("redis://cache", vec![at("cache", 6379)]),
        ("redis://cache:6380/", vec![at("cache", 6380)]),
        ("redis://[::1]:6380", vec![at("::1", 6380)]),
        ("redis://[::1]", vec![at("::1", 6379)]),
        ("redis+unix:///run/redis.sock", vec![Endpoint::Unix("/run/redis.sock".into())]),
        ("redis-cluster://a:1,b, c:3", vec![at("a", 1), at("b", 6379), at("c", 3)]),
        ("redis-sentinel://a,b:5/main", vec![at("a", 26379), at("b", 5)]),
    ] {
        assert_eq!(redis(text).servers, servers, "{text}");
        assert!(!redis(text).tls, "{text}");
        assert_eq!(StoreUrl::Redis(redis(text)).to_string(), text);
    }
    assert!(redis("rediss://cache").tls && redis("rediss-cluster://a").tls && redis("rediss-sentinel://a/m").tls);
}

#[test]
fn databases_masters_and_logins() {
    assert_eq!(redis("redis://cache/7").database, 7);
    assert_eq!(redis("redis+unix:///run/redis.sock?db=7").database, 7);
    let sentinel = redis("redis-sentinel://a/main/7");
    assert_eq!((sentinel.topology, sentinel.database), (Topology::Sentinel { master: "main".to_owned() }, 7));
    let login = |text: &str| (redis(text).user, redis(text).password);
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(login("redis://cache"), (None, None));
    assert_eq!(login("redis://:s3cret@cache"), (None, some("s3cret")));
    assert_eq!(login("redis://s3cret@cache"), (None, some("s3cret")));
    assert_eq!(login("redis://app:p%40ss%2Fword@cache/1"), (some("app"), some("p@ss/word")));
    assert!(!format!("{:?}", redis("redis://:s3cret@cache")).contains("s3cret"));
}

#[test]
fn mistakes_are_explained() {
    for (text, said) in [
        ("", "there are memory:, file:/PATH, redis://"),
        ("reddis://cache", "did you mean `redis://`?"),
        ("redis-clusters://cache", "did you mean `redis-cluster://`?"),
        ("valkey://cache", "did you mean `redis://`?"),
        ("unix:/run/redis.sock", "did you mean `redis+unix://`?"),
        ("memori:", "did you mean `memory:`?"),
        ("redis:cache", "did you mean `redis://`?"),
        ("memory://x", "did you mean `memory:`?"),
        ("mysql://cache", "`mysql:` is no store"),
        ("file:state.redb", "is not an absolute path"),
        ("redis+unix://run/redis.sock", "is not an absolute path"),
        ("redis://", "names no server"),
        ("redis://a,b", "names several servers; write redis-cluster://"),
        ("redis://cache:0", "`0` is not a port"),
        ("redis://cache:http", "`http` is not a port"),
        ("redis://cache/main", "`main` is not the number of a database"),
        ("redis-cluster://a/1", "a cluster has no databases"),
        ("redis-sentinel://a", "names no master"),
        ("redis://x:50%@cache", "write %25 for %"),
        ("redis://cache?timeout=5", "`timeout=5` is no parameter"),
    ] {
        let error = text.parse::<StoreUrl>().unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}
