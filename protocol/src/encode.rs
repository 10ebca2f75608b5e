//! Values to packets: [`action`] writes a filter's answers.
//!
//! It appends to a buffer, and leaves the buffer as it was if the value can't be sent. Answers are checked for everything
//! that the MTAs are known to misread.

mod action;
mod error;
pub(crate) mod packet;
pub(crate) mod text;

pub use action::action;
pub use error::EncodeError;

#[cfg(test)]
mod tests;
