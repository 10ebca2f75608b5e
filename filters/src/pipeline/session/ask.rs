//! How filters are asked, and what their answers mean.

use postseal_protocol::{Address, HeaderField, MacroTable, Verdict};

use super::{OpenMessage, PipelineSession, RunningFilter, reply, temporary_failure};
use crate::connection::ClientConnection;
use crate::filter::{Context, FilterError, Steps};
use crate::pipeline::{OnError, Pipeline, PipelineEntry};
use crate::report::{FilterFailure, Report};

/// One step that all filters are told of.
pub(super) enum FilterCall<'a> {
    Connect,
    Helo(&'a [u8]),
    Mail(&'a Address),
    Rcpt(&'a Address),
    RejectedRcpt(&'a Address),
    Data,
    EndOfHeaders,
}

impl PipelineSession {
    /// Tells each filter in turn; the first answer that is not Continue is the answer of all.
    pub(super) async fn ask_all(
        &mut self,
        step: Steps,
        call: &FilterCall<'_>,
        macros: &MacroTable,
    ) -> Verdict {
        let Self { pipeline, connection, filters, open, current, .. } = self;
        let mut outside = Report::default();
        for (at, (running, (entry, needs))) in filters.iter_mut().zip(&pipeline.entries).enumerate() {
            if running.done || !needs.sees.contains(step) {
                continue;
            }
            *current = Some(at);
            let (message, report, origin) = match open {
                Some(open) => (Some(&mut open.message), &mut open.report, open.origin),
                None => (None, &mut outside, None),
            };
            let clock = &*pipeline.settings.clock;
            let filter = entry.filter.name();
            let mut cx = Context { connection, macros, origin, clock, report, filter };
            let session = &mut running.session;
            let result = match (call, message) {
                (FilterCall::Connect, _) => session.connect(&mut cx).await,
                (FilterCall::Helo(name), _) => session.helo(&mut cx, name).await,
                (FilterCall::Mail(sender), _) => session.mail(&mut cx, sender).await,
                (FilterCall::Rcpt(recipient), _) => session.rcpt(&mut cx, recipient).await,
                (FilterCall::RejectedRcpt(recipient), _) => {
                    session.rejected_rcpt(&mut cx, recipient).await.map(|()| Verdict::Continue)
                }
                (FilterCall::Data, _) => session.data(&mut cx).await,
                (FilterCall::EndOfHeaders, Some(message)) => session.end_of_headers(&mut cx, message).await,
                (FilterCall::EndOfHeaders, None) => Ok(Verdict::Continue),
            };
            match judge(running, entry, report, result) {
                Verdict::Continue => {}
                verdict => return verdict,
            }
        }
        *current = None;
        Verdict::Continue
    }

    pub(super) fn header_to_filters(&mut self, field: &HeaderField, macros: &MacroTable) {
        let Self { pipeline, connection, filters, open, .. } = self;
        let Some(open) = open else { return };
        for (running, (entry, needs)) in filters.iter_mut().zip(&pipeline.entries) {
            if running.done || !needs.sees.contains(Steps::HEADER) {
                continue;
            }
            let mut cx = open.context(pipeline, connection, macros, entry);
            let result = running.session.header(&mut cx, field);
            let verdict = judge(running, entry, &mut open.report, result);
            if verdict != Verdict::Continue {
                open.held = Some(verdict);
                return;
            }
        }
    }
}

impl OpenMessage {
    pub(super) fn context<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        connection: &'a ClientConnection,
        macros: &'a MacroTable,
        entry: &PipelineEntry,
    ) -> Context<'a> {
        let clock = &*pipeline.settings.clock;
        Context {
            connection,
            macros,
            origin: self.origin,
            clock,
            report: &mut self.report,
            filter: entry.filter.name(),
        }
    }
}

/// What one filter's answer means for the message.
pub(super) fn judge(
    running: &mut RunningFilter,
    entry: &PipelineEntry,
    report: &mut Report,
    result: Result<Verdict, FilterError>,
) -> Verdict {
    match result {
        Ok(Verdict::Accept) => {
            running.done = true;
            Verdict::Continue
        }
        Ok(verdict) => verdict,
        Err(error) => {
            let failure =
                FilterFailure { filter: entry.filter.name(), code: error.code, detail: error.detail };
            report.failures.push(failure);
            match entry.on_error {
                OnError::Tempfail => temporary_failure(),
                OnError::Reject => {
                    reply(554, (5, 3, 0), "The mail filter of this server can't process this message")
                }
                OnError::Pass => {
                    running.done = true;
                    Verdict::Continue
                }
            }
        }
    }
}
