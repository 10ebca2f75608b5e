//! The commands of a postmaster on counters: list, show, reset, block. No mail waits for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use postseal_filters::store::{Fullest, KeyListing, Query, StoreError};
use tokio::time::timeout;

use super::codec;
use super::connection::RedisConnection;
use super::counters::Counters;
use super::resp::RespValue;
use super::routes::slot;
use super::script::ScriptCall;
use super::server::RedisServer;

/// How long a postmaster waits for one server to connect, and again for its replies.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// Each SCAN looks at about a thousand keys: enough for a million keys with a margin.
const MAX_SCANS: usize = 2000;

impl Counters {
    /// Looks through all keys of all servers, up to a bound.
    pub(super) async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError> {
        let mut fullest = None;
        let routes = self.servers.routes.load_full();
        for (server, _) in routes.servers() {
            let mut connection = server.open(COMMAND_TIMEOUT).await?;
            let looked = timeout(COMMAND_TIMEOUT, async {
                let fullest = match &mut fullest {
                    Some(fullest) => fullest,
                    None => fullest.insert(Fullest::new(query, self.now(&mut connection).await?)),
                };
                self.look_through(&mut connection, fullest).await
            });
            looked.await.map_err(|_| StoreError::Timeout(COMMAND_TIMEOUT))??;
        }
        let fullest = fullest.ok_or_else(|| StoreError::Unavailable("no server is known".to_owned()))?;
        Ok(fullest.into_entries())
    }

    async fn look_through(&self, connection: &mut RedisConnection, out: &mut Fullest<'_>) -> Result<(), StoreError> {
        let pattern = self.keys.pattern();
        let mut cursor = "0".to_owned();
        for _ in 0..MAX_SCANS {
            let scan = [&b"SCAN"[..], cursor.as_bytes(), b"MATCH", pattern.as_bytes(), b"COUNT", b"1000"];
            let (next, names) = scanned(connection.ask(scan).await?)?;
            let keys = names.iter().filter_map(|name| self.keys.key(name)).filter(|key| out.wants(key));
            let keys: Vec<String> = keys.collect();
            // One GET for each key, since a cluster refuses MGET over several slots. All of them leave in one write.
            for key in &keys {
                connection.say([&b"GET"[..], self.keys.name(key).as_bytes()]);
            }
            for (key, value) in keys.iter().zip(connection.replies().await?) {
                if let RespValue::Text(octets) = value
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
        let mut connection = self.server_of(&name)?.open(COMMAND_TIMEOUT).await?;
        let looked = timeout(COMMAND_TIMEOUT, async {
            let now = self.now(&mut connection).await?;
            Ok((now, no_error(connection.ask([&b"GET"[..], name.as_bytes()]).await?)?))
        });
        let (now, value) = looked.await.map_err(|_| StoreError::Timeout(COMMAND_TIMEOUT))??;
        let RespValue::Text(octets) = value else { return Ok(None) };
        let state = codec::state(&octets).filter(|state| state.idle_from() > now);
        Ok(state.map(|mut state| {
            state.age(now);
            KeyListing { key: key.to_owned(), state }
        }))
    }

    /// Blocks a key for a time, or for ever (`None`); no time at all ends the block. True if the key was blocked.
    pub(super) async fn block(&self, key: &str, time: Option<Duration>) -> Result<bool, StoreError> {
        let name = self.keys.name(key);
        let slot = slot(&name);
        let time = time.map_or_else(Vec::new, |time| time.as_millis().to_string().into_bytes());
        let call = ScriptCall { script: &self.scripts.block, keys: vec![name], arguments: vec![self.time(), time] };
        let reply = self.servers.run(slot, &call, Instant::now() + COMMAND_TIMEOUT).await;
        Ok(reply.map_err(|failed| failed.error)? == RespValue::Integer(1))
    }

    /// A single command about one key.
    pub(super) async fn ask(&self, name: &str, command: &[&[u8]]) -> Result<RespValue, StoreError> {
        let mut connection = self.server_of(name)?.open(COMMAND_TIMEOUT).await?;
        let reply = timeout(COMMAND_TIMEOUT, connection.ask(command.iter().copied())).await;
        no_error(reply.map_err(|_| StoreError::Timeout(COMMAND_TIMEOUT))??)
    }

    fn server_of(&self, name: &str) -> Result<Arc<RedisServer>, StoreError> {
        let server = self.servers.routes.load().server(slot(name)).cloned();
        server.ok_or_else(|| StoreError::Unavailable("no server is known that has the key".to_owned()))
    }

    async fn now(&self, connection: &mut RedisConnection) -> Result<u64, StoreError> {
        if let Some(time) = &self.time {
            return Ok(time());
        }
        let strange = || StoreError::Answer("TIME tells no time".to_owned());
        let RespValue::List(parts) = no_error(connection.ask([&b"TIME"[..]]).await?)? else {
            return Err(strange());
        };
        let number = |value: &RespValue| match value {
            RespValue::Text(text) => std::str::from_utf8(text).ok()?.parse::<u64>().ok(),
            _ => None,
        };
        match parts.iter().map(number).collect::<Option<Vec<_>>>().as_deref() {
            Some([seconds, micros]) => Ok(seconds.saturating_mul(1000).saturating_add(micros / 1000)),
            _ => Err(strange()),
        }
    }
}

/// The next cursor and the names of a reply to SCAN: `[cursor, [name, ...]]`.
fn scanned(reply: RespValue) -> Result<(String, Vec<String>), StoreError> {
    let strange = || StoreError::Answer("SCAN tells no keys".to_owned());
    let text = |value: &RespValue| match value {
        RespValue::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    };
    let RespValue::List(parts) = no_error(reply)? else { return Err(strange()) };
    let [cursor, RespValue::List(names)] = parts.as_slice() else { return Err(strange()) };
    let names: Option<Vec<String>> = names.iter().map(text).collect();
    text(cursor).zip(names).ok_or_else(strange)
}

fn no_error(reply: RespValue) -> Result<RespValue, StoreError> {
    match reply {
        RespValue::Error(message) => Err(StoreError::Refused(message)),
        reply => Ok(reply),
    }
}
