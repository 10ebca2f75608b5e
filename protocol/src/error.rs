//! What can go wrong, and who is to blame: the peer's bytes ([`FrameError`], [`ParseError`]), its offer
//! ([`NegotiateError`]), the order of the dialogue ([`SessionError`]), or what we want to send ([`EncodeError`]).
//!
//! Each error has a `kind`: a short, fixed label for a metric.

use crate::command::CommandKind;
use crate::negotiate::{ActionFlags, ProtocolFlags};
use crate::session::State;

/// Anything that ends a dialogue on [`receive`](crate::Session::receive).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The stream can't be cut into packets.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A packet can't be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The MTA does not offer what the filter needs.
    #[error(transparent)]
    Negotiate(#[from] NegotiateError),
    /// A command came out of order.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl Error {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Frame(error) => error.kind(),
            Self::Parse(error) => error.kind(),
            Self::Negotiate(error) => error.kind(),
            Self::Session(error) => error.kind(),
        }
    }
}

/// The stream can't be cut into packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A packet without a command byte.
    #[error("packet of length 0")]
    Empty,
    /// A packet over the limit.
    #[error("packet of length {length}, more than the limit of {limit}")]
    TooLong {
        /// The length field.
        length: u32,
        /// What is allowed.
        limit: usize,
    },
}

impl FrameError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "frame_empty",
            Self::TooLong { .. } => "frame_too_long",
        }
    }
}

/// A packet can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// A command byte that does not exist.
    #[error("unknown command {:?}", char::from(*.0))]
    UnknownCommand(u8),
    /// An action byte that does not exist.
    #[error("unknown action {:?}", char::from(*.0))]
    UnknownAction(u8),
    /// A payload that does not follow its grammar.
    #[error("malformed packet {:?}: expected {expected} at octet {at}", char::from(*.code))]
    Malformed {
        /// The command or action byte.
        code: u8,
        /// What should have been there.
        expected: &'static str,
        /// Where in the data, from 0.
        at: usize,
    },
}

impl ParseError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::UnknownCommand(_) => "unknown_command",
            Self::UnknownAction(_) => "unknown_action",
            Self::Malformed { .. } => "malformed_packet",
        }
    }
}

/// The MTA does not offer what the filter needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiateError {
    /// A protocol older than version 2.
    #[error("the MTA speaks milter protocol version {0}; 2 is the oldest that is supported")]
    Version(u32),
    /// Edits that the MTA can't do.
    #[error("the MTA does not offer the actions {}", names(.0.iter_names().map(|(name, _)| name), .0.bits()))]
    Actions(ActionFlags),
    /// Abilities that the MTA lacks.
    #[error("the MTA does not offer the protocol steps {}", names(.0.iter_names().map(|(name, _)| name), .0.bits()))]
    Protocol(ProtocolFlags),
}

impl NegotiateError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Version(_) => "negotiate_version",
            Self::Actions(_) => "negotiate_actions",
            Self::Protocol(_) => "negotiate_protocol",
        }
    }
}

/// Names of flags, with the bits for those who read MTA logs.
fn names<'a>(names: impl Iterator<Item = &'a str>, bits: u32) -> String {
    let names: Vec<&str> = names.collect();
    format!("{} (0x{bits:x})", names.join(", "))
}

/// A command or an action that does not fit the state of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The MTA sent a command out of order.
    #[error("unexpected command {command}: {state}")]
    Unexpected {
        /// Where the dialogue stands.
        state: State,
        /// The command.
        command: CommandKind,
    },
    /// The MTA sent more macros than the limits allow.
    #[error("{what} of macros in one packet: {count}, more than the limit of {limit}")]
    Macros {
        /// What there is too much of.
        what: &'static str,
        /// How much was sent.
        count: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The next command was asked for before the last one was answered.
    #[error("the reply to {0} is still due")]
    ReplyDue(CommandKind),
    /// An action that nobody waits for: nothing was asked, or the reply is waived.
    #[error("{action} without a reply due: {state}")]
    NoReplyDue {
        /// The action.
        action: &'static str,
        /// Where the dialogue stands.
        state: State,
    },
    /// An action that is no answer to this command.
    #[error("{action} is not allowed in reply to {command}")]
    NotAllowed {
        /// The action.
        action: &'static str,
        /// The command that waits for a reply.
        command: CommandKind,
    },
    /// An action that was not negotiated.
    #[error("{action} was not negotiated")]
    NotNegotiated {
        /// The action.
        action: &'static str,
    },
    /// Something else than a piece of the body or the final reply, behind a piece of the body. Postfix would answer
    /// with "451 4.3.5" (cleanup_milter.c).
    #[error("{action} behind a piece of the new body")]
    BehindBody {
        /// The action.
        action: &'static str,
    },
    /// An action whose content can't be sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl SessionError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unexpected { .. } => "unexpected_command",
            Self::Macros { .. } => "too_many_macros",
            Self::ReplyDue(_) => "reply_due",
            Self::NoReplyDue { .. } => "no_reply_due",
            Self::NotAllowed { .. } => "action_not_allowed",
            Self::NotNegotiated { .. } => "action_not_negotiated",
            Self::BehindBody { .. } => "action_behind_body",
            Self::Encode(error) => error.kind(),
        }
    }
}

/// Content that can't be sent: an MTA would misread it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// More data than a packet holds.
    #[error("{what} of {length} octets, more than the {max} of a packet", max = crate::frame::MAX_DATA)]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// Octets of data.
        length: usize,
    },
    /// An octet that the item can't contain.
    #[error("{what} with octet 0x{octet:02x}")]
    Octet {
        /// What contains it.
        what: &'static str,
        /// The octet.
        octet: u8,
    },
    /// A line break in a header value that is not followed by white space: the rest would become a field of its own.
    #[error("header value with a line break that is no fold")]
    NotAFold,
    /// Nothing where something must be.
    #[error("empty {0}")]
    Empty(&'static str),
    /// Occurrences of a field are counted from 1; both MTAs take 0 for 1.
    #[error("header occurrence 0: they are counted from 1")]
    Occurrence,
}

impl EncodeError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "encode_too_long",
            Self::Octet { .. } => "encode_octet",
            Self::NotAFold => "encode_not_a_fold",
            Self::Empty(_) => "encode_empty",
            Self::Occurrence => "encode_occurrence",
        }
    }
}
