//! Counters over the admin port: `GET /api/limits` lists them, `POST /api/limits` changes them.
//!
//! A key is named as in the list, `RULE:VALUES`, or by its values alone. Values alone mean the key of every rule that
//! can have such values. A key that no message can have is an error.

use std::time::Duration;

use encodify::hex::PERCENT;
use hyper::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postseal_filters::Clock as _;
use postseal_filters::store::{FOR_EVER, KeyListing, Query, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::LimitObserver;
use crate::clock::{SystemClock, rfc3339};

/// Keys in a list, if the query names no number.
const DEFAULT_LISTED_KEYS: usize = 50;
/// Keys in a list at most: about a megabyte of JSON.
const MAX_LISTED_KEYS: usize = 2_000;

/// The query of a `GET`. The service reads it, the command writes it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Look {
    /// One key.
    pub key: Option<String>,
    /// The beginning of the keys.
    pub prefix: String,
    /// Only blocked keys.
    pub blocked: bool,
    /// The largest number of keys, up to 2,000; 0 for the default.
    pub most: usize,
}

/// The change that a `POST` asks for.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LimitChange {
    /// The kind of change.
    pub action: ChangeAction,
    /// The key to change.
    pub key: String,
    /// The seconds of a block; without them it lasts until the key is unblocked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// Forget the units used, and a block.
    Reset,
    /// Refuse everything.
    Block,
    /// End a block.
    Unblock,
}

/// A key in an answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Shown {
    /// `RULE:VALUES`.
    pub key: String,
    /// Its limits.
    pub limits: Vec<ShownLimit>,
    /// Whether it is blocked.
    pub blocked: bool,
    /// The end of the block, if it has one.
    pub blocked_until: Option<String>,
    /// Seconds until the end of the block.
    pub blocked_seconds: Option<u64>,
}

/// A limit of a key.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ShownLimit {
    /// Width of the window in seconds.
    pub seconds: u64,
    /// The largest number of units in a window.
    pub limit: u64,
    /// Units used in the current window.
    pub used: u64,
}

impl Look {
    /// As the query of a URL.
    pub fn to_query(&self) -> String {
        let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let key = self.key.as_ref().map(|key| format!("key={}&", escaped(key))).unwrap_or_default();
        format!("{key}prefix={}&blocked={}&most={}", escaped(&self.prefix), self.blocked, self.most)
    }

    /// Reads the query of a URL; `None` if it is not valid.
    pub fn from_query(query: &str) -> Option<Self> {
        let mut look = Self::default();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=')?;
            let value = String::from_utf8(PERCENT.decode(value).ok()?.into_owned()).ok()?;
            match name {
                "key" => look.key = Some(value),
                "prefix" => look.prefix = value,
                "blocked" => look.blocked = value.parse().ok()?,
                "most" => look.most = value.parse().ok()?,
                _ => return None,
            }
        }
        Some(look)
    }
}

/// An answer: the status, and JSON.
pub type Answered = (StatusCode, serde_json::Value);

/// Lists counters.
pub async fn look(store: &dyn Store, observer: &LimitObserver, look: &Look) -> Answered {
    let _one_at_a_time = if look.key.is_none() { Some(observer.listing.lock().await) } else { None };
    let found = match &look.key {
        Some(key) => match observer.counters(key) {
            Ok(counters) => show(store, &counters).await,
            Err(reason) => return refused(&reason),
        },
        None => {
            let most = if look.most == 0 { DEFAULT_LISTED_KEYS } else { look.most.min(MAX_LISTED_KEYS) };
            store.list(&Query { prefix: observer.prefix(&look.prefix), blocked: look.blocked, most }).await
        }
    };
    match found {
        Ok(entries) => {
            let keys: Vec<Shown> = entries.iter().map(shown).collect();
            (StatusCode::OK, serde_json::json!({ "store": store.kind(), "keys": keys }))
        }
        Err(error) => failed(&error),
    }
}

/// Shortens the keys of a list as in the log, for a client that has shown no token.
pub fn shorten_keys(observer: &LimitObserver, list: &mut serde_json::Value) {
    for entry in list.get_mut("keys").and_then(|keys| keys.as_array_mut()).into_iter().flatten() {
        if let Some(key) = entry.get_mut("key")
            && let Some(full) = key.as_str()
        {
            *key = observer.shown(full).into();
        }
    }
}

async fn show(store: &dyn Store, counters: &[String]) -> Result<Vec<KeyListing>, StoreError> {
    let mut found = Vec::new();
    for counter in counters {
        found.extend(store.show(counter).await?);
    }
    Ok(found)
}

/// Changes counters. The answer names the keys that were changed.
pub async fn change(store: &dyn Store, observer: &LimitObserver, change: &LimitChange) -> Answered {
    if change.seconds == Some(0) {
        return refused("seconds must be at least 1; leave it out for a block without an end");
    }
    if change.seconds.is_some() && change.action != ChangeAction::Block {
        return refused("seconds are for the action block only");
    }
    let counters = match observer.counters(&change.key) {
        Ok(counters) => counters,
        Err(reason) => return refused(&reason),
    };
    let mut changed = Vec::new();
    for counter in counters {
        let done = match change.action {
            ChangeAction::Reset => store.reset(&counter).await,
            ChangeAction::Unblock => store.unblock(&counter).await,
            ChangeAction::Block => store.block(&counter, change.seconds.map(Duration::from_secs)).await.map(|()| true),
        };
        if done.is_ok() {
            noted(observer, &counter, change);
        }
        match done {
            Ok(true) => changed.push(counter),
            Ok(false) => {}
            Err(error) => return failed(&error),
        }
    }
    let keys: Vec<String> = changed.iter().map(|key| observer.shown(key).into_owned()).collect();
    tracing::info!(event = "limits", action = ?change.action, ?keys, "counters were changed by hand");
    (StatusCode::OK, serde_json::json!({ "changed": changed }))
}

/// Makes a change by hand visible on the status page at once, even if the counters are in a remote store.
fn noted(observer: &LimitObserver, counter: &str, change: &LimitChange) {
    match (change.action, change.seconds) {
        (ChangeAction::Reset, _) => observer.seen.forget(counter),
        (ChangeAction::Unblock, _) => observer.seen.unblocked(counter),
        (ChangeAction::Block, None) => observer.seen.blocked(counter, FOR_EVER),
        (ChangeAction::Block, Some(seconds)) => {
            let until = SystemClock.steady_millis().saturating_add(seconds.saturating_mul(1000));
            observer.seen.blocked(counter, until);
        }
    }
}

fn refused(reason: &str) -> Answered {
    (StatusCode::BAD_REQUEST, serde_json::json!({ "error": reason }))
}

fn failed(error: &StoreError) -> Answered {
    (StatusCode::BAD_GATEWAY, serde_json::json!({ "error": format!("the store: {error}") }))
}

fn shown(KeyListing { key, state }: &KeyListing) -> Shown {
    let now = SystemClock.steady_millis();
    let blocked = state.blocked_until > now;
    let ends = blocked && state.blocked_until < FOR_EVER;
    let limits = state.windows.iter().map(|counted| ShownLimit {
        seconds: counted.limit.width / 1000,
        limit: counted.limit.quota,
        used: counted.window.used(),
    });
    Shown {
        key: key.clone(),
        limits: limits.collect(),
        blocked,
        blocked_until: ends.then(|| rfc3339(Duration::from_millis(state.blocked_until))),
        blocked_seconds: ends.then(|| (state.blocked_until - now).div_ceil(1000)),
    }
}

#[cfg(test)]
mod tests;
