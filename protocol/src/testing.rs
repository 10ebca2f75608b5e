//! For tests, benchmarks and tools (feature `testing`): the other side of the wire, a dialogue with a fake MTA, and the
//! fuzz targets.
//!
//! Everything here panics when an invariant is broken, so that the test fails.

mod dialogue;
mod fuzz;
pub mod mta;
mod source;

pub use dialogue::{Dialogue, any_time};
pub use fuzz::{fuzz_parse, fuzz_round_trip, fuzz_session};
pub use source::Source;
