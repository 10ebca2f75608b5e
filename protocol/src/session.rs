//! One milter dialogue, seen from the filter: commands in, events out, actions checked and written.
//!
//! Bytes and time are arguments. [`Session::receive`] takes the next command off a buffer, checks that it may come now,
//! keeps the macros, and returns an event; [`Session::send`] writes one action if it is allowed now. The caller sees no
//! difference between MTAs: ABORT after each message (Postfix) or never (Sendmail), macros for steps that are not sent,
//! header values with or without their leading space.
//!
//! The crate's front page shows the loop that drives a session. Two details beyond it:
//!
//! * A final reply that ends the message ends it at once: [`Session::in_message`] is false from then on, the message's
//!   macros are gone, and no [`Received::ended`] follows for it.
//! * An error of `receive` is final: the dialogue is out of step, and the caller can only close the connection. The MTA
//!   then acts as configured for a filter that fails.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::command::{Address, CommandKind, Connect, HeaderField};
use crate::frame;
use crate::macros::{MacroTable, Stage};
use crate::negotiate::{Negotiated, ProtocolFlags, Wanted};

mod error;
mod receive;
mod send;
mod state;
mod time;

pub use error::{Error, SessionError};
pub use state::DialogueState;

/// One milter dialogue.
#[derive(Debug)]
pub struct Session {
    state: DialogueState,
    bounds: WireBounds,
    /// `None` once the offer has come.
    wanted: Option<Box<Wanted>>,
    negotiated: Option<Negotiated>,
    macros: MacroTable,
    /// The command that waits for a reply.
    due: Option<CommandKind>,
    /// The MTA ignores the reply that is due.
    reply_ignored: bool,
    /// A piece of the new body has been sent.
    body_begun: bool,
    /// Time of the last command or reply.
    last_activity: Instant,
    /// Time at which the MTA last heard of work on the end of the message.
    last_progress: Instant,
}

/// Bounds on the packets of an MTA, and on times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireBounds {
    /// Largest length field of a packet; default 1 MiB and 1, the largest that an MTA sends.
    pub frame: usize,
    /// Largest number of macros of one stage; default 256 (Sendmail sends up to 50).
    pub macros: usize,
    /// Largest number of octets of a stage's macros; default 65,535.
    pub macro_octets: usize,
    /// Without a command for this long, the session is [`Tick::Idle`]; default 7,210 s as in libmilter.
    pub idle: Duration,
    /// At end of message, the MTA is told this often that work goes on; default 5 s, half of the time that Sendmail
    /// waits.
    pub progress: Duration,
}

impl Default for WireBounds {
    fn default() -> Self {
        Self {
            frame: frame::MAX_RECEIVED_OCTETS,
            macros: 256,
            macro_octets: frame::MAX_DATA_OCTETS,
            idle: Duration::from_secs(7_210),
            progress: Duration::from_secs(5),
        }
    }
}

/// The result of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Received {
    /// The message or connection that was open and is over now, without a final reply by this filter.
    pub ended: Option<Ended>,
    /// The command, as the filter should see it.
    pub event: Event,
}

/// The part of an SMTP session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// The message.
    Message,
    /// The SMTP connection, and the message if one was open.
    Connection,
}

/// A command, as the filter should see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Macros came; [`Session::macros`] has them. The filter need not act.
    Macros,
    /// The MTA's offer has everything that the filter needs: call [`Session::accept_offer`].
    Negotiate,
    /// An SMTP client has connected.
    Connect(Connect),
    /// HELO or EHLO. It may come again at any time, and ends an open message.
    Helo(Bytes),
    /// MAIL: a message begins.
    Mail(Address),
    /// RCPT.
    Rcpt(Address),
    /// RCPT that the MTA itself has refused (needs [`ProtocolFlags::REJECTED_RECIPIENTS`] and the macro
    /// `{rcpt_mailer}`). A reply is due as for any other recipient, but the MTA ignores it.
    RejectedRcpt(Address),
    /// DATA. It may come again if a filter or the MTA refused it.
    Data,
    /// A header field; the value always has its leading white space.
    Header(HeaderField),
    /// The header section is complete.
    EndOfHeaders,
    /// A piece of the body, cut anywhere.
    BodyChunk(Bytes),
    /// The message is complete, with a last piece of the body if the MTA sends one here. Edits are allowed until the
    /// final reply.
    EndOfMessage(Option<Bytes>),
    /// The message is over, if one was open: [`Received::ended`] tells. The filter need not act beyond that.
    Abort,
    /// An SMTP command that the MTA does not know.
    Unknown(Bytes),
    /// The SMTP connection is over, another one follows on this milter connection.
    QuitNewConnection,
    /// The MTA closes the milter connection.
    Quit,
}

/// The result of [`Session::tick`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Tick {
    /// Nothing is to be done yet.
    Waiting,
    /// "Still working" has been written to the buffer: send it.
    Progress,
    /// Neither side has said anything for too long: close the connection.
    Idle,
}

impl Session {
    /// A dialogue that is about to begin.
    pub fn new(wanted: Wanted, bounds: WireBounds, now: Instant) -> Self {
        Self {
            state: DialogueState::Start,
            bounds,
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

    /// Ends the dialogue at end of input, and returns what was open.
    pub fn end_of_input(&mut self) -> Option<Ended> {
        let ended = self.open();
        self.state = DialogueState::Closed;
        self.due = None;
        self.macros.clear_from(Stage::Connect);
        ended
    }

    /// The macros that are in force now.
    pub fn macros(&self) -> &MacroTable {
        &self.macros
    }

    /// The agreement with the MTA; `None` before the offer. Its macro lists are dropped once they are sent.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
    }

    /// True if the MTA waits: exactly one final reply is due now.
    pub fn reply_due(&self) -> bool {
        self.due.is_some()
    }

    /// True from MAIL until the message is over: final reply, abort, or the next message.
    pub fn in_message(&self) -> bool {
        self.state.in_message()
    }

    /// The state of the dialogue.
    pub fn state(&self) -> DialogueState {
        self.state
    }

    /// The SMTP connection, if one is open.
    fn open(&self) -> Option<Ended> {
        self.state.in_connection().then_some(Ended::Connection)
    }

    fn agreed(&self) -> ProtocolFlags {
        self.negotiated.as_ref().map_or(ProtocolFlags::empty(), |negotiated| negotiated.protocol)
    }

    /// Ends the message: the SMTP connection goes on without one.
    fn end_message(&mut self) {
        self.state = DialogueState::Connected;
        self.macros.clear_from(Stage::Mail);
    }
}

#[cfg(test)]
mod tests;
