//! Macros: named values that the MTA sends ahead of a command (`SMFIC_MACRO`, `SMFIM_*`).
//!
//! [`MacroTable`] keeps them with lifetimes as in libmilter (engine.c): a stage's values replace those of the same
//! stage, a new stage clears the later ones, and a lookup goes from the latest stage backwards. Beyond that, the end of
//! a message clears what belongs to it.

use bytes::Bytes;

use crate::command::CommandKind;

mod table;

pub use table::MacroTable;

/// The stages that macros belong to, in the order in which they happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// CONNECT.
    Connect,
    /// HELO or EHLO.
    Helo,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// End of the header section.
    EndOfHeaders,
    /// End of the message.
    EndOfMessage,
}

impl Stage {
    /// All stages, in order.
    pub const ALL: [Self; 7] = [
        Self::Connect,
        Self::Helo,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::EndOfHeaders,
        Self::EndOfMessage,
    ];

    /// The number that stands for the stage in a macro request. The wire has EOM before EOH (mfapi.h `SMFIM_*`).
    pub fn wire_number(self) -> u32 {
        match self {
            Self::Connect => 0,
            Self::Helo => 1,
            Self::Mail => 2,
            Self::Rcpt => 3,
            Self::Data => 4,
            Self::EndOfMessage => 5,
            Self::EndOfHeaders => 6,
        }
    }
}

impl Stage {
    /// The stage that a number in a macro request stands for.
    pub fn from_wire_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.wire_number() == number)
    }

    /// The stage of a command; none for those that have no macros of their own.
    pub fn of(command: CommandKind) -> Option<Self> {
        match command {
            CommandKind::Connect => Some(Self::Connect),
            CommandKind::Helo => Some(Self::Helo),
            CommandKind::Mail => Some(Self::Mail),
            CommandKind::Rcpt => Some(Self::Rcpt),
            CommandKind::Data => Some(Self::Data),
            CommandKind::EndOfHeaders => Some(Self::EndOfHeaders),
            CommandKind::EndOfMessage => Some(Self::EndOfMessage),
            _ => None,
        }
    }
}

/// The macros that came ahead of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroList {
    /// The command byte they belong to; any byte occurs (Postfix sends `L`, `B` and `U` too).
    pub command: u8,
    /// Names and values, in order.
    pub values: Vec<(Bytes, Bytes)>,
}

#[cfg(test)]
mod tests;
