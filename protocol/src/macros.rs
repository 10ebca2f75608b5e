//! Macros: named values that the MTA sends ahead of a command (`SMFIC_MACRO`, `SMFIM_*`).
//!
//! [`MacroTable`] keeps them with the lifetimes of libmilter (engine.c): a stage's values replace those of the same
//! stage, a new stage clears the later ones, and a lookup goes from the latest stage backwards.

use bytes::Bytes;

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

/// The macros that came ahead of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroList {
    /// The command byte they belong to; any byte occurs (Postfix sends `L`, `B` and `U` too).
    pub command: u8,
    /// Names and values, in order.
    pub values: Vec<(Bytes, Bytes)>,
}
