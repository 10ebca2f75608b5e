//! A session between an MTA that says anything and a filter that tries anything.

use std::time::{Duration, Instant};

use bytes::BytesMut;

use crate::action::{Action, Verdict};
use crate::command::CommandKind;
use crate::frame;
use crate::negotiate::{ActionFlags, Offer, ProtocolFlags, Wanted};
use crate::session::{DialogueState, Ended, Event, Received, Session, Tick, WireBounds};
use crate::testing::dialogue::any_time;
use crate::testing::mta::{Mta, OFFER};
use crate::testing::source::Source;

/// Maximum number of commands in a dialogue, more than enough for two messages.
const MAX_DIALOGUE_COMMANDS: usize = 48;

/// Plays an MTA that says anything and a filter that tries anything. A strict MTA must accept every octet that the session
/// writes, a refused action must leave no octet, and the session must always know which replies are due and which message
/// or connection is open.
pub fn fuzz_session(data: &[u8]) {
    let mut source = Source::new(data);
    let mut table = Table::new(&mut source);
    for _ in 0..MAX_DIALOGUE_COMMANDS {
        if !table.drain(&mut source) || source.is_empty() {
            break;
        }
        table.say(&mut source);
    }
    table.hang_up();
}

struct Table {
    mta: Mta,
    session: Session,
    bounds: WireBounds,
    now: Instant,
    to_filter: BytesMut,
    to_mta: BytesMut,
    /// No stray packets so far: all octets to the filter came from `mta`.
    honest: bool,
}

impl Table {
    fn new(source: &mut Source<'_>) -> Self {
        let offer = match source.octet() % 4 {
            0 => source.offer(),
            _ => Offer { version: 2 + u32::from(source.octet() % 6), ..OFFER },
        };
        let wanted = Wanted {
            actions: ActionFlags::from_bits_retain(source.number()) & offer.explicit().actions,
            // Few bits at once: a dialogue without steps is short.
            protocol: ProtocolFlags::from_bits_retain(source.number() & source.number()),
            required: ProtocolFlags::empty(),
            macros: Vec::new(),
        };
        let bounds = WireBounds { macros: 6, ..WireBounds::default() };
        let now = any_time();
        let mut table = Self {
            mta: Mta::new(offer),
            session: Session::new(wanted, bounds, now),
            bounds,
            now,
            to_filter: BytesMut::new(),
            to_mta: BytesMut::new(),
            honest: true,
        };
        if source.octet() != 0 {
            let offered = table.mta.offer(&mut table.to_filter);
            assert_eq!(offered, Ok(()));
        }
        table
    }

    /// Mostly a command that fits, sometimes any; sometimes a packet of anything, or octets that are no packet at all.
    fn say(&mut self, source: &mut Source<'_>) {
        let kind = match source.octet() {
            0 => {
                self.honest = false;
                return self.to_filter.extend_from_slice(&source.octets());
            }
            1..=4 => {
                self.honest = false;
                return frame::put(source.octet(), &source.octets(), &mut self.to_filter);
            }
            5..=40 => source.one_of(&CommandKind::ALL),
            _ => source.one_of(usual(self.session.state())),
        };
        // A second offer would leave the MTA without the answer to the first.
        if let Some(kind) = kind.filter(|kind| *kind != CommandKind::Negotiate) {
            // A command that is too large for a packet, or negotiated away, is not sent.
            let _ = self.mta.say(&source.command_of(kind), &mut self.to_filter);
        }
    }

    /// The filter's side; false when the dialogue is over.
    fn drain(&mut self, source: &mut Source<'_>) -> bool {
        loop {
            let before = self.session.state();
            match self.session.receive(&mut self.to_filter, self.now) {
                Ok(None) => return true,
                Ok(Some(received)) => self.happened(before, &received, source),
                Err(error) => {
                    assert!(!error.kind().is_empty() && !error.to_string().is_empty());
                    return false;
                }
            }
            if self.session.state() == DialogueState::Closed {
                return false;
            }
        }
    }

    fn happened(&mut self, before: DialogueState, received: &Received, source: &mut Source<'_>) {
        let was_open = !matches!(
            before,
            DialogueState::Start | DialogueState::Offered | DialogueState::Negotiated | DialogueState::Closed
        );
        match received.ended {
            Some(Ended::Connection) => assert!(was_open),
            Some(Ended::Message) => assert!(was_open && before != DialogueState::Connected),
            None => assert!(!matches!(received.event, Event::Mail(_)) || !self.is_message(before)),
        }
        if let Event::Header(field) = &received.event {
            let spaced = field.value.first() == Some(&b' ');
            assert!(spaced || self.agreed().contains(ProtocolFlags::LEADING_SPACE));
        }
        self.answer(&received.event, source);
        assert!(!self.session.reply_due());
        if matches!(received.event, Event::EndOfMessage(_) | Event::Abort) {
            assert!(!self.session.in_message());
        }
    }

    fn is_message(&self, state: DialogueState) -> bool {
        matches!(
            state,
            DialogueState::Envelope | DialogueState::Headers | DialogueState::Body | DialogueState::EndOfMessage
        )
    }

    /// Tries some actions, then sends the answer that is always allowed.
    fn answer(&mut self, event: &Event, source: &mut Source<'_>) {
        let edits = if matches!(event, Event::EndOfMessage(_)) { 4 } else { 0 };
        for _ in 0..edits + source.octet() / 100 {
            let due = self.session.reply_due();
            let action = source.action();
            let sent = self.session.send(action.clone(), self.now, &mut self.to_mta);
            match sent {
                Ok(()) => {
                    let closes = matches!(action, Action::Verdict(_) | Action::Skip);
                    assert!(due && self.session.reply_due() != closes, "{action:?}");
                    self.hear();
                }
                Err(_) => assert!(self.to_mta.is_empty(), "{action:?} was refused and written"),
            }
            self.wait(source);
        }
        if *event == Event::Negotiate {
            let accepted = self.session.accept_offer(self.now, &mut self.to_mta);
            assert_eq!(accepted, Ok(()));
        } else if self.session.reply_due() {
            let verdict = Action::Verdict(Verdict::Continue);
            assert_eq!(self.session.send(verdict, self.now, &mut self.to_mta), Ok(()));
        }
        self.hear();
    }

    /// The MTA accepts everything that comes back, if all octets to the filter came from it.
    fn hear(&mut self) {
        if !self.honest {
            self.to_mta.clear();
        }
        loop {
            match self.mta.hear(&mut self.to_mta) {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(error) => panic!("the MTA refuses an action: {error}"),
            }
        }
        assert!(self.to_mta.is_empty(), "part of a packet was written");
    }

    fn wait(&mut self, source: &mut Source<'_>) {
        self.now += Duration::from_millis(u64::from(source.octet()) * 40);
        let deadline = self.session.deadline();
        match self.session.tick(self.now, &mut self.to_mta) {
            Tick::Waiting => assert!(self.to_mta.is_empty()),
            Tick::Progress => assert!(self.now >= deadline),
            Tick::Idle => panic!("idle after {:?}", self.bounds.idle),
        }
        self.hear();
    }

    fn hang_up(&mut self) {
        let open = self.session.state();
        let ended = self.session.end_of_input();
        let was_open = open == DialogueState::Connected || self.is_message(open);
        assert_eq!(ended, was_open.then_some(Ended::Connection));
        assert_eq!(self.session.end_of_input(), None);
        assert!(!self.session.reply_due() && !self.session.in_message());
        assert_eq!(self.session.macros().get("i"), None);
    }

    fn agreed(&self) -> ProtocolFlags {
        self.session.negotiated().map_or(ProtocolFlags::empty(), |agreed| agreed.protocol)
    }
}

/// The commands that an MTA usually sends next.
fn usual(state: DialogueState) -> &'static [CommandKind] {
    use CommandKind::{
        Abort, BodyChunk, Connect, Data, EndOfHeaders, EndOfMessage, Header, Helo, Macros, Mail, Rcpt, Unknown,
    };
    match state {
        DialogueState::Negotiated => &[Connect, Connect, Macros],
        DialogueState::Connected => &[Helo, Mail, Mail, Mail, Macros, Abort, Unknown],
        DialogueState::Envelope => &[Rcpt, Rcpt, Data, Header, EndOfHeaders, Macros, Mail],
        DialogueState::Headers => &[Header, Header, EndOfHeaders, BodyChunk, Macros],
        DialogueState::Body => &[BodyChunk, EndOfMessage, EndOfMessage, Macros],
        DialogueState::Start | DialogueState::Offered | DialogueState::EndOfMessage | DialogueState::Closed => {
            &CommandKind::ALL
        }
    }
}
