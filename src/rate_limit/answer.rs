//! Counters over the admin port: `GET /api/limits` looks, `POST /api/limits` changes.
//!
//! A key is named as it is listed, `RULE:VALUES`, or by its values alone, which means it under every rule that has as
//! many.

use std::time::Duration;

use encodify::hex::PERCENT;
use hyper::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postseal_filters::Clock as _;
use postseal_filters::store::{Entry, FOR_EVER, LONGEST_KEY, Query, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::LimitObserver;
use crate::clock::{SystemClock, rfc3339};

/// What is asked by `GET`, as a query; also the other way round, by the command.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Look {
    /// One key.
    pub key: Option<String>,
    /// Keys that begin with it.
    pub prefix: String,
    /// Only those that are blocked.
    pub blocked: bool,
    /// At most so many; 0 for the default.
    pub most: usize,
}

/// What is wanted by `POST`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// What is done.
    pub action: ChangeAction,
    /// To which key.
    pub key: String,
    /// For how many seconds it is blocked; until it is unblocked if not set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u64>,
}

/// What can be done to a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeAction {
    /// Forget what is used, and any block.
    Reset,
    /// Refuse everything.
    Block,
    /// End a block.
    Unblock,
}

/// A key, as it is shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Shown {
    /// `RULE:VALUES`.
    pub key: String,
    /// Its limits.
    pub limits: Vec<ShownLimit>,
    /// Whether it is blocked.
    pub blocked: bool,
    /// Until when, unless for ever.
    pub blocked_until: Option<String>,
    /// Seconds until then.
    pub blocked_seconds: Option<u64>,
}

/// A limit of a key.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ShownLimit {
    /// In any time of so many seconds.
    pub seconds: u64,
    /// So many.
    pub limit: u64,
    /// So many of them are used.
    pub used: u64,
}

impl Look {
    /// As the query of a URL.
    pub fn to_query(&self) -> String {
        let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let key = self.key.as_ref().map(|key| format!("key={}&", escaped(key))).unwrap_or_default();
        format!("{key}prefix={}&blocked={}&most={}", escaped(&self.prefix), self.blocked, self.most)
    }

    /// Reads the query of a URL; `None` if it makes no sense.
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

/// Looks.
pub async fn look(store: &dyn Store, observer: &LimitObserver, look: &Look) -> Answered {
    let found = match &look.key {
        Some(key) => show(store, &observer.counters(key)).await,
        None => {
            let most = if look.most == 0 { USUAL } else { look.most.min(MOST) };
            store.list(&Query { prefix: look.prefix.clone(), blocked: look.blocked, most }).await
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

async fn show(store: &dyn Store, counters: &[String]) -> Result<Vec<Entry>, StoreError> {
    let mut found = Vec::new();
    for counter in counters {
        found.extend(store.show(counter).await?);
    }
    Ok(found)
}

/// Changes. The answer names the keys that were changed.
pub async fn change(store: &dyn Store, observer: &LimitObserver, change: &Change) -> Answered {
    let counters = observer.counters(&change.key);
    if counters.is_empty() || counters.iter().any(|key| key.len() > LONGEST_KEY) {
        let rules = observer.rule_names().join(", ");
        let error = format!("no rule has such a key; write RULE:VALUE with one of the rules {rules}");
        return (StatusCode::NOT_FOUND, serde_json::json!({ "error": error }));
    }
    let mut changed = Vec::new();
    for counter in counters {
        let done = match change.action {
            ChangeAction::Reset => store.reset(&counter).await,
            ChangeAction::Unblock => store.unblock(&counter).await,
            ChangeAction::Block => {
                store.block(&counter, change.seconds.map(Duration::from_secs)).await.map(|()| true)
            }
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

/// What is changed by hand shows at once, wherever the counters are.
fn noted(observer: &LimitObserver, counter: &str, change: &Change) {
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

fn failed(error: &StoreError) -> Answered {
    (StatusCode::BAD_GATEWAY, serde_json::json!({ "error": format!("the store: {error}") }))
}

fn shown(Entry { key, state }: &Entry) -> Shown {
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

/// Keys in a list, unless told otherwise.
const USUAL: usize = 50;
/// Keys in a list at most.
const MOST: usize = 100_000;
