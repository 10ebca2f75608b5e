//! Who serves what: asked of the nodes of a cluster, or of sentinels.

use std::str;

use postseal_filters::store::StoreError;

use super::connection::Connection;
use super::resp::Value;
use super::routes::Range;
use crate::config::store::Endpoint;

/// The master of that name, as a sentinel knows it.
pub(super) async fn master(sentinel: &mut Connection, name: &str) -> Result<Endpoint, StoreError> {
    let arguments = [&b"SENTINEL"[..], b"GET-MASTER-ADDR-BY-NAME", name.as_bytes()];
    match sentinel.ask(arguments).await? {
        Value::List(address) => match address.as_slice() {
            [host, port] => text(host)
                .zip(text(port).and_then(|port| port.parse().ok()))
                .map(|(host, port)| Endpoint::Tcp { host: host.to_owned(), port })
                .ok_or_else(|| strange("the sentinel names no address")),
            _ => Err(strange("the sentinel names no address")),
        },
        Value::Nil => Err(StoreError::Unavailable(format!("the sentinel knows no master `{name}`"))),
        Value::Error(message) => Err(StoreError::Refused(message)),
        _ => Err(strange("the sentinel's answer is no address")),
    }
}

/// The slots of a cluster, as one of its nodes knows them. `asked` is that node: some leave their own address out.
pub(super) async fn slots(node: &mut Connection, asked: &Endpoint) -> Result<Vec<Range>, StoreError> {
    match node.ask([&b"CLUSTER"[..], b"SLOTS"]).await? {
        Value::List(ranges) if !ranges.is_empty() => ranges
            .iter()
            .map(|value| range(value, asked).ok_or_else(|| strange("CLUSTER SLOTS names no slots")))
            .collect(),
        Value::List(_) => Err(StoreError::Unavailable("the cluster has no slots yet".to_owned())),
        Value::Error(message) => Err(StoreError::Refused(message)),
        _ => Err(strange("CLUSTER SLOTS names no slots")),
    }
}

/// `first, last, [host, port, ...], replicas...`
fn range(value: &Value, asked: &Endpoint) -> Option<Range> {
    let Value::List(parts) = value else { return None };
    let [Value::Integer(first), Value::Integer(last), Value::List(master), ..] = parts.as_slice() else {
        return None;
    };
    let [host, Value::Integer(port), ..] = master.as_slice() else { return None };
    let port = u16::try_from(*port).ok()?;
    let host = text(host).filter(|host| !matches!(*host, "" | "?"));
    let endpoint = match (host, asked) {
        (Some(host), _) => Endpoint::Tcp { host: host.to_owned(), port },
        (None, Endpoint::Tcp { host, .. }) => Endpoint::Tcp { host: host.clone(), port },
        (None, Endpoint::Unix(_)) => asked.clone(),
    };
    Some(Range { first: u16::try_from(*first).ok()?, last: u16::try_from(*last).ok()?, endpoint })
}

/// What the error of a node means for the one who asked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// The slot is on another node.
    Moved(u16, Endpoint),
    /// This once, another node must be asked.
    Ask(Endpoint),
    /// The node doesn't know the script yet.
    NoScript,
    /// It is an error.
    None,
}

impl Redirect {
    /// Reads the message; `asked` is the node that sent it.
    pub(super) fn of(message: &str, asked: &Endpoint) -> Self {
        let mut words = message.split(' ');
        match (words.next(), words.next(), words.next()) {
            (Some("NOSCRIPT"), ..) => Self::NoScript,
            (Some(word @ ("MOVED" | "ASK")), Some(slot), Some(address)) => {
                let (Ok(slot), Some(endpoint)) = (slot.parse(), there(address, asked)) else {
                    return Self::None;
                };
                if word == "ASK" { Self::Ask(endpoint) } else { Self::Moved(slot, endpoint) }
            }
            _ => Self::None,
        }
    }
}

/// `HOST:PORT`; without a host, that of the node that said it.
fn there(address: &str, asked: &Endpoint) -> Option<Endpoint> {
    let (host, port) = address.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let host = match (host, asked) {
        ("", Endpoint::Tcp { host, .. }) => host,
        ("", Endpoint::Unix(_)) => return None,
        (host, _) => host.trim_start_matches('[').trim_end_matches(']'),
    };
    Some(Endpoint::Tcp { host: host.to_owned(), port })
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Text(text) => str::from_utf8(text).ok(),
        _ => None,
    }
}

fn strange(what: &str) -> StoreError {
    StoreError::Answer(what.to_owned())
}

#[cfg(test)]
mod tests {
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
}
