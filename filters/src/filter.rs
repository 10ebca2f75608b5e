//! The seam that all filters are written against.
//!
//! A [`Filter`] is the configured thing, shared by all connections and replaced on reload. Its [`FilterSession`] is the
//! small state machine of one connection. A filter says in [`Needs`] which messages it is for and which steps it looks
//! at. The pipeline calls the filter for no others, and the MTA is asked for no others.
//!
//! [`testing`](crate::testing) shows a whole filter and its test.

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
    /// The name in reason codes, metrics and configuration.
    fn name(&self) -> &'static str;

    /// What the filter wants of the MTA. Asked once, when the pipeline is built.
    fn needs(&self) -> Needs;

    /// Every reason code that the filter can give, so that each is counted from zero.
    fn reasons(&self) -> Vec<Cow<'static, str>> {
        Vec::new()
    }

    /// A new state machine for one connection; made at the first step that any filter of the listener looks at.
    fn start(&self) -> Box<dyn FilterSession>;
}

/// What a filter wants to see, answer and edit.
#[derive(Clone, Debug)]
pub struct Needs {
    /// Messages that the filter is for. The pipeline does not call the filter for others. At CONNECT and HELO the direction
    /// is not known yet, so the filter may be called. A listener whose role has none of these directions asks for no steps.
    pub directions: Directions,
    /// Reason code noted at end of message when the filter was left out because of the message's direction.
    pub left_out: Option<&'static str>,
    /// Steps that the filter is called for, beside end of message. A step that no filter sees is switched off, so that the
    /// MTA does not send it (`SMFIP_NOHELO` and the like).
    pub sees: Steps,
    /// Steps of `sees` at which the filter may answer something else than Continue at once. Replies that no filter gives
    /// are waived (`SMFIP_NR_*`), and Postfix then sends the steps in one write. A refusal at another step is held back
    /// until the next step that is answered, at the latest end of message. Header fields are never answered; for the body
    /// the answer is that the filter has enough of it.
    pub answers: Steps,
    /// Macros that the filter reads, by the stage at which the MTA is to send them.
    pub macros: Vec<(Stage, String)>,
    /// Edits that the filter makes. An edit that is not declared here is not sent: the message gets a temporary failure.
    pub edits: ActionFlags,
    /// How the filter wants the body.
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

/// How a filter wants the body. The pipeline takes the largest need of its filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum BodyNeed {
    /// Not at all.
    #[default]
    Skip,
    /// In pieces, as they come.
    Stream,
    /// Whole, at end of message, if it is not longer than `max_octets`; needed to replace it. A longer one is
    /// [`Body::TooLarge`](crate::message::Body::TooLarge) for this filter.
    Buffer {
        /// Octets at most.
        max_octets: usize,
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

/// What a filter may know besides the message.
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
        self.report.add(Reason::new(self.filter, code));
    }

    /// Adds a remark about a decision without a finding. The text is only made for `postseal explain`.
    pub fn explain(&mut self, text: impl FnOnce() -> String) {
        if let Some(remarks) = &mut self.report.remarks {
            remarks.push(Remark { filter: self.filter, text: text() });
        }
    }

    /// Adds a reason code with its particulars, for people who ask why.
    pub fn note_with(&mut self, code: impl Into<Cow<'static, str>>, detail: impl Into<Box<str>>) {
        let detail = Some(detail.into());
        self.report.add(Reason { detail, ..Reason::new(self.filter, code) });
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

/// One connection's instance of a filter.
///
/// The pipeline calls the methods in the order of the SMTP dialogue, one message after the other. Every method but
/// [`reset`](Self::reset) has a default that does nothing and answers Continue. A method may read [`Context`] and note
/// reasons in it at any step. What it returns means:
///
/// - `Continue`: the next filter is asked.
/// - `Accept`: this filter has no interest in the rest of the message. The other filters go on.
/// - a refusal (`Reject`, `TempFail`, `Reply`) or `Discard`: the message ends. At RCPT only that recipient is refused.
/// - [`FilterError`]: the filter could not do its work. The `on_error` of its [`PipelineEntry`](crate::PipelineEntry)
///   decides.
///
/// The future of a method is dropped when it overruns its deadline; the message then gets a temporary failure and the
/// session is reset.
#[async_trait]
#[expect(unused_variables, reason = "defaults do nothing")]
pub trait FilterSession: Send {
    /// A client has connected; [`Context::connection`] has its name and address. Runs once for a connection, before the
    /// direction of any message is known. A refusal is for the whole connection; Sendmail then tells the client its own
    /// text, whatever text the reply has. Mail of sendmail(1) and cron has no client: Postfix names `localhost` and
    /// 127.0.0.1 or ::1.
    async fn connect(&mut self, cx: &mut Context<'_>) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// HELO or EHLO. Runs again if the client greets again (after STARTTLS), and then possibly before the MTA has ended the
    /// message before it (Postfix). The name is what the client said, unchecked.
    async fn helo(&mut self, cx: &mut Context<'_>, name: &[u8]) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// MAIL FROM: a message begins, and its direction is known. The macros of the login are there. Postfix gives no queue
    /// id before the first recipient, Sendmail gives it here.
    async fn mail(&mut self, cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// RCPT TO, once for each recipient. A refusal is this recipient's alone; the client may go on with others. Recipients
    /// that an earlier filter refused are not shown. The recipient is the one that the client named: aliases are expanded
    /// later.
    async fn rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// A recipient that the MTA itself has refused. Nothing can be answered. Both MTAs tell of such recipients only if
    /// they are asked to (`SMFIP_RCPT_REJ`).
    async fn rejected_rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<(), FilterError> {
        Ok(())
    }

    /// DATA: the recipients are complete. A refusal leaves the message open, since the client may name other recipients.
    async fn data(&mut self, cx: &mut Context<'_>) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// A header field as received, in the order of the message. Runs for every field, so it is not async. A refusal is held
    /// back until the end of the header section or of the message: neither MTA is answered at each field. Fields that the
    /// MTA has added itself are partly shown: Postfix has added Date, From and Message-ID before, Sendmail adds them after
    /// all filters; both hide their own Received field.
    fn header(&mut self, cx: &mut Context<'_>, field: &HeaderField) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// The header section is complete. Edits may begin: they are collected in the message and sent at its end, the only
    /// step at which both MTAs take edits.
    async fn end_of_headers(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// A piece of the body, cut anywhere, also between CR and LF; up to 64 KiB each. Runs often, so it is not async. When
    /// all filters have enough, the MTA is told to send no more of the body (`SMFIR_SKIP`).
    fn body_chunk(&mut self, cx: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        Ok(Flow::Enough)
    }

    /// The whole message is known, and the message shows the edits of the filters before. This is the last step that can
    /// refuse. While it runs, the MTA is told that the filter is still at work (`SMFIR_PROGRESS`), which neither MTA allows
    /// at another step. Postfix waits `milter_content_timeout` for the answer, 300 s by default.
    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        Ok(Verdict::Continue)
    }

    /// The message has ended, in the way that `end` says; also runs if it was given up. Nothing can be answered. Here a
    /// filter keeps or gives back what it has counted.
    async fn finish(&mut self, cx: &mut Context<'_>, message: &Message, end: MessageEnd) {}

    /// Forgets the message. Runs after each message, after an abort and after an overrun deadline. What belongs to the
    /// connection stays.
    fn reset(&mut self);
}
