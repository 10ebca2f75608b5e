//! One milter connection's walk through the pipeline, message after message.
//!
//! The driver calls one method per step, in the order in which the MTA tells of them, and asks
//! [`PipelineSession::take_record`] afterwards whether a message has ended. Methods for hot steps are not async. A
//! refusal at a step that was not negotiated to be answered is held back until one that is.

mod ask;
mod body;
mod end;

use std::sync::Arc;

use bytes::Bytes;
use postseal_protocol::{Address, Connect, HeaderField, MacroTable, Modification, Reply, Verdict};

use super::record::Record;
use super::{
    EDIT_REFUSED, ENVELOPE_TOO_LARGE, HEADER_TOO_LARGE, MessageBounds, PIPELINE, Pipeline, PipelineEntry,
    TOO_MANY_EDITS, TOO_MANY_RECIPIENTS,
};
use crate::connection::{ClientConnection, Direction, MtaKind};
use crate::filter::{BodyNeed, FilterSession, Flow, Needs, Steps};
use crate::message::{Message, MessageEnd};
use crate::report::{FilterFailure, Report};
use ask::FilterCall;

/// The memory that each path and argument of the envelope takes beside its octets.
const ENVELOPE_PART_OCTETS: usize = size_of::<Bytes>();

/// The filters of one connection.
pub struct PipelineSession {
    pipeline: Arc<Pipeline>,
    connection: ClientConnection,
    /// Empty until the first step that a filter looks at: idle connections stay small.
    filters: Vec<RunningFilter>,
    /// A refusal of the whole connection that has not been said yet.
    held: Option<Verdict>,
    open: Option<Box<OpenMessage>>,
    record: Option<Box<Record>>,
    /// Index of the filter that is at work.
    current: Option<usize>,
    /// Somebody wants to know why.
    explains: bool,
}

/// What end of message comes to.
#[derive(Debug)]
pub struct Decision {
    /// What the MTA shall edit.
    pub modifications: Vec<Modification>,
    /// What it shall do.
    pub verdict: Verdict,
    /// The message as edited.
    pub message: Option<Message>,
}

struct RunningFilter {
    session: Box<dyn FilterSession>,
    /// Has no interest in the rest of the message.
    done: bool,
    /// Has no interest in the rest of the body.
    enough: bool,
}

struct OpenMessage {
    message: Message,
    report: Report,
    direction: Option<Direction>,
    held: Option<Verdict>,
    /// Why there is no message: what was answered to DATA, or to recipients while none was accepted.
    refused: Option<Verdict>,
    header_octets: usize,
    body_octets: u64,
    /// The body so far, while a filter wants it whole. The pieces are copied: a small one would keep a whole read
    /// buffer alive.
    buffer: Option<Vec<u8>>,
    /// Octets that the envelope takes.
    envelope_octets: usize,
    message_id: Option<Bytes>,
}

impl PipelineSession {
    pub(super) fn new(pipeline: Arc<Pipeline>) -> Self {
        let connection = ClientConnection::new(Arc::clone(&pipeline.settings.listener), pipeline.settings.role);
        Self {
            pipeline,
            connection,
            filters: Vec::new(),
            held: None,
            open: None,
            record: None,
            current: None,
            explains: false,
        }
    }

    /// Has filters tell what they decide where there is no finding.
    pub fn explain(&mut self) {
        self.explains = true;
    }

    /// Tells whether the MTA has agreed to send values with their leading white space. Unless told, it has.
    pub fn set_exact_values(&mut self, exact: bool) {
        self.connection.exact_values = exact;
    }

    /// A client has connected.
    pub async fn connect(&mut self, client: Connect, macros: &MacroTable) -> Verdict {
        self.connection.client = client;
        self.connection.mta = self.pipeline.settings.mta.unwrap_or_else(|| MtaKind::from_macros(macros));
        self.held = None;
        self.step(Steps::CONNECT, FilterCall::Connect, macros).await
    }

    /// HELO or EHLO.
    pub async fn helo(&mut self, name: Bytes, macros: &MacroTable) -> Verdict {
        self.connection.helo = Bytes::copy_from_slice(&name);
        self.step(Steps::HELO, FilterCall::Helo(&name), macros).await
    }

    /// MAIL FROM: a new message.
    pub async fn mail(&mut self, sender: Address, macros: &MacroTable) -> Verdict {
        self.abort(macros).await;
        let message = Message::new(self.connection.mta);
        let buffers = matches!(self.pipeline.union.body, BodyNeed::Buffer { .. });
        self.open = Some(Box::new(OpenMessage {
            message,
            report: Report {
                remarks: self.explains.then(Vec::new),
                max_reasons: self.pipeline.settings.bounds.reasons,
                ..Report::default()
            },
            direction: self.pipeline.settings.origin.direction(&self.connection, macros),
            held: self.held.clone(),
            refused: None,
            header_octets: 0,
            body_octets: 0,
            buffer: buffers.then(Vec::new),
            message_id: None,
            envelope_octets: 0,
        }));
        if self.has_room(&sender)
            && let Some(open) = &mut self.open
        {
            open.message.envelope.receive_sender(sender.clone());
        }
        let verdict = self.step(Steps::MAIL, FilterCall::Mail(&sender), macros).await;
        self.close_if_refused(&verdict, macros).await;
        verdict
    }

    /// RCPT TO. A refusal is this recipient's alone.
    pub async fn rcpt(&mut self, recipient: Address, macros: &MacroTable) -> Verdict {
        let most = self.pipeline.settings.bounds.recipients;
        if let Some(open) = &mut self.open
            && open.held.is_none()
            && open.message.envelope.received_recipients().len() >= most
        {
            open.fail(TOO_MANY_RECIPIENTS, format!("more than limits.recipients = {most}"));
            open.held = Some(too_many_recipients());
        }
        self.has_room(&recipient);
        let verdict = self.step(Steps::RCPT, FilterCall::Rcpt(&recipient), macros).await;
        // Of a message that will be refused nothing more is kept.
        if let Some(open) = &mut self.open {
            if verdict == Verdict::Continue && open.held.is_none() {
                open.refused = None;
                open.message.envelope.receive_recipient(recipient);
            } else if verdict.is_refusal() && open.message.envelope.received_recipients().len() == 0 {
                open.refused.get_or_insert_with(|| verdict.clone());
            }
        }
        verdict
    }

    /// A recipient that the MTA has refused.
    pub async fn rejected_rcpt(&mut self, recipient: Address, macros: &MacroTable) -> Verdict {
        self.step(Steps::REJECTED_RCPT, FilterCall::RejectedRcpt(&recipient), macros).await
    }

    /// DATA. After a refusal the client may name other recipients and try again, so the message stays open.
    pub async fn data(&mut self, macros: &MacroTable) -> Verdict {
        let verdict = self.step(Steps::DATA, FilterCall::Data, macros).await;
        if let (true, Some(open)) = (verdict.is_refusal(), &mut self.open) {
            open.refused = Some(verdict.clone());
        }
        verdict
    }

    /// A header field. Never answered: a refusal is held back until the end of the header section or of the message.
    pub fn header(&mut self, field: HeaderField, macros: &MacroTable) {
        let bounds = self.pipeline.settings.bounds;
        let Some(open) = &mut self.open else { return };
        open.header_octets = open.header_octets.saturating_add(field.name.len() + field.value.len() + 3);
        if open.held.is_some() {
            return;
        }
        if open.header_octets > bounds.header_octets
            || open.message.fields.received_count() as usize >= bounds.header_fields
        {
            let MessageBounds { header_octets, header_fields, .. } = bounds;
            let detail = format!("over limits.header_size = {header_octets} or limits.header_fields = {header_fields}");
            open.fail(HEADER_TOO_LARGE, detail);
            open.held = Some(reply(552, (5, 3, 4), "Header section too large"));
            return;
        }
        if open.message_id.is_none() && field.is("message-id") {
            open.message_id = Some(Bytes::copy_from_slice(field.value.trim_ascii()));
        }
        if self.pipeline.union.sees.contains(Steps::HEADER) {
            self.ensure_started();
            self.header_to_filters(&field, macros);
        }
        if let Some(open) = &mut self.open {
            open.message.fields.receive(field);
        }
    }

    /// The header section is complete.
    pub async fn end_of_headers(&mut self, macros: &MacroTable) -> Verdict {
        let verdict = self.step(Steps::END_OF_HEADERS, FilterCall::EndOfHeaders, macros).await;
        self.close_if_refused(&verdict, macros).await;
        verdict
    }

    /// A piece of the body. `Enough` when no filter wants more.
    pub fn body_chunk(&mut self, chunk: Bytes, macros: &MacroTable) -> Flow {
        self.ensure_started();
        let Some(open) = &mut self.open else {
            return Flow::Enough;
        };
        open.body_octets = open.body_octets.saturating_add(chunk.len() as u64);
        if open.held.is_some() {
            return Flow::Enough;
        }
        let mut flow = self.stream(&chunk, macros);
        if let Some(pieces) = self.open.as_mut().and_then(|open| open.buffer.as_mut()) {
            flow = Flow::More;
            pieces.extend_from_slice(&chunk);
            self.spill_if_too_large(macros);
        }
        flow
    }

    /// The whole message is there: the verdict, and the edits if it is accepted.
    pub async fn end_of_message(&mut self, macros: &MacroTable) -> Decision {
        self.ensure_started();
        self.join_buffer();
        let mut verdict = match self.open.as_mut().and_then(|open| open.held.take()) {
            Some(held) => held,
            None => self.decide(macros).await,
        };
        let mut modifications = Vec::new();
        if !verdict.is_refusal() {
            verdict = Verdict::Accept;
            match self.modifications() {
                Ok(edits) if self.has_too_many(&edits) => {
                    verdict = reply(552, (5, 3, 4), "Too many header fields of the message would have to be changed");
                }
                Ok(edits) => modifications = edits,
                Err(detail) => {
                    if let Some(open) = &mut self.open {
                        open.fail(EDIT_REFUSED, detail);
                    }
                    verdict = temporary_failure();
                }
            }
        }
        let message = self.finish(&verdict, &modifications, macros).await;
        Decision { modifications, verdict, message }
    }

    /// The message is given up: by ABORT, by a new MAIL, by the end of the connection.
    pub async fn abort(&mut self, macros: &MacroTable) {
        match self.open.as_mut().map(|open| open.refused.take()) {
            Some(Some(refused)) => drop(self.finish(&refused, &[], macros).await),
            Some(None) => drop(self.close(MessageEnd::Abort, None, &[], macros).await),
            None => {}
        }
    }

    /// The filter at work took too long and its future was dropped: a temporary failure, and a failure in the report.
    pub fn overrun(&mut self, macros: &MacroTable) -> Verdict {
        let at = self.current.take().and_then(|at| self.pipeline.entries.get(at));
        let filter = at.map_or(PIPELINE, |(entry, _)| entry.filter.name());
        let verdict = temporary_failure();
        if let Some(mut open) = self.open.take() {
            let detail = "took longer than its deadline".to_owned();
            open.report.failures.push(FilterFailure { filter, code: "deadline", detail });
            self.write_record(open, MessageEnd::Tempfail, &verdict, &[], macros);
            self.reset_filters();
        }
        verdict
    }

    /// The record of the message that has ended since the last call, if one has.
    pub fn take_record(&mut self) -> Option<Box<Record>> {
        self.record.take()
    }

    /// True while a message is open.
    pub fn in_message(&self) -> bool {
        self.open.is_some()
    }

    /// Counts an address of the envelope. False if the envelope gets too large; then the message will be refused.
    fn has_room(&mut self, address: &Address) -> bool {
        let most = self.pipeline.settings.bounds.envelope_octets;
        let Some(open) = &mut self.open else { return false };
        let octets = |part: &Bytes| part.len() + ENVELOPE_PART_OCTETS;
        let taken = octets(&address.path) + address.arguments.iter().map(octets).sum::<usize>();
        open.envelope_octets = open.envelope_octets.saturating_add(taken);
        if open.envelope_octets > most && open.held.is_none() {
            open.fail(ENVELOPE_TOO_LARGE, format!("over limits.envelope_size = {most}"));
            open.held = Some(too_many_recipients());
        }
        open.envelope_octets <= most
    }

    fn ensure_started(&mut self) {
        if self.filters.len() != self.pipeline.entries.len() {
            let start = |(entry, _): &(PipelineEntry, Needs)| RunningFilter {
                session: entry.filter.start(),
                done: false,
                enough: false,
            };
            self.filters = self.pipeline.entries.iter().map(start).collect();
        }
    }

    /// Tells all filters that look at a step of it.
    async fn step(&mut self, step: Steps, call: FilterCall<'_>, macros: &MacroTable) -> Verdict {
        let held = match &self.open {
            Some(open) => open.held.is_some(),
            None => self.held.is_some(),
        };
        if held || !self.pipeline.union.sees.contains(step) {
            return self.say(step, Verdict::Continue);
        }
        self.ensure_started();
        let verdict = self.ask_all(step, &call, macros).await;
        self.say(step, verdict)
    }

    /// The verdict that may be answered at a step. A refusal that can't be answered now is held back.
    fn say(&mut self, step: Steps, verdict: Verdict) -> Verdict {
        let answers = self.pipeline.union.answers.contains(step);
        let held = match &mut self.open {
            Some(open) => &mut open.held,
            None => &mut self.held,
        };
        if verdict.is_refusal() {
            if answers {
                return verdict;
            }
            held.get_or_insert(verdict);
        }
        match held {
            // A recipient's answer does not end the message.
            Some(held) if answers && step != Steps::RCPT => held.clone(),
            _ => Verdict::Continue,
        }
    }
}

impl OpenMessage {
    fn fail(&mut self, code: &'static str, detail: String) {
        self.report.failures.push(FilterFailure { filter: PIPELINE, code, detail });
    }
}

fn too_many_recipients() -> Verdict {
    reply(452, (4, 5, 3), "Too many recipients; send the rest in another message")
}

fn temporary_failure() -> Verdict {
    reply(451, (4, 3, 0), "The mail filter of this server has a problem; try again later")
}

fn reply(code: u16, enhanced: (u8, u16, u16), text: &str) -> Verdict {
    Reply::new(code, enhanced, text).map_or(Verdict::TempFail, Verdict::Reply)
}
