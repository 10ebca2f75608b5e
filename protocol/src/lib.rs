//! The milter wire protocol, versions 2 to 6: both sides, no I/O.
//!
//! An MTA (Postfix, Sendmail) tells a filter of every step of an SMTP session and asks what to do. This crate cuts the
//! byte stream into frames, parses them with nom without copying, checks the order of commands and replies, and writes
//! the answers. It knows no sockets, no clock, no configuration and no meaning of header fields.

pub mod action;
pub mod command;
pub mod encode;
pub mod error;
pub mod frame;
pub mod macros;
pub mod mta;
pub mod negotiate;
pub mod parse;
pub mod reply;
pub mod session;
#[cfg(feature = "testing")]
pub mod testing;

pub use action::{Action, Modification, Verdict};
pub use command::{Address, Command, CommandKind, Connect, HeaderField, Peer};
pub use error::{EncodeError, Error, FrameError, NegotiateError, ParseError, SessionError};
pub use macros::{MacroList, MacroTable, Stage};
pub use negotiate::{ActionFlags, Negotiated, Offer, ProtocolFlags, Wanted, negotiate};
pub use reply::{Reply, ReplyError};
pub use session::{Ended, Event, Limits, Received, Session, State, Tick};
