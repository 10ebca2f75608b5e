//! Values to packets: [`action`] for a filter's answers, [`command`] for the MTA's commands.
//!
//! Both append to one buffer, and leave it as it was if the value can't be sent. A filter's answers are checked for
//! everything that the MTAs are known to misread. An MTA's commands are checked only for content that would break the
//! packet, because tests need odd messages.

mod action;
mod command;
mod error;
mod packet;
mod text;

pub use action::action;
pub use command::command;
pub use error::EncodeError;

#[cfg(test)]
mod tests;
