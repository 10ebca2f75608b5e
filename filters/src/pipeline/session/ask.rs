//! How filters are asked, and the meaning of their answers.

use postseal_protocol::{Address, HeaderField, MacroTable, Verdict};

use super::{PipelineSession, RunningFilter, reply, temporary_failure};
use crate::clock::Clock;
use crate::connection::{ClientConnection, Direction};
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
    pub(super) async fn ask_all(&mut self, step: Steps, call: &FilterCall<'_>, macros: &MacroTable) -> Verdict {
        let Self { pipeline, connection, filters, open, current, .. } = self;
        let surroundings = Surroundings::new(pipeline, connection, macros);
        let mut outside = Report::default();
        for (at, (running, (entry, needs))) in filters.iter_mut().zip(&pipeline.entries).enumerate() {
            let left_out = open.as_ref().is_some_and(|open| !needs.is_for(open.direction));
            if running.done || left_out || !needs.sees.contains(step) {
                continue;
            }
            *current = Some(at);
            let (message, report, direction) = match open {
                Some(open) => (Some(&mut open.message), &mut open.report, open.direction),
                None => (None, &mut outside, None),
            };
            let mut cx = surroundings.context(entry, direction, report);
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
        let surroundings = Surroundings::new(pipeline, connection, macros);
        for (running, (entry, needs)) in filters.iter_mut().zip(&pipeline.entries) {
            if running.done || !needs.is_for(open.direction) || !needs.sees.contains(Steps::HEADER) {
                continue;
            }
            let mut cx = surroundings.context(entry, open.direction, &mut open.report);
            let result = running.session.header(&mut cx, field);
            let verdict = judge(running, entry, &mut open.report, result);
            if verdict != Verdict::Continue {
                open.held = Some(verdict);
                return;
            }
        }
    }
}

/// What a filter may know beside the message, the same for all filters of a step.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    connection: &'a ClientConnection,
    macros: &'a MacroTable,
    clock: &'a dyn Clock,
}

impl<'a> Surroundings<'a> {
    pub(super) fn new(pipeline: &'a Pipeline, connection: &'a ClientConnection, macros: &'a MacroTable) -> Self {
        Self { connection, macros, clock: &*pipeline.settings.clock }
    }

    /// The context in which one filter is called.
    pub(super) fn context<'b>(
        self, entry: &PipelineEntry, direction: Option<Direction>, report: &'b mut Report,
    ) -> Context<'b>
    where
        'a: 'b,
    {
        let Self { connection, macros, clock } = self;
        Context { connection, macros, direction, clock, report, filter: entry.filter.name() }
    }
}

/// What one filter's answer means for the message.
pub(super) fn judge(
    running: &mut RunningFilter, entry: &PipelineEntry, report: &mut Report, result: Result<Verdict, FilterError>,
) -> Verdict {
    match result {
        Ok(Verdict::Accept) => {
            running.done = true;
            Verdict::Continue
        }
        Ok(verdict) => verdict,
        Err(error) => {
            let failure = FilterFailure { filter: entry.filter.name(), code: error.code, detail: error.detail };
            report.failures.push(failure);
            match entry.on_error {
                OnError::Tempfail => temporary_failure(),
                OnError::Reject => reply(554, (5, 3, 0), "The mail filter of this server can't process this message"),
                OnError::Pass => {
                    running.done = true;
                    Verdict::Continue
                }
            }
        }
    }
}
