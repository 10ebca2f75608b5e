//! The seam that all filters are written against.
//!
//! A [`Filter`] is the configured thing, shared by all connections and swapped on reload. Its [`FilterSession`] is the
//! small state machine of one connection. A filter says in [`Needs`] which steps it looks at; it is called for no
//! others, and the MTA is asked for no others. To write one, start from the defaults of [`FilterSession`] and drive it
//! with [`testing::Transaction`](crate::testing::Transaction).

use std::borrow::Cow;

use async_trait::async_trait;
use bitflags::bitflags;
use bytes::Bytes;
use postseal_protocol::{ActionFlags, Address, HeaderField, MacroTable, Stage, Verdict};

use crate::clock::Clock;
use crate::connection::{ClientConnection, Direction, Directions};
use crate::message::{Message, MessageEnd};
use crate::report::{Reason, Remark, Report};

/// A configured filter.
pub trait Filter: Send + Sync {
    /// Its name in reason codes, metrics and configuration.
    fn name(&self) -> &'static str;

    /// What it wants of the MTA.
    fn needs(&self) -> Needs;

    /// Every reason code that it can give, so that each is counted from zero.
    fn reasons(&self) -> Vec<Cow<'static, str>> {
        Vec::new()
    }

    /// A new state machine for one connection.
    fn start(&self) -> Box<dyn FilterSession>;
}

/// What a filter wants to see, answer and edit.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Messages that the filter is for. For others the pipeline does not call the filter, except at CONNECT and HELO,
    /// where the direction is not known yet.
    pub directions: Directions,
    /// Reason code noted at end of message when the filter was left out because of the message's direction.
    pub left_out: Option<&'static str>,
    /// Steps it is called for, beside end of message.
    pub sees: Steps,
    /// Those of them where it may answer something else than Continue at once (never header fields; for the body: it
    /// may have enough of it). A refusal at another step is held back until the next step that is answered, at the
    /// latest end of message.
    pub answers: Steps,
    /// Macros it reads.
    pub macros: Vec<(Stage, String)>,
    /// Edits it makes.
    pub edits: ActionFlags,
    /// How it wants the body.
    pub body: BodyNeed,
}

impl Default for Needs {
    fn default() -> Self {
        Self {
            directions: Directions::all(),
            left_out: None,
            sees: Steps::empty(),
            answers: Steps::empty(),
            macros: Vec::new(),
            edits: ActionFlags::empty(),
            body: BodyNeed::Skip,
        }
    }
}

impl Needs {
    /// True if the filter is for messages of this direction.
    pub(crate) fn is_for(&self, direction: Option<Direction>) -> bool {
        self.directions.contains(Directions::of(direction))
    }
}

bitflags! {
    /// Steps of the dialogue that a filter can be called for. End of message always happens.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Steps: u16 {
        /// [`FilterSession::connect`]
        const CONNECT = 0x001;
        /// [`FilterSession::helo`]
        const HELO = 0x002;
        /// [`FilterSession::mail`]
        const MAIL = 0x004;
        /// [`FilterSession::rcpt`]
        const RCPT = 0x008;
        /// [`FilterSession::rejected_rcpt`]
        const REJECTED_RCPT = 0x010;
        /// [`FilterSession::data`]
        const DATA = 0x020;
        /// [`FilterSession::header`]
        const HEADER = 0x040;
        /// [`FilterSession::end_of_headers`]
        const END_OF_HEADERS = 0x080;
        /// [`FilterSession::body_chunk`]
        const BODY = 0x100;
    }
}

/// How a filter wants the body; the pipeline takes the maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum BodyNeed {
    /// Not at all.
    #[default]
    Skip,
    /// In pieces as they come.
    Stream,
    /// Whole, at end of message, if it is not longer than `limit`; needed to replace it. A longer one is
    /// [`Body::TooLarge`](crate::message::Body::TooLarge) for this filter.
    Buffer {
        /// Octets at most.
        limit: usize,
    },
}

/// Whether a filter wants more of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// More, please.
    More,
    /// Enough: no further piece changes anything.
    Enough,
}

/// What a filter may know beside the message.
pub struct Context<'a> {
    /// The SMTP client and the listener it came by.
    pub connection: &'a ClientConnection,
    /// Macros of the MTA.
    pub macros: &'a MacroTable,
    /// Which way the message goes; `None` before MAIL, and for mail that is neither ours nor incoming.
    pub direction: Option<Direction>,
    /// The source of time.
    pub clock: &'a dyn Clock,
    /// What is told about the message.
    pub report: &'a mut Report,
    pub(crate) filter: &'static str,
}

impl Context<'_> {
    /// Adds a reason code of this filter.
    pub fn note(&mut self, code: impl Into<Cow<'static, str>>) {
        self.report.reasons.push(Reason::new(self.filter, code));
    }

    /// Adds what was decided where there is no finding; put into words only if somebody asks.
    pub fn explain(&mut self, text: impl FnOnce() -> String) {
        if let Some(remarks) = &mut self.report.remarks {
            remarks.push(Remark { filter: self.filter, text: text() });
        }
    }

    /// Adds a reason code with its particulars, for people who ask why.
    pub fn note_with(&mut self, code: impl Into<Cow<'static, str>>, detail: impl Into<Box<str>>) {
        let detail = Some(detail.into());
        self.report.reasons.push(Reason { detail, ..Reason::new(self.filter, code) });
    }
}

/// A filter could not do its work. What then happens to the message is the pipeline's
/// [`OnError`](crate::pipeline::OnError), a temporary failure unless configured otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct FilterError {
    /// Reason code.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

/// One connection's instance of a filter. Everything but [`reset`](Self::reset) defaults to Continue.
///
/// A returned `Accept` ends this filter's interest in the message, nobody else's. A refusal ends the message; at RCPT
/// it ends that recipient.
#[async_trait]
#[expect(unused_variables, reason = "defaults do nothing")]
pub trait FilterSession: Send {
    /// A client has connected: [`Context::connection`].
    async fn connect(&mut self, cx: &mut Context<'_>) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// HELO or EHLO.
    async fn helo(&mut self, cx: &mut Context<'_>, name: &[u8]) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// MAIL FROM.
    async fn mail(&mut self, cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// RCPT TO. Recipients that an earlier filter refused are not shown.
    async fn rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// A recipient that the MTA itself has refused; nothing to answer.
    async fn rejected_rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<(), FilterError> {
        Ok(())
    }

    /// DATA.
    async fn data(&mut self, cx: &mut Context<'_>) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// A header field as received. Hot, so not async, and never answered at once: see [`Needs::answers`].
    fn header(&mut self, cx: &mut Context<'_>, field: &HeaderField) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// The header section is complete; edits may begin.
    async fn end_of_headers(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Message,
    ) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// A piece of the body, cut anywhere. Hot, so not async.
    fn body_chunk(&mut self, cx: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        Ok(Flow::Enough)
    }

    /// The whole message is known. The message shows the edits of the filters before.
    async fn end_of_message(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Message,
    ) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// The message is decided: charge, give back, forget.
    async fn finish(&mut self, cx: &mut Context<'_>, message: &Message, end: MessageEnd) {}

    /// Forget the message; called after each, and after an abort.
    fn reset(&mut self);
}
