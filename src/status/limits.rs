//! The keys that are near their limits or blocked, and the store that counts.

use std::time::Duration;

use postseal_filters::store::FOR_EVER;
use postseal_filters::{Clock as _, duration};
use serde::{Deserialize, Serialize};

use crate::clock::SystemClock;
use crate::metrics::Snapshot;
use crate::services::Services;

/// Keys that are shown near their limits.
const MAX_SHOWN_KEYS: usize = 10;

/// The state of limits, as far as it is known without asking a remote store.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Standing {
    /// The keys that have used most of a limit.
    pub(crate) nearest: Vec<Nearest>,
    pub(crate) blocked: Vec<Blocked>,
    /// `None` if nothing is limited.
    pub(crate) store: Option<StoreStatus>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Nearest {
    pub(crate) key: String,
    pub(crate) used: u64,
    pub(crate) quota: u64,
    /// Such as `1h`.
    pub(crate) window: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Blocked {
    pub(crate) key: String,
    /// The rest of the block; `None` for a block without an end.
    pub(crate) seconds: Option<u64>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct StoreStatus {
    /// The kind of store, as in metrics.
    pub(crate) kind: String,
    /// True if a server of the store fails and is left alone.
    pub(crate) open: bool,
    /// The state in words.
    pub(crate) text: String,
}

impl Standing {
    pub(super) fn of(services: &Services, snapshot: &Snapshot) -> Self {
        let Some(store) = services.store.opened() else { return Self::default() };
        let now = SystemClock.steady_millis();
        let mut standing = Self { store: Some(StoreStatus::of(store.kind(), snapshot)), ..Self::default() };
        for (key, near) in services.limits.nearest(&**store, now) {
            if near.blocked_until > now {
                let left = || (near.blocked_until - now).div_ceil(1000);
                let seconds = (near.blocked_until < FOR_EVER).then(left);
                standing.blocked.push(Blocked { key, seconds });
            } else if let Some(limit) = near.limit {
                let window = duration::show(Duration::from_millis(limit.width));
                standing.nearest.push(Nearest { key, used: near.used, quota: limit.quota, window });
            }
        }
        standing.nearest.truncate(MAX_SHOWN_KEYS);
        standing
    }
}

impl StoreStatus {
    fn of(kind: &str, snapshot: &Snapshot) -> Self {
        let breakers = snapshot.all("postseal_store_breakers_open");
        let failing: f64 = breakers.filter(|sample| sample.label("store") == kind).map(|sample| sample.value).sum();
        let open = failing > 0.0;
        let text = match kind {
            "memory" => "in memory: counters are gone after a restart".to_owned(),
            "file" => "in memory, and in a file".to_owned(),
            _ if open => format!("{kind}: {failing} not answering, store.on_error decides"),
            _ => format!("{kind}: answers"),
        };
        Self { kind: kind.to_owned(), open, text }
    }
}
