//! Errors of a dialogue. An MTA can cause those that [`Error::KINDS`] lists; the others are mistakes of the caller.
//!
//! Each error has a `kind`: a short, fixed label for a metric.

use super::state::DialogueState;
use crate::command::CommandKind;
use crate::encode::EncodeError;
use crate::frame::FrameError;
use crate::negotiate::NegotiateError;
use crate::parse::ParseError;

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
    /// The MTA does not offer something that the filter needs.
    #[error(transparent)]
    Negotiate(#[from] NegotiateError),
    /// A command came out of order.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl Error {
    /// Each [`kind`](Self::kind) of error that an MTA can cause. All other kinds are mistakes of the caller.
    pub const KINDS: [&'static str; 9] = [
        "frame_empty", "frame_too_long", "unknown_command", "malformed_packet", "negotiate_version",
        "negotiate_actions", "negotiate_protocol", "unexpected_command", "too_many_macros",
    ];

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

/// A command or an action that does not fit the state of the dialogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The MTA sent a command out of order.
    #[error("unexpected command {command}: {state}")]
    Unexpected {
        /// The state of the dialogue.
        state: DialogueState,
        /// The command.
        command: CommandKind,
    },
    /// The MTA sent more macros than the bounds allow.
    #[error("{what} of macros in one packet: {count}, more than the limit of {max}")]
    Macros {
        /// `number` or `octets`.
        what: &'static str,
        /// The number that was sent.
        count: usize,
        /// The largest number that is allowed.
        max: usize,
    },
    /// The caller asked for the next command before it answered the last one.
    #[error("the reply to {0} is still due")]
    ReplyDue(CommandKind),
    /// An action that the MTA does not wait for: it asked nothing, or the reply is waived.
    #[error("{action} without a reply due: {state}")]
    NoReplyDue {
        /// The action.
        action: &'static str,
        /// The state of the dialogue.
        state: DialogueState,
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
    /// An action after a piece of the new body that is neither another piece nor the final reply. Postfix would refuse
    /// the message with "451 4.3.5" (cleanup_milter.c).
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

#[cfg(test)]
mod tests;
