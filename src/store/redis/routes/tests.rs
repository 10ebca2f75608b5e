use super::*;
use crate::store::redis::doubt::FailureCount;

#[test]
fn slots_are_those_of_the_specification() {
    for (name, expected) in [("123456789", 0x31C3), ("foo", 12182), ("{foo}bar", 12182), ("a{foo}{bar}", 12182)] {
        assert_eq!(slot(name), expected, "{name}");
    }
    assert_eq!(slot("{}foo"), slot("{}foo"));
    assert_ne!(slot("{}foo"), slot("{}bar"), "nothing in braces: the whole name counts");
    assert_ne!(slot("{foo"), slot("foo"));
}

#[test]
fn every_slot_has_a_tag() {
    let mut found = vec![false; SLOTS];
    (0..TAGS).for_each(|number| found[usize::from(slot(&number.to_string()))] = true);
    assert!(found.into_iter().all(|found| found));
}

fn server(endpoint: &Endpoint) -> Arc<RedisServer> {
    Arc::new(RedisServer::new(endpoint.clone(), Arc::default(), 1, &FailureCount::default()))
}

fn at(port: u16) -> Endpoint {
    Endpoint::Tcp { host: "127.0.0.1".to_owned(), port }
}

#[test]
fn a_slot_that_has_moved_is_asked_for_where_it_is_now() {
    let range = |first, last, port| SlotRange { first, last, endpoint: at(port) };
    let routes = Routes::cluster(&[range(0, 99, 1), range(200, 16_383, 2), range(100, 150, 1)], server);
    let owner = |routes: &Routes, slot| routes.server(slot).map(|server| server.endpoint.clone());
    let found = [0, 99, 100, 150, 151, 199, 200, 16_383].map(|slot| owner(&routes, slot));
    let [one, two] = [Some(at(1)), Some(at(2))];
    assert_eq!(found, [one.clone(), one.clone(), one.clone(), one, None, None, two.clone(), two]);
    for (server, tag) in routes.servers() {
        assert_eq!(routes.server(slot(tag)).map(|owner| &owner.endpoint), Some(&server.endpoint));
    }
    let moved = routes.moved(7, &server(&at(3)));
    assert_eq!(owner(&moved, 7), Some(at(3)));
    assert_eq!(owner(&moved, 8), Some(at(1)));
    assert_eq!(moved.servers().count(), 3);
}
