//! The body's way through the filters: streamed as it comes, or kept whole for those that may replace it.

use bytes::Bytes;
use postseal_protocol::{MacroTable, Verdict};

use super::PipelineSession;
use super::ask::{Surroundings, judge};
use crate::filter::{BodyNeed, Flow, Needs, Steps};
use crate::message::Body;
use crate::pipeline::PipelineEntry;

/// The largest piece of a body that filters are shown, as large as MTAs send them.
const MAX_PIECE_OCTETS: usize = 64 << 10;

impl PipelineSession {
    /// Shows a piece of the body to the filters that take it as it comes: all of them, or, while the body is buffered,
    /// those above the first that may replace it.
    pub(super) fn stream(&mut self, chunk: &Bytes, macros: &MacroTable) -> Flow {
        let end = match &self.open {
            Some(open) if open.buffer.is_some() => self.first_buffering(),
            _ => self.filters.len(),
        };
        self.stream_to(0..end, chunk, macros)
    }

    pub(super) fn stream_to(&mut self, range: std::ops::Range<usize>, chunk: &Bytes, macros: &MacroTable) -> Flow {
        let Self { pipeline, connection, filters, open, .. } = self;
        let Some(open) = open else { return Flow::Enough };
        let mut flow = Flow::Enough;
        let surroundings = Surroundings::new(pipeline, connection, macros);
        let all = filters.iter_mut().zip(&pipeline.entries);
        for (running, (entry, needs)) in all.skip(range.start).take(range.len()) {
            let called = needs.is_for(open.direction) && needs.sees.contains(Steps::BODY);
            if running.done || running.enough || !called {
                continue;
            }
            let mut cx = surroundings.context(entry, open.direction, &mut open.report);
            match running.session.body_chunk(&mut cx, chunk) {
                Ok(Flow::More) => flow = Flow::More,
                Ok(Flow::Enough) => running.enough = true,
                Err(error) => {
                    let verdict = judge(running, entry, &mut open.report, Err(error));
                    if verdict != Verdict::Continue {
                        open.held = Some(verdict);
                        return Flow::Enough;
                    }
                }
            }
        }
        flow
    }

    pub(super) fn first_buffering(&self) -> usize {
        let buffers = |(_, needs): &(PipelineEntry, Needs)| matches!(needs.body, BodyNeed::Buffer { .. });
        self.pipeline.entries.iter().position(buffers).unwrap_or(self.pipeline.entries.len())
    }

    /// Over the largest bound, nobody gets the body whole, and the filters that were kept waiting for it are shown the
    /// pieces after all.
    pub(super) fn spill_if_too_large(&mut self, macros: &MacroTable) {
        let BodyNeed::Buffer { max_octets } = self.pipeline.union.body else {
            return;
        };
        let waiting = self.first_buffering()..self.filters.len();
        let Some(open) = &mut self.open else { return };
        if open.body_octets <= max_octets as u64 {
            return;
        }
        open.message.set_body(Body::TooLarge);
        let mut body = Bytes::from(open.buffer.take().unwrap_or_default());
        while !body.is_empty() {
            let piece = body.split_to(body.len().min(MAX_PIECE_OCTETS));
            self.stream_to(waiting.clone(), &piece, macros);
        }
    }

    pub(super) fn join_buffer(&mut self) {
        let Some(open) = &mut self.open else { return };
        if let Some(body) = open.buffer.take() {
            open.message.set_body(Body::Whole(body.into()));
        }
    }
}
