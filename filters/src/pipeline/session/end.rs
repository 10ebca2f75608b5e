//! How a message ends: the filters' last word, the edits, the record.

use std::sync::Arc;

use bytes::Bytes;
use postseal_protocol::{MacroTable, Modification, Verdict};

use super::ask::{Surroundings, judge};
use super::{OpenMessage, PipelineSession, TOO_MANY_EDITS, temporary_failure};
use crate::filter::BodyNeed;
use crate::message::{Body, EditNote, Message, MessageEnd};
use crate::pipeline::record::Record;

impl PipelineSession {
    /// Asks each filter at end of message. Those below one that may replace the body are shown the body only now.
    pub(super) async fn decide(&mut self, macros: &MacroTable) -> Verdict {
        let first_buffering = self.first_buffering();
        for at in 0..self.filters.len() {
            self.current = Some(at);
            let body = self.open.as_ref().map(|open| open.message.body());
            if at >= first_buffering
                && let Some(Body::Whole(body)) = &body
            {
                self.stream_to(at..at + 1, body, macros);
            }
            let Self { pipeline, connection, filters, open, .. } = self;
            let (Some(open), Some(running), Some((entry, needs))) =
                (open, filters.get_mut(at), pipeline.entries.get(at))
            else {
                return temporary_failure();
            };
            if let Some(held) = open.held.take() {
                return held;
            }
            if running.done {
                continue;
            }
            let surroundings = Surroundings::new(pipeline, connection, macros);
            if !needs.is_for(open.direction) {
                let mut cx = surroundings.context(entry, open.direction, &mut open.report);
                needs.left_out.into_iter().for_each(|code| cx.note(code));
                continue;
            }
            let too_large = matches!((needs.body, &body), (BodyNeed::Buffer { max_octets }, Some(Body::Whole(body)))
                if body.len() > max_octets);
            if too_large {
                open.message.set_body(Body::TooLarge);
            }
            let mut cx = surroundings.context(entry, open.direction, &mut open.report);
            let result = running.session.end_of_message(&mut cx, &mut open.message).await;
            if let (true, Some(body)) = (too_large, body) {
                open.message.set_body(body);
            }
            match judge(running, entry, &mut open.report, result) {
                Verdict::Continue => {}
                verdict => return verdict,
            }
        }
        self.current = None;
        Verdict::Continue
    }

    /// The edits, if every one of them was negotiated.
    pub(super) fn modifications(&self) -> Result<Vec<Modification>, String> {
        let Some(open) = &self.open else {
            return Ok(Vec::new());
        };
        let modifications = open.message.modifications().map_err(|error| error.to_string())?;
        match modifications.iter().find(|edit| !self.pipeline.union.edits.contains(edit.needs())) {
            Some(edit) => Err(format!("{edit:?} is not among the edits that its filter declared")),
            None => Ok(modifications),
        }
    }

    /// True if the edits change more fields than the MTA can be asked to search for.
    pub(super) fn has_too_many(&mut self, edits: &[Modification]) -> bool {
        let most = self.pipeline.settings.bounds.header_edits;
        let changes = edits.iter().filter(|edit| matches!(edit, Modification::ChangeHeader { .. })).count();
        if let (true, Some(open)) = (changes > most, &mut self.open) {
            open.fail(TOO_MANY_EDITS, format!("{changes} changed fields, more than limits.header_edits = {most}"));
        }
        changes > most
    }

    pub(super) async fn close_if_refused(&mut self, verdict: &Verdict, macros: &MacroTable) {
        if verdict.is_refusal() {
            self.finish(verdict, &[], macros).await;
        }
    }

    pub(super) async fn finish(
        &mut self, verdict: &Verdict, modifications: &[Modification], macros: &MacroTable,
    ) -> Option<Message> {
        let quarantined = self.open.as_ref().is_some_and(|open| open.message.is_quarantined());
        let end = MessageEnd::of(verdict, quarantined);
        self.close(end, Some(verdict), modifications, macros).await
    }

    pub(super) async fn close(
        &mut self, end: MessageEnd, verdict: Option<&Verdict>, modifications: &[Modification], macros: &MacroTable,
    ) -> Option<Message> {
        let Self { pipeline, connection, filters, open, current, .. } = self;
        if let Some(open) = open {
            let surroundings = Surroundings::new(pipeline, connection, macros);
            for (at, (running, (entry, needs))) in filters.iter_mut().zip(&pipeline.entries).enumerate() {
                if !needs.is_for(open.direction) {
                    continue;
                }
                *current = Some(at);
                let mut cx = surroundings.context(entry, open.direction, &mut open.report);
                running.session.finish(&mut cx, &open.message, end).await;
            }
            *current = None;
        }
        self.reset_filters();
        let open = self.open.take()?;
        Some(self.write_record(open, end, verdict.unwrap_or(&Verdict::Continue), modifications, macros))
    }

    pub(super) fn reset_filters(&mut self) {
        for running in &mut self.filters {
            running.session.reset();
            running.done = false;
            running.enough = false;
        }
    }

    pub(super) fn write_record(
        &mut self, open: Box<OpenMessage>, end: MessageEnd, verdict: &Verdict, modifications: &[Modification],
        macros: &MacroTable,
    ) -> Message {
        let value = |name| macros.get(name).filter(|value: &&Bytes| !value.is_empty()).cloned();
        let mail_from = open.message.envelope.received_sender().map_or(&b""[..], |sender| sender.mailbox());
        self.record = Some(Box::new(Record {
            listener: Arc::clone(&self.pipeline.settings.listener),
            queue_id: value("i"),
            client: self.connection.ip(),
            user: value("{auth_authen}"),
            direction: open.direction,
            mail_from: Bytes::copy_from_slice(mail_from),
            rcpt_count: open.message.envelope.received_recipients().len(),
            message_id: open.message_id,
            size: (open.header_octets as u64).saturating_add(open.body_octets),
            end,
            reply: if let Verdict::Reply(reply) = verdict { Some(reply.clone()) } else { None },
            edits: modifications.iter().map(EditNote::of).collect(),
            report: open.report,
            duration: std::time::Duration::ZERO,
        }));
        open.message
    }
}
