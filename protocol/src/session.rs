//! One milter dialogue, seen from the filter: commands in, events out, actions checked and written.
//!
//! Sans I/O: bytes and time are arguments. [`Session::receive`] takes the next command off a buffer, checks that it may
//! come now, keeps the macros, and hands out an event; [`Session::send`] writes one action if it is allowed now. What
//! the MTAs do differently ends here: ABORT after each message (Postfix) or never (Sendmail), macros for steps that are
//! not sent, header values with or without their leading space.
//!
//! To drive it:
//! 1. read bytes, and call `receive` until it returns `None`;
//! 2. `ended` says what is over since the last event: reset it before looking at `event`;
//! 3. answer [`Event::Negotiate`] with [`Session::accept_offer`], and every other event with exactly one verdict if
//!    [`Session::reply_due`] says so (edits go before the verdict, at end of message);
//! 4. a final reply that ends the message ends it at once: [`Session::in_message`] is false from then on, its macros are
//!    gone, and no `ended` follows for it;
//! 5. at [`Session::deadline`], call [`Session::tick`]; at end of input, [`Session::end_of_input`].
//!
//! An error of `receive` is final: the dialogue is out of step, and all that is left is to close the connection. The MTA
//! then does what it is configured to do without a filter.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::command::{Address, CommandKind, Connect, HeaderField};
use crate::frame;
use crate::macros::{MacroTable, Stage};
use crate::negotiate::{Negotiated, ProtocolFlags, Wanted};

mod receive;
mod send;
mod state;
mod time;

pub use state::State;
pub use time::Tick;

/// One milter dialogue.
#[derive(Debug)]
pub struct Session {
    state: State,
    limits: Limits,
    /// Until the offer has come.
    wanted: Option<Box<Wanted>>,
    negotiated: Option<Negotiated>,
    macros: MacroTable,
    /// The command that waits for a reply.
    due: Option<CommandKind>,
    /// The reply that is due means nothing to the MTA.
    reply_ignored: bool,
    /// A piece of the new body has been sent.
    body_begun: bool,
    /// When the last command came or the last reply went.
    last_activity: Instant,
    /// When the MTA last heard that we are at work on the end of the message.
    last_progress: Instant,
}

/// Bounds on what an MTA may send, and times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest length field of a packet; default 1 MiB and 1, what MTAs send at most.
    pub frame: usize,
    /// Most macros of one stage; default 256 (Sendmail sends up to 50).
    pub macros: usize,
    /// Most octets of a stage's macros; default 65,535.
    pub macro_octets: usize,
    /// Without a command for this long, the connection is given up; default 7,210 s as in libmilter.
    pub idle: Duration,
    /// At end of message, the MTA is told this often that we are still at work; default 5 s, half of what Sendmail waits.
    pub progress: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame: frame::DEFAULT_LIMIT,
            macros: 256,
            macro_octets: frame::MAX_DATA,
            idle: Duration::from_secs(7_210),
            progress: Duration::from_secs(5),
        }
    }
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Received {
    /// What was open before and is over now, without a final reply of ours.
    pub ended: Option<Ended>,
    /// What has happened.
    pub event: Event,
}

/// What is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// The message.
    Message,
    /// The SMTP connection, and the message if one was open.
    Connection,
}

/// What has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Macros came; [`Session::macros`] has them. Nothing to do.
    Macros,
    /// The MTA has made an offer that suits us: call [`Session::accept_offer`].
    Negotiate,
    /// An SMTP client has connected.
    Connect(Connect),
    /// HELO or EHLO. May come again at any time, and ends an open message.
    Helo(Bytes),
    /// MAIL: a message begins.
    Mail(Address),
    /// RCPT.
    Rcpt(Address),
    /// RCPT that the MTA itself has refused (needs [`ProtocolFlags::REJECTED_RECIPIENTS`] and the macro
    /// `{rcpt_mailer}`). A reply is due as for any other, but means nothing.
    RejectedRcpt(Address),
    /// DATA. May come again if somebody refused it.
    Data,
    /// A header field; the value always has its leading white space.
    Header(HeaderField),
    /// The header section is complete.
    EndOfHeaders,
    /// A piece of the body, cut anywhere.
    BodyChunk(Bytes),
    /// The message is complete, with a last piece of the body where the MTA chose to send one here. Edits are allowed
    /// until the final reply.
    EndOfMessage(Option<Bytes>),
    /// The message is over, if one was open: see `ended`. Nothing to do beyond that.
    Abort,
    /// An SMTP command that the MTA does not know.
    Unknown(Bytes),
    /// The SMTP connection is over, another one follows on this milter connection.
    QuitNewConnection,
    /// The MTA closes the milter connection.
    Quit,
}

impl Session {
    /// A dialogue that is about to begin.
    pub fn new(wanted: Wanted, limits: Limits, now: Instant) -> Self {
        Self {
            state: State::Start,
            limits,
            wanted: Some(Box::new(wanted)),
            negotiated: None,
            macros: MacroTable::default(),
            due: None,
            reply_ignored: false,
            body_begun: false,
            last_activity: now,
            last_progress: now,
        }
    }

    /// End of input: what was open is over.
    pub fn end_of_input(&mut self) -> Option<Ended> {
        let ended = self.open();
        self.state = State::Closed;
        self.due = None;
        self.macros.clear_from(Stage::Connect);
        ended
    }

    /// The macros that hold now.
    pub fn macros(&self) -> &MacroTable {
        &self.macros
    }

    /// What was agreed on; `None` before the offer. The macro lists are dropped once they are sent.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
    }

    /// True if the MTA waits: exactly one final reply is owed now.
    pub fn reply_due(&self) -> bool {
        self.due.is_some()
    }

    /// True from MAIL until the message is over: final reply, abort, or the next message.
    pub fn in_message(&self) -> bool {
        self.state.in_message()
    }

    /// Where the dialogue stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// What would be over if the connection broke now.
    fn open(&self) -> Option<Ended> {
        self.state.in_connection().then_some(Ended::Connection)
    }

    fn agreed(&self) -> ProtocolFlags {
        self.negotiated.as_ref().map_or(ProtocolFlags::empty(), |negotiated| negotiated.protocol)
    }

    /// Back to between messages.
    fn end_message(&mut self) {
        self.state = State::Connected;
        self.macros.clear_from(Stage::Mail);
    }
}

#[cfg(test)]
mod tests;
