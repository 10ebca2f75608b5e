//! What postseal does to a message.
//!
//! A [`Pipeline`] is the ordered list of configured [`Filter`]s of one listener. It says what of the SMTP dialogue its
//! filters need, and the MTA is asked for nothing else. For each milter connection it starts a [`PipelineSession`],
//! which takes one message after the other through the filters: envelope and header fields as they come, the body in
//! pieces, edits collected in a [`Message`], and a verdict at the end.
//!
//! No sockets, no runtime, no configuration files: time comes as [`Clock`], settings as values. To write a filter,
//! see [`filter`]; to test one, [`testing`].

pub mod byte_size;
pub mod clock;
pub mod connection;
pub mod dkim;
pub mod duration;
pub mod filter;
pub mod header_checks;
pub mod mail;
pub mod message;
pub mod network;
mod one_or_many;
mod own_mail;
pub mod pipeline;
pub mod problem;
pub mod rate_limit;
mod refusal;
pub mod refuse_on;
pub mod report;
pub mod sender;
pub mod store;
pub mod submitter;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod text_serde;
pub mod visible;

pub use byte_size::ByteSize;
pub use clock::Clock;
pub use connection::{ClientConnection, Direction, Directions, MtaKind, Origin, OriginPolicy, Role};
pub use filter::{BodyNeed, Context, Filter, FilterError, FilterSession, Flow, Needs, Steps};
pub use message::{Body, EditNote, EditOp, Message, MessageEnd};
pub use pipeline::{
    Decision, MessageBounds, OnError, Pipeline, PipelineEntry, PipelineSession, PipelineSettings, Record,
};
pub use problem::{Problem, Problems, Severity};
pub use refuse_on::RefuseOn;
pub use report::{Alignment, AlignmentMode, CheckNote, FilterFailure, Reason, Remark, Report, SignatureNote};
pub use submitter::{Submitter, Who};
pub use visible::visible;
