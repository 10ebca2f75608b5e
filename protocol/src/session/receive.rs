//! Turns commands of the MTA into events.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::error::{Error, SessionError};
use super::state::DialogueState;
use super::{Ended, Event, Received, Session};
use crate::command::{Address, Command, CommandKind, HeaderField};
use crate::frame::{self, Frame};
use crate::macros::Stage;
use crate::negotiate::{Offer, ProtocolFlags, negotiate};
use crate::parse::{self, ParseError};

impl Session {
    /// Takes the next command off `input`; `None` if the packet has not arrived in full.
    ///
    /// # Errors
    /// If the packet is too long or malformed, the command is out of order, the offer lacks something that the filter
    /// needs, or the last command has not been answered. The dialogue can't go on then.
    pub fn receive(&mut self, input: &mut BytesMut, now: Instant) -> Result<Option<Received>, Error> {
        if let Some(command) = self.due {
            return Err(SessionError::ReplyDue(command).into());
        }
        let Some(frame) = frame::cut(input, self.bounds.frame)? else {
            return Ok(None);
        };
        let command = CommandKind::from_byte(frame.code).ok_or(ParseError::UnknownCommand(frame.code))?;
        let Some(next) = self.state.after(command, self.agreed()) else {
            return Err(SessionError::Unexpected { state: self.state, command }.into());
        };
        let ended = self.ended_by(command, &frame.data);
        let event = self.event(command, frame)?;
        if let Some(Ended::Message) = ended
            && command == CommandKind::Macros
        {
            self.state = DialogueState::Connected;
        } else {
            self.state = next;
        }
        if command.is_answered(self.agreed()) {
            self.due = Some(command);
        }
        self.last_activity = now;
        self.last_progress = now;
        Ok(Some(Received { ended, event }))
    }

    /// The message or connection that the command ends.
    fn ended_by(&self, command: CommandKind, data: &[u8]) -> Option<Ended> {
        let ends_message = match command {
            CommandKind::Connect | CommandKind::Quit | CommandKind::QuitNewConnection => return self.open(),
            CommandKind::Helo | CommandKind::Mail | CommandKind::Abort => true,
            // If MAIL is switched off, only its macros tell that another message begins.
            CommandKind::Macros => self.agreed().contains(ProtocolFlags::NO_MAIL) && data.first() == Some(&b'M'),
            _ => false,
        };
        (ends_message && self.in_message()).then_some(Ended::Message)
    }

    /// Reads the payload, and keeps or drops macros as the command demands.
    fn event(&mut self, command: CommandKind, frame: Frame) -> Result<Event, Error> {
        if command == CommandKind::Macros {
            self.keep_macros(&frame.data)?;
            return Ok(Event::Macros);
        }
        let command = parse::command(&own(command, frame))?;
        if let Some(stage) = command.kind().stage() {
            self.macros.begin(stage);
        }
        Ok(match command {
            Command::Negotiate(offer) => self.consider(&offer)?,
            Command::Macros(_) => Event::Macros,
            Command::Connect(connect) => Event::Connect(connect),
            Command::Helo(name) => Event::Helo(name),
            Command::Mail(address) => Event::Mail(address),
            Command::Rcpt(address) => self.recipient(address),
            Command::Data => Event::Data,
            Command::Header(field) => Event::Header(self.with_space(field)),
            Command::EndOfHeaders => Event::EndOfHeaders,
            Command::BodyChunk(chunk) => Event::BodyChunk(chunk),
            Command::EndOfMessage(chunk) => {
                self.body_begun = false;
                Event::EndOfMessage(chunk)
            }
            Command::Abort => {
                self.macros.clear_from(Stage::Mail);
                Event::Abort
            }
            Command::Unknown(line) => Event::Unknown(line),
            Command::QuitNewConnection => {
                self.macros.clear_from(Stage::Connect);
                Event::QuitNewConnection
            }
            Command::Quit => {
                self.macros.clear_from(Stage::Connect);
                Event::Quit
            }
        })
    }

    fn consider(&mut self, offer: &Offer) -> Result<Event, Error> {
        let Some(wanted) = self.wanted.take() else {
            return Err(SessionError::Unexpected { state: self.state, command: CommandKind::Negotiate }.into());
        };
        self.negotiated = Some(negotiate(offer, &wanted)?);
        Ok(Event::Negotiate)
    }

    fn recipient(&mut self, address: Address) -> Event {
        let mailer = self.macros.get("{rcpt_mailer}");
        self.reply_ignored = self.agreed().contains(ProtocolFlags::REJECTED_RECIPIENTS)
            && mailer.is_some_and(|mailer| mailer.as_ref() == b"error");
        if self.reply_ignored { Event::RejectedRcpt(address) } else { Event::Rcpt(address) }
    }

    /// Both MTAs take one space off a value unless they have agreed not to.
    fn with_space(&self, field: HeaderField) -> HeaderField {
        let has_space = self.agreed().contains(ProtocolFlags::LEADING_SPACE);
        if has_space { field } else { field.with_leading_space() }
    }

    /// Keeps the macros of a stage. Postfix sends macros with each header field and body chunk too; they only repeat
    /// values of the stages, and are ignored.
    fn keep_macros(&mut self, data: &[u8]) -> Result<(), Error> {
        let command = data.first().copied().and_then(CommandKind::from_byte);
        let Some(stage) = command.and_then(CommandKind::stage) else {
            return Ok(());
        };
        let names_and_values = data.iter().filter(|octet| **octet == 0).count();
        let check = |what, count, max| match count <= max {
            true => Ok(()),
            false => Err(SessionError::Macros { what, count, max }),
        };
        check("number", names_and_values / 2, self.bounds.macros)?;
        check("octets", data.len(), self.bounds.macro_octets)?;
        let list = parse::macro_list(&Bytes::copy_from_slice(data))?;
        self.macros.announce(stage, list.values);
        Ok(())
    }
}

/// Copies the data of all commands that a filter may keep: the smallest part of a read buffer would keep all of it
/// alive. The buffer is free again for the next packet. Pieces of the body only pass through.
fn own(command: CommandKind, frame: Frame) -> Frame {
    match command {
        CommandKind::BodyChunk | CommandKind::EndOfMessage => frame,
        _ => Frame { code: frame.code, data: Bytes::copy_from_slice(&frame.data) },
    }
}
