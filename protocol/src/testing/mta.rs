//! The other side of the wire: an MTA in memory, for tests, benchmarks and tools.
//!
//! [`Mta`] plays a strict MTA without I/O: it leaves out the commands that were negotiated away, knows which ones are
//! answered, treats header values as agreed, and refuses every answer that Postfix or Sendmail would refuse. A fake MTA
//! is then a loop: [`Mta::say`] a command, send the bytes, and while [`Mta::waiting`], read bytes and [`Mta::hear`]
//! actions. The order of commands is up to the caller; [`frame::put`] writes packets of any content.
//!
//! An [`Mta`] keeps no mail and executes no edits.

mod encode;
mod parse;

pub use encode::encode_command;
pub use parse::parse_action;

use bytes::{Bytes, BytesMut};

use crate::action::{Action, Modification, Verdict};
use crate::command::{Command, CommandKind};
use crate::encode::EncodeError;
use crate::frame::{self, FrameError};
use crate::macros::Stage;
use crate::negotiate::{ActionFlags, MAX_VERSION, MIN_VERSION, Negotiated, Offer, ProtocolFlags};
use crate::parse::ParseError;

/// The offer of today's Postfix and Sendmail.
pub const OFFER: Offer = Offer {
    version: MAX_VERSION,
    actions: ActionFlags::from_bits_retain(0x1ff),
    protocol: ProtocolFlags::from_bits_retain(0x1f_ffff),
};

/// A strict MTA.
#[derive(Clone, Debug)]
pub struct Mta {
    offer: Offer,
    negotiated: Option<Negotiated>,
    waiting: Option<CommandKind>,
    /// The filter has asked for no further pieces of this body.
    skipping: bool,
    /// Pieces of a new body have come.
    body_begun: bool,
}

/// Why an MTA ends the dialogue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MtaError {
    /// The stream can't be cut into packets.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A packet can't be read.
    #[error(transparent)]
    Parse(#[from] ParseError),
    /// The answer to the offer claims more than was offered.
    #[error("the filter asks for more than was offered: {0:?}")]
    Surplus(Negotiated),
    /// An action while no command waits for a reply.
    #[error("{0} without a question")]
    Unasked(&'static str),
    /// An action that is no answer to this command.
    #[error("{action} in reply to {command}")]
    Wrong {
        /// The action.
        action: &'static str,
        /// The command that waits for a reply.
        command: CommandKind,
    },
    /// An action that was not negotiated.
    #[error("{0} was not negotiated")]
    NotNegotiated(&'static str),
}

impl Mta {
    /// An MTA that makes this offer, for instance [`OFFER`].
    pub fn new(offer: Offer) -> Self {
        Self { offer, negotiated: None, waiting: None, skipping: false, body_begun: false }
    }

    /// Writes the offer.
    ///
    /// # Errors
    /// Never: an offer fits into a packet.
    pub fn offer(&mut self, out: &mut BytesMut) -> Result<(), EncodeError> {
        self.say(&Command::Negotiate(self.offer), out).map(|_| ())
    }

    /// Writes a command, unless it was negotiated away. Returns true if it was written.
    ///
    /// # Errors
    /// If the command can't be written.
    pub fn say(&mut self, command: &Command, out: &mut BytesMut) -> Result<bool, EncodeError> {
        let kind = command.kind();
        // Macros of a chunk belong to the body that is skipped.
        self.skipping &= matches!(kind, CommandKind::BodyChunk | CommandKind::Macros);
        if self.leaves_out(kind) {
            return Ok(false);
        }
        encode_command(command, self.has(ProtocolFlags::LEADING_SPACE), out)?;
        self.body_begun = false;
        if kind.is_answered(self.agreed()) {
            self.waiting = Some(kind);
        }
        Ok(true)
    }

    /// True for a command that is not sent now: it was negotiated away, is newer than the agreed version, or is a body
    /// chunk after SKIP. (Postfix and Sendmail still send the macros of such a command.)
    pub fn leaves_out(&self, kind: CommandKind) -> bool {
        let version = self.negotiated.as_ref().map_or(MAX_VERSION, |negotiated| negotiated.version);
        kind.left_out_by().is_some_and(|flag| self.has(flag))
            || (kind == CommandKind::BodyChunk && self.skipping)
            || version < kind.since()
    }

    /// The command whose final reply has not come.
    pub fn waiting(&self) -> Option<CommandKind> {
        self.waiting
    }

    /// The agreement; `None` before the answer to the offer.
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.negotiated.as_ref()
    }

    /// The macros that the filter asked for at a stage, separated by spaces; `None` if it left the choice to the MTA.
    pub fn macros_wanted(&self, stage: Stage) -> Option<&Bytes> {
        let lists = &self.negotiated.as_ref()?.macros;
        lists.iter().find_map(|(at, names)| (*at == stage).then_some(names))
    }

    /// Takes the next action off `input`; `None` if the packet has not arrived in full. Header values are returned with
    /// their leading space.
    ///
    /// # Errors
    /// If a real MTA could refuse the action.
    pub fn hear(&mut self, input: &mut BytesMut) -> Result<Option<Action>, MtaError> {
        let Some(frame) = frame::cut(input, frame::MAX_DATA_OCTETS + 1)? else {
            return Ok(None);
        };
        let action = parse_action(&frame)?;
        let command = self.waiting.ok_or(MtaError::Unasked(action.name()))?;
        self.check(&action, command)?;
        match &action {
            Action::Negotiate(answer) => self.negotiated = Some(answer.clone()),
            Action::Skip => self.skipping = true,
            Action::Modify(Modification::ReplaceBody(_)) => self.body_begun = true,
            _ => {}
        }
        if matches!(action, Action::Negotiate(_) | Action::Skip | Action::Verdict(_)) {
            self.waiting = None;
        }
        Ok(Some(self.with_space(action)))
    }

    fn check(&self, action: &Action, command: CommandKind) -> Result<(), MtaError> {
        let name = action.name();
        let wrong = Err(MtaError::Wrong { action: name, command });
        let at_end = command == CommandKind::EndOfMessage;
        match action {
            Action::Negotiate(answer) if command == CommandKind::Negotiate => self.check_answer(answer),
            Action::Negotiate(_) => wrong,
            _ if command == CommandKind::Negotiate => wrong,
            Action::Skip if command != CommandKind::BodyChunk => wrong,
            Action::Skip if !self.has(ProtocolFlags::SKIP) => Err(MtaError::NotNegotiated(name)),
            Action::Modify(_) | Action::Progress if !at_end => wrong,
            Action::Modify(Modification::ReplaceBody(_)) => self.check_edit(ActionFlags::CHANGE_BODY, name),
            Action::Modify(_) | Action::Progress if self.body_begun => wrong,
            Action::Modify(edit) => self.check_edit(edit.needs(), name),
            Action::Verdict(Verdict::Discard) if matches!(command, CommandKind::Connect | CommandKind::Helo) => wrong,
            Action::Skip | Action::Progress | Action::Verdict(_) => Ok(()),
        }
    }

    fn check_answer(&self, answer: &Negotiated) -> Result<(), MtaError> {
        let offer = self.offer.explicit();
        let fits = (MIN_VERSION..=offer.version).contains(&answer.version)
            && offer.actions.contains(answer.actions)
            && offer.protocol.contains(answer.protocol);
        match fits {
            true => Ok(()),
            false => Err(MtaError::Surplus(answer.clone())),
        }
    }

    fn check_edit(&self, needs: ActionFlags, name: &'static str) -> Result<(), MtaError> {
        let agreed = self.negotiated.as_ref().map(|negotiated| negotiated.actions);
        match agreed {
            Some(agreed) if agreed.contains(needs) => Ok(()),
            _ => Err(MtaError::NotNegotiated(name)),
        }
    }

    /// Puts back the leading space of a header value. An empty value stays empty: it deletes the field.
    fn with_space(&self, mut action: Action) -> Action {
        if let Action::Modify(
            Modification::AddHeader(field)
            | Modification::InsertHeader { field, .. }
            | Modification::ChangeHeader { field, .. },
        ) = &mut action
            && !field.value.is_empty()
            && !self.has(ProtocolFlags::LEADING_SPACE)
        {
            *field = field.clone().with_leading_space();
        }
        action
    }

    fn has(&self, flag: ProtocolFlags) -> bool {
        self.agreed().contains(flag)
    }

    fn agreed(&self) -> ProtocolFlags {
        self.negotiated.as_ref().map_or(ProtocolFlags::empty(), |negotiated| negotiated.protocol)
    }
}

#[cfg(test)]
mod tests;
