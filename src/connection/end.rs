//! The end of a message: the decision of the filters, their edits, and the record.

use std::pin::pin;
use std::time::{Duration, Instant};

use bytes::Bytes;
use postseal_filters::Decision;
use postseal_protocol::{Action, MacroTable, Tick, Verdict};
use tokio::time::{sleep, sleep_until, timeout};

use super::{Closed, MilterConnection, write};

impl MilterConnection {
    pub(super) async fn end_of_message(&mut self, chunk: Option<Bytes>) -> Result<(), Closed> {
        // A copy, because telling the MTA of progress changes the session. Its values are shared.
        let macros = self.session.macros().clone();
        if let Some(chunk) = chunk {
            self.filters.body_chunk(chunk, &macros);
        }
        let (verdict, edits) = match self.decide(&macros).await? {
            Some(decision) => (decision.verdict, decision.modifications),
            None => (self.filters.overrun(&macros), Vec::new()),
        };
        self.take_record();
        let before = self.output.len();
        for edit in edits {
            if let Err(error) = self.session.send(Action::Modify(edit), self.woken, &mut self.output) {
                // No edit goes out: half of them are worse than none.
                self.output.truncate(before);
                if let Some(record) = &mut self.record {
                    record.edits_refused(error.to_string());
                }
                return self.reply(Verdict::TempFail);
            }
        }
        self.reply(verdict)
    }

    /// Waits for the filters, and tells the MTA of progress meanwhile. `None` if they take too long.
    async fn decide(&mut self, macros: &MacroTable) -> Result<Option<Decision>, Closed> {
        let Self { filters, session, output, stream, bounds, .. } = self;
        let mut work = pin!(filters.end_of_message(macros));
        let mut overrun = pin!(sleep(bounds.end_of_message_timeout));
        loop {
            tokio::select! {
                biased;
                decision = &mut work => return Ok(Some(decision)),
                () = &mut overrun => return Ok(None),
                () = sleep_until(session.deadline().into()) => {
                    if session.tick(Instant::now(), output) == Tick::Progress {
                        write(stream, output, bounds.frame_timeout).await?;
                    }
                }
            }
        }
    }

    /// Ends a message that the MTA has given up, or that the end of the connection leaves behind.
    pub(super) async fn give_up(&mut self) {
        if self.filters.in_message() {
            let macros = self.session.macros();
            if timeout(self.bounds.filter_timeout, self.filters.abort(macros)).await.is_err() {
                self.filters.overrun(macros);
            }
            self.take_record();
            self.tell();
        }
    }

    /// Takes the record of a message that has just ended, if one has.
    pub(super) fn take_record(&mut self) {
        if let Some(mut record) = self.filters.take_record() {
            record.duration = self.busy + self.woken.elapsed();
            self.busy = Duration::ZERO;
            self.record = Some(record);
        }
    }

    /// Hands the record of the last message to the observer.
    pub(super) fn tell(&mut self) {
        if let Some(record) = self.record.take() {
            self.observer.message(*record);
        }
    }
}
