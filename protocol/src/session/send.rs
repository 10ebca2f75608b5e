//! Actions of the filter: checked against state and negotiation, then written.

use std::time::Instant;

use bytes::BytesMut;

use super::{Session, State};
use crate::action::{Action, Verdict};
use crate::command::CommandKind;
use crate::encode;
use crate::error::SessionError;
use crate::negotiate::ProtocolFlags;

impl Session {
    /// Answers the offer: writes what was agreed on.
    ///
    /// # Errors
    /// If no offer waits for an answer, or the macro lists can't be sent.
    pub fn accept_offer(&mut self, now: Instant, out: &mut BytesMut) -> Result<(), SessionError> {
        let Some(negotiated) = self.negotiated.as_mut().filter(|_| self.state == State::Offered) else {
            return Err(SessionError::NoReplyDue { action: "negotiate", state: self.state });
        };
        let answer = Action::Negotiate(negotiated.clone());
        encode::action(&answer, true, out)?;
        negotiated.macros = Vec::new();
        self.state = State::Negotiated;
        self.due = None;
        self.last_activity = now;
        Ok(())
    }

    /// Writes one action, if it is allowed now.
    ///
    /// After a verdict nothing is due any more. It ends the message at MAIL unless it is `Continue`, at RCPT and DATA if
    /// it is `Accept` or `Discard` (the client may go on after a refusal), behind that unless it is `Continue`, and at
    /// end of message always. At CONNECT and HELO it changes nothing here: an MTA that has no more use for the filter
    /// says so by QUIT or by closing the connection, and whatever else it sends is handled as usual.
    ///
    /// # Errors
    /// If nothing is due, or the action does not fit the command, was not negotiated, or has content that can't be sent.
    /// Nothing has been written then, and what was due still is.
    pub fn send(&mut self, action: Action, now: Instant, out: &mut BytesMut) -> Result<(), SessionError> {
        let Some(command) = self.due else {
            return Err(SessionError::NoReplyDue { action: action.name(), state: self.state });
        };
        self.check(&action, command)?;
        let leading_space = self.agreed().contains(ProtocolFlags::LEADING_SPACE);
        encode::action(&action, leading_space, out)?;
        match action {
            Action::Modify(edit) => self.body_begun |= edit.is_body(),
            Action::Verdict(verdict) => self.answered(command, &verdict, now),
            Action::Skip => self.answered(command, &Verdict::Continue, now),
            Action::Progress => self.last_progress = now,
            Action::Negotiate(_) => {}
        }
        Ok(())
    }

    fn check(&self, action: &Action, command: CommandKind) -> Result<(), SessionError> {
        let negotiated = |agreed: bool| match agreed {
            true => Ok(()),
            false => Err(SessionError::NotNegotiated { action: action.name() }),
        };
        let at_end = command == CommandKind::EndOfMessage;
        let behind_body = self.body_begun && at_end;
        match action {
            Action::Modify(edit) if behind_body && !edit.is_body() => {
                Err(SessionError::BehindBody { action: action.name() })
            }
            Action::Progress if behind_body => Err(SessionError::BehindBody { action: action.name() }),
            Action::Modify(edit) if at_end => {
                let agreed = self.negotiated.as_ref().map(|negotiated| negotiated.actions);
                negotiated(agreed.is_some_and(|agreed| agreed.contains(edit.needs())))
            }
            Action::Progress if at_end => Ok(()),
            Action::Skip if command == CommandKind::BodyChunk => {
                negotiated(self.agreed().contains(ProtocolFlags::SKIP))
            }
            Action::Verdict(verdict) if fits(verdict, command) => Ok(()),
            _ => Err(SessionError::NotAllowed { action: action.name(), command }),
        }
    }

    /// The reply to `command` is sent.
    fn answered(&mut self, command: CommandKind, verdict: &Verdict, now: Instant) {
        self.due = None;
        self.last_activity = now;
        let stops = matches!(verdict, Verdict::Accept | Verdict::Discard);
        let ends = match command {
            CommandKind::EndOfMessage => true,
            CommandKind::Rcpt => stops && !self.reply_ignored,
            CommandKind::Data => stops,
            CommandKind::Mail | CommandKind::Header | CommandKind::EndOfHeaders | CommandKind::BodyChunk => {
                *verdict != Verdict::Continue
            }
            _ => false,
        };
        if ends {
            self.end_message();
        }
    }
}

/// There is nothing to discard before MAIL, or in an unknown command.
fn fits(verdict: &Verdict, command: CommandKind) -> bool {
    match command {
        CommandKind::Negotiate => false,
        CommandKind::Connect | CommandKind::Helo | CommandKind::Unknown => *verdict != Verdict::Discard,
        _ => true,
    }
}
