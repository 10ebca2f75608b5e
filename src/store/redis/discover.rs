//! Which server has which keys: asked of the nodes of a cluster, or of sentinels.

use std::str;

use postseal_filters::store::StoreError;

use super::connection::RedisConnection;
use super::resp::RespValue;
use super::routes::SlotRange;
use crate::config::store::Endpoint;

/// The master of that name, as a sentinel knows it: `[host, port]`.
pub(super) async fn master(sentinel: &mut RedisConnection, name: &str) -> Result<Endpoint, StoreError> {
    let arguments = [&b"SENTINEL"[..], b"GET-MASTER-ADDR-BY-NAME", name.as_bytes()];
    match sentinel.ask(arguments).await? {
        RespValue::List(address) => match address.as_slice() {
            [host, port] => text(host)
                .zip(text(port).and_then(|port| port.parse().ok()))
                .map(|(host, port)| Endpoint::Tcp { host: host.to_owned(), port })
                .ok_or_else(|| strange("the sentinel names no address")),
            _ => Err(strange("the sentinel names no address")),
        },
        RespValue::Nil => Err(StoreError::Unavailable(format!("the sentinel knows no master `{name}`"))),
        RespValue::Error(message) => Err(StoreError::Refused(message)),
        _ => Err(strange("the sentinel's answer is no address")),
    }
}

/// The slots of a cluster, as one of its nodes knows them. `asked` is the address of that node: a node may leave its own
/// host out.
pub(super) async fn slots(node: &mut RedisConnection, asked: &Endpoint) -> Result<Vec<SlotRange>, StoreError> {
    match node.ask([&b"CLUSTER"[..], b"SLOTS"]).await? {
        RespValue::List(ranges) if !ranges.is_empty() => ranges
            .iter()
            .map(|value| range(value, asked).ok_or_else(|| strange("CLUSTER SLOTS names no slots")))
            .collect(),
        RespValue::List(_) => Err(StoreError::Unavailable("the cluster has no slots yet".to_owned())),
        RespValue::Error(message) => Err(StoreError::Refused(message)),
        _ => Err(strange("CLUSTER SLOTS names no slots")),
    }
}

/// `first, last, [host, port, ...], replicas...`
fn range(value: &RespValue, asked: &Endpoint) -> Option<SlotRange> {
    let RespValue::List(parts) = value else { return None };
    let [RespValue::Integer(first), RespValue::Integer(last), RespValue::List(master), ..] = parts.as_slice() else {
        return None;
    };
    let [host, RespValue::Integer(port), ..] = master.as_slice() else { return None };
    let port = u16::try_from(*port).ok()?;
    let host = text(host).filter(|host| !matches!(*host, "" | "?"));
    let endpoint = match (host, asked) {
        (Some(host), _) => Endpoint::Tcp { host: host.to_owned(), port },
        (None, Endpoint::Tcp { host, .. }) => Endpoint::Tcp { host: host.clone(), port },
        (None, Endpoint::Unix(_)) => asked.clone(),
    };
    Some(SlotRange { first: u16::try_from(*first).ok()?, last: u16::try_from(*last).ok()?, endpoint })
}

/// What the error of a node tells the caller to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// The slot is on another node.
    Moved(u16, Endpoint),
    /// Another node must be asked, for this call only.
    Ask(Endpoint),
    /// The node doesn't know the script yet.
    NoScript,
    /// It is an error.
    None,
}

impl Redirect {
    /// Reads the message: `MOVED slot address`, `ASK slot address` or `NOSCRIPT ...`; `asked` is the node that sent it.
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

/// `HOST:PORT`; without a host, that of the node that was asked.
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

fn text(value: &RespValue) -> Option<&str> {
    match value {
        RespValue::Text(text) => str::from_utf8(text).ok(),
        _ => None,
    }
}

fn strange(what: &str) -> StoreError {
    StoreError::Answer(what.to_owned())
}

#[cfg(test)]
mod tests;
