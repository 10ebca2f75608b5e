//! State that outlives a message: how much of a limit is used, and small values that are remembered for a time.
//!
//! A [`Store`] is asked once for all limits of a step ([`Store::admit`]) and decides for all of them together. What it
//! admits is charged at once; who then does not use it gives it back. The arithmetic is [`window`] and [`state`],
//! without a clock and without I/O: every store computes the same, and `contract` (feature `testing`) is the table of
//! cases that proves it. [`memory::MemoryStore`] is the store for one process.

#[cfg(any(test, feature = "testing"))]
pub mod contract;
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
/// When a block without an end ends, in milliseconds.
pub const FOR_EVER: u64 = 1 << 52;

/// At most so many units in any time of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limit {
    /// The length in milliseconds.
    pub width: u64,
    /// The units.
    pub quota: u64,
}

/// A question to a store: may the owner of this key use so much?
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whose use it is, at most [`MAX_KEY_OCTETS`] octets.
    pub key: &'a str,
    /// The limits, at least one and at most [`MAX_LIMITS_PER_KEY`], each with a length of its own.
    pub limits: &'a [Limit],
    /// The units. With 0 it is asked whether one would fit, and nothing is charged.
    pub cost: u64,
    /// For how many milliseconds the key is blocked by the first breach; 0 for not at all.
    pub block: u64,
    /// Whether a refusal stands in the way of the other requests of the call.
    pub binding: bool,
}

/// The answer to a [`Request`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Admission {
    /// Yes or no.
    pub verdict: Standing,
    /// Whether the cost was charged: it was within its limits, and no binding request of the call was refused.
    pub charged: bool,
    /// If refused, milliseconds until it would be admitted; `None` if never.
    pub wait: Option<u64>,
    /// If over: the index of the limit that takes longest. If within: of the one nearest to its end.
    pub limit: usize,
    /// Units of that limit that were used before.
    pub used: u64,
    /// If over: true for the first time, and again after a whole window without.
    pub first: bool,
    /// The store's time in milliseconds; names the charge when it is given back.
    pub at: u64,
    /// Which store has charged it, where there are several.
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

/// Something charged and not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The key.
    pub key: String,
    /// The units.
    pub cost: u64,
    /// [`Admission::at`]; for several charges of one key the earliest.
    pub at: u64,
    /// [`Admission::by`].
    pub by: u8,
}

/// A key as people look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyListing {
    /// The key.
    pub key: String,
    /// Its state now.
    pub state: KeyState,
}

/// Which keys to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// What they begin with.
    pub prefix: String,
    /// Whether only those that are blocked.
    pub blocked: bool,
    /// How many at most.
    pub most: usize,
}

/// Why a store gives no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    /// It can't be reached, or not at the moment.
    #[error("{0}")]
    Unavailable(String),
    /// It answers what can't be understood.
    #[error("{0}")]
    Answer(String),
    /// It refuses to do what it is asked.
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

/// How full a store is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Keys it holds.
    pub keys: u64,
    /// Keys that are blocked.
    pub blocked: u64,
    /// Keys that had to go since the start, because there were too many.
    pub evicted: u64,
}

/// A store of counters.
#[async_trait]
pub trait Store: Send + Sync {
    /// The word for metrics, such as `memory`.
    fn kind(&self) -> &'static str;

    /// Decides about all requests together, as [`state::decide`] does: one answer each, in order. Atomic for each key; no
    /// key stands in two requests of a call.
    async fn admit(&self, requests: &[Request<'_>]) -> Result<Vec<Admission>, StoreError>;

    /// Gives back what was charged and not used.
    async fn give_back(&self, returns: Vec<Return>) -> Result<(), StoreError>;

    /// The same for those who can't wait; as well as it can be done.
    fn give_back_later(&self, returns: Vec<Return>);

    /// The keys that are asked for, those that have used most of their limits first.
    async fn list(&self, query: &Query) -> Result<Vec<KeyListing>, StoreError>;

    /// One key.
    async fn show(&self, key: &str) -> Result<Option<KeyListing>, StoreError>;

    /// Forgets all about a key, blocks included; false if nothing was known.
    async fn reset(&self, key: &str) -> Result<bool, StoreError>;

    /// Refuses everything of a key for a time, or until it is unblocked.
    async fn block(&self, key: &str, time: Option<Duration>) -> Result<(), StoreError>;

    /// Ends a block; false if there was none.
    async fn unblock(&self, key: &str) -> Result<bool, StoreError>;

    /// How full it is; nothing where that would be dear to know.
    fn stats(&self) -> Option<Stats>;

    /// The counters themselves, where they are in this process and looking at one costs nothing.
    fn local(&self) -> Option<&MemoryStore> {
        None
    }

    /// The service ends: writes what is still to be written. Blocks for as long as that takes.
    fn close(&self) {}
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
