//! What the service does about rate limits beside applying them: counts what they decide, reports breaches, and shows
//! and changes counters.

pub mod answer;
mod observer;
mod seen;

pub use observer::LimitObserver;
