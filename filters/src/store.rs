//! State that outlives a message: how much of each limit is used, and which keys are blocked.
//!
//! A [`Store`] is asked once for all limits of a step ([`Store::admit`]) and decides about all of them together. It
//! charges a cost in the moment in which it admits it; a cost that is not used after all is given back. The
//! arithmetic is in [`window`] and [`state`], without a clock and without I/O. Every store computes the same:
//! `testing::store_contract` is the table of cases that each of them must pass. [`memory::MemoryStore`] is the
//! store for one process.

mod fullest;
pub mod memory;
pub mod state;
pub mod window;

use std::time::Duration;

use async_trait::async_trait;

pub use fullest::Fullest;
pub use memory::MemoryStore;
pub use state::KeyState;

/// Limits that one key may have.
pub const MAX_LIMITS_PER_KEY: usize = 4;
/// Octets that a key may have.
pub const MAX_KEY_OCTETS: usize = 200;
/// The time in milliseconds at which a block without an end "ends".
pub const FOR_EVER: u64 = 1 << 52;

/// A limit: at most `quota` units in any time of `width` milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The length in milliseconds.
    pub width: u64,
    /// The units.
    pub quota: u64,
}

/// A question to a store: may this key use `cost` more units?
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The key, at most [`MAX_KEY_OCTETS`] octets.
    pub key: &'a str,
    /// The limits, at least one and at most [`MAX_LIMITS_PER_KEY`], each with a length of its own.
    pub limits: &'a [Limit],
    /// The units. 0 asks whether one unit would fit, and charges nothing.
    pub cost: u64,
    /// Milliseconds for which the first breach blocks the key; 0 for no block.
    pub block: u64,
    /// True if a refusal of this request keeps the other requests of the call from being charged.
    pub binding: bool,
}

/// The answer to a [`Request`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// The decision.
    pub verdict: Standing,
    /// True if the cost was charged: it was within its limits, and no binding request of the call was refused.
    pub charged: bool,
    /// If refused: milliseconds until the cost would be admitted; `None` if never.
    pub wait: Option<u64>,
    /// If over: the index of the limit that has to be waited for longest. If within: the index of the limit of which
    /// the largest share is used.
    pub limit: usize,
    /// Units of that limit that were used before the request.
    pub used: u64,
    /// If over: true if it is the first time, or if a whole window has passed since the last time.
    pub first: bool,
    /// The store's time in milliseconds. A [`Return`] names the charge by it.
    pub at: u64,
    /// The number of the store that has charged the cost, where a store consists of several.
    pub by: u8,
}

/// How a [`Request`] was decided.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// Within every limit.
    #[default]
    Within,
    /// Over a limit.
    Over,
    /// The key is blocked.
    Blocked,
}

/// A charge that is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The key.
    pub key: String,
    /// The units.
    pub cost: u64,
    /// [`Admission::at`]; the earliest, if several charges of one key are given back together.
    pub at: u64,
    /// [`Admission::by`].
    pub by: u8,
}

/// A key and its state, for display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyListing {
    /// The key.
    pub key: String,
    /// Its state now.
    pub state: KeyState,
}

/// The keys to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The text that their names begin with.
    pub prefix: String,
    /// True for blocked keys only.
    pub blocked: bool,
    /// The largest number of keys to list.
    pub most: usize,
}

/// Why a store gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// The store can't be reached at the moment.
    #[error("{0}")]
    Unavailable(String),
    /// The store's answer can't be understood.
    #[error("{0}")]
    Answer(String),
    /// The store refuses the call.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    /// The word for metrics and reasons.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            Self::Unavailable(_) => "unavailable",
            Self::Answer(_) => "answer",
            Self::Refused(_) => "refused",
        }
    }
}

/// The number of keys in a store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Keys that the store holds.
    pub keys: u64,
    /// Keys that are blocked.
    pub blocked: u64,
    /// Keys that were forgotten since the start because the store was full.
    pub evicted: u64,
}

/// A store of counters.
#[async_trait]
pub trait Store: Send + Sync {
    /// The word for metrics, such as `memory`.
    fn kind(&self) -> &'static str;

    /// Decides about all requests together, as [`state::decide`] does. Returns one answer for each request, in order.
    /// The call is atomic for each key; the keys of a call are all different.
    async fn admit(&self, requests: &[Request<'_>]) -> Result<Vec<Admission>, StoreError>;

    /// Gives back charges that were not used after all.
    async fn give_back(&self, returns: Vec<Return>) -> Result<(), StoreError>;

    /// As [`give_back`](Self::give_back), but returns at once, for callers that can't await (such as `Drop`). Best
    /// effort: the charges may stay.
    fn give_back_later(&self, returns: Vec<Return>);

    /// The keys that the query asks for: blocked ones first, then by the share of their limits that is used.
    async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError>;

    /// One key.
    async fn show(&self, key: &str) -> Result<Option<KeyListing>, StoreError>;

    /// Forgets the state of a key and its block; false if the key was unknown.
    async fn reset(&self, key: &str) -> Result<bool, StoreError>;

    /// Refuses every request for a key for a time, or, without a time, until the key is unblocked.
    async fn block(&self, key: &str, time: Option<Duration>) -> Result<(), StoreError>;

    /// Ends a block; false if the key was not blocked.
    async fn unblock(&self, key: &str) -> Result<bool, StoreError>;

    /// The number of keys; `None` if counting them would be expensive.
    fn stats(&self) -> Option<Stats>;

    /// The counters themselves, if they are in this process, where a look at one costs nothing.
    fn local(&self) -> Option<&MemoryStore> {
        None
    }

    /// Writes changes that are not on disk yet; called when the service ends. Blocks until they are written.
    fn close(&self) {}
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
