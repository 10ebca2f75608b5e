//! Each event of the dialogue goes to the filters, and their answer to the MTA.

use bytes::Bytes;
use postseal_filters::Flow;
use postseal_protocol::{Action, Event, ProtocolFlags, Received, SessionError, Verdict};
use tokio::time::timeout;

use super::{Closed, MilterConnection};

impl MilterConnection {
    pub(super) async fn handle(&mut self, Received { ended, event }: Received) -> Result<(), Closed> {
        if ended.is_some() {
            self.give_up().await;
        }
        match event {
            Event::Negotiate => {
                let accepted = self.session.accept_offer(self.woken, &mut self.output).map_err(refused);
                self.tell_what_is_agreed();
                return accepted;
            }
            Event::Header(field) => self.filters.header(field, self.session.macros()),
            Event::BodyChunk(chunk) => return self.body_chunk(chunk),
            Event::EndOfMessage(chunk) => return self.end_of_message(chunk).await,
            Event::QuitNewConnection => {
                self.filters = self.pipeline.start();
                self.tell_what_is_agreed();
            }
            Event::Macros | Event::Abort | Event::Quit | Event::Unknown(_) => {}
            event => return self.step(event).await,
        }
        self.reply(Verdict::Continue)
    }

    fn tell_what_is_agreed(&mut self) {
        let agreed = self.session.negotiated().map(|negotiated| negotiated.protocol);
        self.filters.set_exact_values(agreed.is_some_and(|agreed| agreed.contains(ProtocolFlags::LEADING_SPACE)));
    }

    /// Asks the filters at a step that they may take their time for, and may answer.
    async fn step(&mut self, event: Event) -> Result<(), Closed> {
        let Self { filters, session, bounds, .. } = self;
        let macros = session.macros();
        let work = async {
            match event {
                Event::Connect(client) => filters.connect(client, macros).await,
                Event::Helo(name) => filters.helo(name, macros).await,
                Event::Mail(sender) => filters.mail(sender, macros).await,
                Event::Rcpt(recipient) => filters.rcpt(recipient, macros).await,
                Event::RejectedRcpt(recipient) => filters.rejected_rcpt(recipient, macros).await,
                Event::Data => filters.data(macros).await,
                Event::EndOfHeaders => filters.end_of_headers(macros).await,
                _ => Verdict::Continue,
            }
        };
        let verdict = match timeout(bounds.filter_timeout, work).await {
            Ok(verdict) => verdict,
            Err(_) => filters.overrun(macros),
        };
        self.take_record();
        self.reply(verdict)
    }

    fn body_chunk(&mut self, chunk: Bytes) -> Result<(), Closed> {
        let flow = self.filters.body_chunk(chunk, self.session.macros());
        if flow == Flow::Enough
            && self.session.reply_due()
            && self.session.send(Action::Skip, self.woken, &mut self.output).is_ok()
        {
            return Ok(());
        }
        self.reply(Verdict::Continue)
    }

    pub(super) fn reply(&mut self, verdict: Verdict) -> Result<(), Closed> {
        if !self.session.reply_due() {
            return Ok(());
        }
        self.session.send(Action::Verdict(verdict), self.woken, &mut self.output).map_err(refused)
    }
}

/// The session has refused an answer. That is a mistake in this program, and the dialogue can't go on.
fn refused(error: SessionError) -> Closed {
    Closed::Protocol(error.into())
}
