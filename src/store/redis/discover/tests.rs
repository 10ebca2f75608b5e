use super::*;

fn at(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp { host: host.to_owned(), port }
}

#[test]
fn redirects() {
    let asked = at("redis-0", 7000);
    for (message, expected) in [
        ("MOVED 3999 127.0.0.1:6381", Redirect::Moved(3999, at("127.0.0.1", 6381))),
        ("MOVED 3999 :6381", Redirect::Moved(3999, at("redis-0", 6381))),
        ("MOVED 3999 ::1:6381", Redirect::Moved(3999, at("::1", 6381))),
        ("ASK 7 node:1", Redirect::Ask(at("node", 1))),
        ("NOSCRIPT No matching script. Please use EVAL.", Redirect::NoScript),
        ("MOVED x y", Redirect::None),
        ("MOVED 7", Redirect::None),
        ("CLUSTERDOWN The cluster is down", Redirect::None),
        ("", Redirect::None),
    ] {
        assert_eq!(Redirect::of(message, &asked), expected, "{message}");
    }
}
