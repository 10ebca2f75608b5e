//! The milter wire protocol, versions 2 to 6: both sides, no I/O.
//!
//! An MTA (Postfix, Sendmail) tells a filter of every step of an SMTP session and asks what to do. This crate cuts the
//! byte stream into packets ([`frame`]), parses them with nom without copying ([`parse`]), checks the order of commands
//! and replies ([`Session`]), and writes the answers ([`encode`]). It knows no sockets, no clock, no configuration and
//! no meaning of header fields. [`mta`] is the other side of the wire, for tests and tools.
//!
//! A filter drives a [`Session`] with bytes and times; a message that is waved through looks like this:
//!
//! ```
//! use std::time::Instant;
//!
//! use bytes::BytesMut;
//! use postseal_protocol::{Action, Error, Event, Limits, Session, Verdict, Wanted};
//!
//! /// Handles what has been read; `output` is what is to be written.
//! fn drive(session: &mut Session, input: &mut BytesMut, output: &mut BytesMut, now: Instant) -> Result<(), Error> {
//!     while let Some(received) = session.receive(input, now)? {
//!         if let Some(ended) = received.ended {
//!             println!("over: {ended:?}");
//!         }
//!         match received.event {
//!             Event::Negotiate => session.accept_offer(now, output)?,
//!             _ if session.reply_due() => session.send(Action::Verdict(Verdict::Continue), now, output)?,
//!             _ => {}
//!         }
//!     }
//!     Ok(())
//! }
//!
//! # let now = Instant::now();
//! let mut session = Session::new(Wanted::default(), Limits::default(), now);
//! let mut input = BytesMut::from(&b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"[..]);
//! let mut output = BytesMut::new();
//! drive(&mut session, &mut input, &mut output, now)?;
//! assert_eq!(&output[..], b"\0\0\0\x0dO\0\0\0\x06\0\0\0\0\0\0\0\0");
//! # Ok::<(), Error>(())
//! ```

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
