//! A [`Session`] and an [`Mta`] that talk to each other in memory.

use std::time::{Duration, Instant};

use bytes::BytesMut;

use crate::action::{Action, Modification, Verdict};
use crate::command::{Command, Connect, Peer};
use crate::frame;
use crate::negotiate::{Offer, Wanted};
use crate::session::{Error, SessionError};
use crate::session::{Event, Received, Session, Tick, WireBounds};
use crate::testing::mta::Mta;

/// Both sides of one dialogue, and a clock that only [`Dialogue::wait`] moves.
#[derive(Debug)]
pub struct Dialogue {
    /// The MTA.
    pub mta: Mta,
    /// The filter's side.
    pub session: Session,
    /// The present time.
    pub now: Instant,
    to_filter: BytesMut,
    to_mta: BytesMut,
}

#[expect(clippy::expect_used, reason = "a test must fail where its set-up does")]
impl Dialogue {
    /// A dialogue that has been negotiated.
    pub fn new(offer: Offer, wanted: Wanted) -> Self {
        let mut dialogue = Self::unopened(offer, wanted, WireBounds::default());
        let offered = Command::Negotiate(offer);
        let received = dialogue.say(&offered).expect("an offer that suits");
        assert_eq!(received.event, Event::Negotiate);
        dialogue.accept_offer();
        dialogue
    }

    /// A dialogue in which nothing has been said.
    pub fn unopened(offer: Offer, wanted: Wanted, bounds: WireBounds) -> Self {
        let now = any_time();
        Self {
            mta: Mta::new(offer),
            session: Session::new(wanted, bounds, now),
            now,
            to_filter: BytesMut::new(),
            to_mta: BytesMut::new(),
        }
    }

    /// The MTA says `command`, which was not negotiated away.
    ///
    /// # Errors
    /// If the session refuses the command.
    pub fn say(&mut self, command: &Command) -> Result<Received, Error> {
        let said = self.mta.say(command, &mut self.to_filter);
        assert_eq!(said, Ok(true), "{command:?} can't be said");
        self.receive()
    }

    /// A packet of any content comes from the MTA's side.
    ///
    /// # Errors
    /// If the session refuses the packet.
    pub fn say_raw(&mut self, code: u8, data: &[u8]) -> Result<Received, Error> {
        frame::put(code, data, &mut self.to_filter);
        self.receive()
    }

    /// The filter accepts the offer.
    pub fn accept_offer(&mut self) {
        let accepted = self.session.accept_offer(self.now, &mut self.to_mta);
        accepted.expect("an offer waits");
        assert!(matches!(self.hear().as_slice(), [Action::Negotiate(_)]));
    }

    /// The filter sends `action`. Returns the actions that arrive; the MTA must accept them.
    ///
    /// # Errors
    /// If the session refuses to send the action.
    pub fn send(&mut self, action: Action) -> Result<Vec<Action>, SessionError> {
        let sent = self.session.send(action, self.now, &mut self.to_mta);
        if sent.is_err() {
            assert!(self.to_mta.is_empty(), "a refused action was written");
        }
        sent.map(|()| self.hear())
    }

    /// The filter asks for an edit.
    ///
    /// # Errors
    /// If the session refuses to send the edit.
    pub fn edit(&mut self, edit: Modification) -> Result<Vec<Action>, SessionError> {
        self.send(Action::Modify(edit))
    }

    /// The filter answers.
    ///
    /// # Errors
    /// If the session refuses to send the verdict.
    pub fn reply(&mut self, verdict: Verdict) -> Result<Vec<Action>, SessionError> {
        self.send(Action::Verdict(verdict))
    }

    /// The MTA says each of `commands`, and the filter answers `Continue` where a reply is due.
    ///
    /// # Errors
    /// If the session refuses a command.
    pub fn pass(&mut self, commands: &[Command]) -> Result<(), Error> {
        for command in commands {
            let _ = self.say(command)?;
            if self.session.reply_due() {
                self.reply(Verdict::Continue)?;
            }
        }
        Ok(())
    }

    /// Time goes by.
    pub fn wait(&mut self, time: Duration) -> Tick {
        self.now += time;
        let tick = self.session.tick(self.now, &mut self.to_mta);
        let progress = matches!(self.hear().as_slice(), [Action::Progress]);
        assert_eq!(progress, tick == Tick::Progress);
        tick
    }

    fn receive(&mut self) -> Result<Received, Error> {
        let received = self.session.receive(&mut self.to_filter, self.now);
        if received.is_ok() {
            assert!(self.to_filter.is_empty(), "a packet was not read in full");
        }
        received.map(|received| received.expect("the packet is complete"))
    }

    fn hear(&mut self) -> Vec<Action> {
        let mut heard = Vec::new();
        while let Some(action) = self.mta.hear(&mut self.to_mta).expect("an MTA agrees") {
            heard.push(action);
        }
        assert!(self.to_mta.is_empty(), "a packet was not written in full");
        heard
    }
}

/// A time to start from.
#[expect(clippy::disallowed_methods, reason = "an Instant has no other origin")]
pub fn any_time() -> Instant {
    Instant::now()
}

impl Connect {
    /// A client on this machine.
    pub fn local() -> Self {
        Self { hostname: "localhost".into(), peer: Peer::Inet(([127, 0, 0, 1], 2525).into()) }
    }
}
