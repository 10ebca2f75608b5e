//! Checks actions of the filter against state and negotiation, and writes them.

use std::time::Instant;

use bytes::BytesMut;

use super::Session;
use super::error::SessionError;
use super::state::DialogueState;
use crate::action::{Action, Verdict};
use crate::command::CommandKind;
use crate::encode;
use crate::negotiate::ProtocolFlags;

impl Session {
    /// Answers the offer: writes the agreement.
    ///
    /// # Errors
    /// If no offer waits for an answer, or the macro lists can't be sent.
    pub fn accept_offer(&mut self, now: Instant, out: &mut BytesMut) -> Result<(), SessionError> {
        let Some(negotiated) = self.negotiated.as_mut().filter(|_| self.state == DialogueState::Offered) else {
            return Err(SessionError::NoReplyDue { action: "negotiate", state: self.state });
        };
        let answer = Action::Negotiate(negotiated.clone());
        encode::action(&answer, true, out)?;
        negotiated.macros = Vec::new();
        self.state = DialogueState::Negotiated;
        self.due = None;
        self.last_activity = now;
        Ok(())
    }

    /// Writes one action, if it is allowed now.
    ///
    /// After a verdict no reply is due. The command decides whether the verdict ends the message:
    ///
    /// * CONNECT, HELO: never. An MTA that no longer needs the filter sends QUIT or closes the connection.
    /// * MAIL, header fields, end of the header section, body: if it is not `Continue`.
    /// * RCPT, DATA: if it is `Accept` or `Discard`; after a refusal the client may go on.
    /// * End of message: always.
    ///
    /// # Errors
    /// If no reply is due, or if the action does not fit the command, was not negotiated or can't be encoded. Nothing has
    /// been written then, and a reply that was due still is.
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

    /// Notes that the reply to `command` has been written.
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

/// True if the verdict may answer the command: before MAIL and for an unknown command there is nothing to discard.
fn fits(verdict: &Verdict, command: CommandKind) -> bool {
    match command {
        CommandKind::Negotiate => false,
        CommandKind::Connect | CommandKind::Helo | CommandKind::Unknown => *verdict != Verdict::Discard,
        _ => true,
    }
}
