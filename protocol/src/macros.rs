//! Macros: named values that the MTA sends ahead of a command (`SMFIC_MACRO`, `SMFIM_*`).
//!
//! [`MacroTable`] keeps them with the lifetimes of libmilter (engine.c): the values of a stage replace older ones of the
//! same stage, a new stage clears the later ones, and a lookup goes from the latest stage backwards. Unlike libmilter,
//! the table also clears the values of a message when the message ends.

use bytes::Bytes;

mod stage;
mod table;

pub use stage::Stage;
pub use table::MacroTable;

/// The macros of one packet, sent ahead of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MacroList {
    /// The byte of the command that they belong to. Any byte occurs: Postfix sends `L`, `B` and `U` too.
    pub command: u8,
    /// Names and values, in order.
    pub values: Vec<(Bytes, Bytes)>,
}

#[cfg(test)]
mod tests;
