//! The milter wire protocol, versions 2 to 6: both sides, no I/O.
//!
//! An MTA (Postfix, Sendmail) tells a filter of every step of an SMTP session and asks for a verdict. This crate cuts the
//! byte stream into packets ([`frame`]), parses them without copying ([`parse`]), checks the order of commands and
//! replies ([`Session`]), and writes the answers ([`encode`]). `testing::mta` (feature `testing`) is the other side of the
//! wire, for tests and tools.
//!
//! # The loop
//!
//! The caller owns the socket and the clock, and drives one [`Session`] for each connection of an MTA:
//!
//! 1. Read bytes, and call [`Session::receive`] until it returns `None`.
//! 2. Look at [`Received::ended`] first and drop everything that belongs to it; then handle [`Received::event`].
//! 3. Answer [`Event::Negotiate`] with [`Session::accept_offer`], and every other event with exactly one verdict if
//!    [`Session::reply_due`] says so. At [`Event::EndOfMessage`], send edits before the verdict.
//! 4. Write the output, and go back to 1. At [`Session::deadline`], call [`Session::tick`] and write the output; at end
//!    of input, call [`Session::end_of_input`].
//!
//! # Quick start
//!
//! A filter that adds a header field to each message, and an MTA in memory that opens the dialogue:
//!
//! ```
//! use std::time::Instant;
//!
//! use bytes::BytesMut;
//! use postseal_protocol::testing::mta::{Mta, OFFER};
//! use postseal_protocol::{
//!     Action, ActionFlags, Command, Error, Event, HeaderField, Modification, Session, Verdict, Wanted, WireBounds,
//! };
//!
//! /// Handles the bytes that were read into `input`, and appends the bytes to write to `output`.
//! fn drive(session: &mut Session, input: &mut BytesMut, output: &mut BytesMut, now: Instant) -> Result<(), Error> {
//!     while let Some(received) = session.receive(input, now)? {
//!         if let Some(ended) = received.ended {
//!             println!("{ended:?} is over: drop its state");
//!         }
//!         if received.event == Event::Negotiate {
//!             session.accept_offer(now, output)?;
//!             continue;
//!         }
//!         if let Event::EndOfMessage(_) = received.event {
//!             let field = HeaderField::new("X-Filtered", " yes");
//!             session.send(Action::Modify(Modification::AddHeader(field)), now, output)?;
//!         }
//!         if session.reply_due() {
//!             session.send(Action::Verdict(Verdict::Continue), now, output)?;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! let now = Instant::now();
//! let wanted = Wanted { actions: ActionFlags::ADD_HEADERS, ..Wanted::default() };
//! let mut session = Session::new(wanted, WireBounds::default(), now);
//! let mut mta = Mta::new(OFFER);
//! let (mut input, mut output) = (BytesMut::new(), BytesMut::new());
//!
//! mta.say(&Command::Negotiate(OFFER), &mut input)?;
//! drive(&mut session, &mut input, &mut output, now)?;
//! assert_eq!(mta.hear(&mut output)?.map(|action| action.name()), Some("negotiate"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is left outside
//!
//! * **Sockets and clocks**: bytes and times are arguments, so the same code runs in tests, fuzzers and any runtime.
//! * **The message**: a session keeps the state of the dialogue and the macros in force, but no header field, body or
//!   recipient.
//! * **Meaning**: text is octets as the MTA sent them. No character set, mail address or header field is interpreted.
//! * **Policy**: timeouts and sizes come with [`WireBounds`]; nothing is configured, logged or counted here. Each error
//!   has a `kind` for a metric.
//! * **Answers that no MTA handles well**: `SMFIR_CONN_FAIL` and `SMFIR_SHUTDOWN` can't be expressed.

pub mod action;
pub mod command;
pub mod encode;
pub mod frame;
pub mod macros;
pub mod negotiate;
pub mod parse;
pub mod reply;
pub mod session;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use action::{Action, Modification, Verdict};
pub use command::{Address, Command, CommandKind, Connect, HeaderField, Peer};
pub use encode::EncodeError;
pub use frame::FrameError;
pub use macros::{MacroList, MacroTable, Stage};
pub use negotiate::{ActionFlags, NegotiateError, Negotiated, Offer, ProtocolFlags, Wanted, negotiate};
pub use parse::ParseError;
pub use reply::{Reply, ReplyError};
pub use session::{DialogueState, Ended, Error, Event, Received, Session, SessionError, Tick, WireBounds};
