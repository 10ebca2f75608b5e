//! What a postmaster does with counters: look, reset, block. Nobody's mail waits.

use std::time::{Duration, Instant};

use postseal_filters::store::{Fullest, KeyListing, Query, StoreError};

use super::codec;
use super::connection::Connection;
use super::counters::Counters;
use super::node::Node;
use super::resp::Value;
use super::routes::slot;
use super::script::Call;

impl Counters {
    /// Looks through all keys of all servers, up to a bound.
    pub(super) async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError> {
        let mut now = None;
        let mut fullest = None;
        let routes = self.servers.routes.load_full();
        if routes.nodes().next().is_none() {
            return Err(StoreError::Unavailable("no server is known".to_owned()));
        }
        for (node, _) in routes.nodes() {
            let mut connection = node.open(PATIENCE).await?;
            let time = match now {
                Some(time) => time,
                None => *now.insert(self.now(&mut connection).await?),
            };
            let fullest = fullest.get_or_insert_with(|| Fullest::new(query, time));
            let looked = tokio::time::timeout(PATIENCE, self.look_through(&mut connection, fullest)).await;
            looked.map_err(|_| StoreError::Timeout(PATIENCE))??;
        }
        Ok(fullest.map(Fullest::into_entries).unwrap_or_default())
    }

    async fn look_through(
        &self,
        connection: &mut Connection,
        out: &mut Fullest<'_>,
    ) -> Result<(), StoreError> {
        let pattern = self.keys.pattern();
        let mut cursor = "0".to_owned();
        for _ in 0..MOST_SCANS {
            let scan = [&b"SCAN"[..], cursor.as_bytes(), b"MATCH", pattern.as_bytes(), b"COUNT", b"1000"];
            let (next, names) = scanned(connection.ask(scan).await?)?;
            let keys = names.iter().filter_map(|name| self.keys.key(name)).filter(|key| out.wants(key));
            let keys: Vec<String> = keys.collect();
            // One by one and not with MGET, which a cluster refuses; they leave in one write all the same.
            for key in &keys {
                connection.say([&b"GET"[..], self.keys.name(key).as_bytes()]);
            }
            for (key, value) in keys.iter().zip(connection.replies().await?) {
                if let Value::Text(octets) = value
                    && let Some(state) = codec::state(&octets)
                {
                    out.show(key, state);
                }
            }
            cursor = next;
            if cursor == "0" {
                break;
            }
        }
        Ok(())
    }

    pub(super) async fn show(&self, key: &str) -> Result<Option<KeyListing>, StoreError> {
        let name = self.keys.name(key);
        let mut connection = self.server_of(&name)?.open(PATIENCE).await?;
        let now = self.now(&mut connection).await?;
        let Value::Text(octets) = no_error(connection.ask([&b"GET"[..], name.as_bytes()]).await?)? else {
            return Ok(None);
        };
        let state = codec::state(&octets).filter(|state| state.idle_from() > now);
        Ok(state.map(|mut state| {
            state.age(now);
            KeyListing { key: key.to_owned(), state }
        }))
    }

    /// Blocks a key for a time, for ever (`None`), or, with no time at all, not any more. True if it was blocked.
    pub(super) async fn block(&self, key: &str, time: Option<Duration>) -> Result<bool, StoreError> {
        let name = self.keys.name(key);
        let slot = slot(&name);
        let time = time.map(|time| time.as_millis().to_string()).unwrap_or_default();
        let arguments = vec![self.time(), time.into_bytes()];
        let call = Call { script: &self.scripts.block, keys: vec![name], arguments };
        let reply = self.servers.run(slot, &call, Instant::now() + PATIENCE).await;
        Ok(reply.map_err(|failed| failed.error)? == Value::Integer(1))
    }

    /// A single command about one key.
    pub(super) async fn ask(&self, name: &str, command: &[&[u8]]) -> Result<Value, StoreError> {
        let mut connection = self.server_of(name)?.open(PATIENCE).await?;
        let reply = tokio::time::timeout(PATIENCE, connection.ask(command.iter().copied())).await;
        no_error(reply.map_err(|_| StoreError::Timeout(PATIENCE))??)
    }

    fn server_of(&self, name: &str) -> Result<std::sync::Arc<Node>, StoreError> {
        let routes = self.servers.routes.load();
        let node = routes.node(slot(name)).cloned();
        node.ok_or_else(|| StoreError::Unavailable("no server is known that has the key".to_owned()))
    }

    async fn now(&self, connection: &mut Connection) -> Result<u64, StoreError> {
        if let Some(time) = &self.time {
            return Ok(time());
        }
        let strange = || StoreError::Answer("TIME tells no time".to_owned());
        let Value::List(parts) = no_error(connection.ask([&b"TIME"[..]]).await?)? else {
            return Err(strange());
        };
        let number = |value: &Value| match value {
            Value::Text(text) => std::str::from_utf8(text).ok()?.parse::<u64>().ok(),
            _ => None,
        };
        match parts.iter().map(number).collect::<Option<Vec<_>>>().as_deref() {
            Some([seconds, micros]) => Ok(seconds.saturating_mul(1000).saturating_add(micros / 1000)),
            _ => Err(strange()),
        }
    }
}

/// The next cursor and the names of a reply to SCAN.
fn scanned(reply: Value) -> Result<(String, Vec<String>), StoreError> {
    let strange = || StoreError::Answer("SCAN tells no keys".to_owned());
    let text = |value: &Value| match value {
        Value::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    };
    let Value::List(parts) = no_error(reply)? else { return Err(strange()) };
    let [cursor, Value::List(names)] = parts.as_slice() else { return Err(strange()) };
    Ok((text(cursor).ok_or_else(strange)?, names.iter().filter_map(text).collect()))
}

fn no_error(reply: Value) -> Result<Value, StoreError> {
    match reply {
        Value::Error(message) => Err(StoreError::Refused(message)),
        reply => Ok(reply),
    }
}

/// How long a postmaster waits for one server.
const PATIENCE: Duration = Duration::from_secs(10);
/// SCAN is asked so many times of one server, for a thousand keys each: a million keys with a margin.
const MOST_SCANS: usize = 2000;
