//! Why a packet can't be read.

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
    /// Data that does not follow the grammar of its command or action.
    #[error("malformed packet {:?}: expected {expected} at octet {at}", char::from(*.code))]
    Malformed {
        /// The command or action byte.
        code: u8,
        /// The part that should have been there.
        expected: &'static str,
        /// Position in the data, from 0.
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
