//! One MTA connection: socket, [`Session`] and [`PipelineSession`] brought together.
//!
//! Reads what is there, takes every complete command through the session to the filters, and writes all answers of a
//! round at once. Time limits end here: an MTA that says nothing, a packet that does not arrive, a filter that takes
//! too long. While nothing happens a connection keeps no buffer.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use postseal_filters::{EditNote, FilterFailure, MessageEnd, Pipeline, PipelineSession, Record};
use postseal_protocol::{Action, Event, Modification, Received, Session, SessionError, Tick, Verdict};
use tokio::sync::watch;
use tokio::time::{sleep_until, timeout};

use crate::stream::MtaStream;

/// What every connection of a listener goes by.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionLimits {
    /// Bounds of the protocol.
    pub protocol: postseal_protocol::WireBounds,
    /// How long a packet may take once it has begun.
    pub frame_timeout: Duration,
    /// How long filters may take before end of message.
    pub filter_timeout: Duration,
    /// How long filters may take at end of message.
    pub end_of_message_timeout: Duration,
    /// How long a connection between messages is left to itself when the service stops.
    pub drain_idle: Duration,
}

/// Where a connection tells what has happened.
pub trait ConnectionObserver: Send + Sync {
    /// A message has ended.
    fn message(&self, record: Record);
}

/// How a connection ended.
#[derive(Debug)]
pub enum Closed {
    /// The MTA has closed it.
    ByMta,
    /// We have closed it between messages, because the service stops.
    Drained,
    /// The MTA has said nothing for too long.
    Idle,
    /// A packet has not arrived in time.
    SlowPacket,
    /// The MTA has broken the protocol, or we could not agree.
    Protocol(postseal_protocol::Error),
    /// The socket has failed.
    Io(io::Error),
}

/// Serves one connection to its end.
pub async fn serve(
    stream: MtaStream,
    pipeline: Arc<Pipeline>,
    limits: ConnectionLimits,
    observer: Arc<dyn ConnectionObserver>,
    drain: watch::Receiver<bool>,
) -> Closed {
    let now = Instant::now();
    let mut connection = MilterConnection {
        session: Session::new(pipeline.wanted(), limits.protocol, now),
        filters: pipeline.start(),
        pipeline,
        stream,
        input: BytesMut::new(),
        output: BytesMut::new(),
        packet_since: None,
        end: None,
        woken: now,
        busy: Duration::ZERO,
        record: None,
        limits,
        observer,
    };
    let closed = connection.run(drain).await;
    connection.session.end_of_input();
    connection.give_up().await;
    connection.tell();
    closed
}

struct MilterConnection {
    session: Session,
    filters: PipelineSession,
    pipeline: Arc<Pipeline>,
    stream: MtaStream,
    input: BytesMut,
    output: BytesMut,
    /// Since when a packet has been incomplete.
    packet_since: Option<Instant>,
    /// When the connection is closed because the service stops, unless a message is in flight.
    end: Option<Instant>,
    /// Since when we have been at work.
    woken: Instant,
    /// Our time on the current message before that.
    busy: Duration,
    /// A message that has ended, told once its reply is out.
    record: Option<Box<Record>>,
    limits: ConnectionLimits,
    observer: Arc<dyn ConnectionObserver>,
}

enum Woken {
    Input,
    Deadline,
    Drain,
}

impl MilterConnection {
    async fn run(&mut self, mut drain: watch::Receiver<bool>) -> Closed {
        loop {
            match self.wait(&mut drain).await {
                Ok(Woken::Input) => {}
                Ok(Woken::Drain) => return Closed::Drained,
                Ok(Woken::Deadline) => match self.expire() {
                    Some(closed) => return closed,
                    None => continue,
                },
                Err(error) => return Closed::Io(error),
            }
            self.woken = Instant::now();
            match self.read().await {
                Ok(Some(0)) => return Closed::ByMta,
                Ok(Some(_)) => {}
                Ok(None) => continue,
                Err(error) => return Closed::Io(error),
            }
            if let Err(closed) = self.work().await {
                return closed;
            }
            self.busy =
                if self.filters.in_message() { self.busy + self.woken.elapsed() } else { Duration::ZERO };
        }
    }

    async fn wait(&mut self, drain: &mut watch::Receiver<bool>) -> io::Result<Woken> {
        let packet = self.packet_since.and_then(|since| since.checked_add(self.limits.frame_timeout));
        let idle = self.session.deadline();
        let deadline = packet.map_or(idle, |packet| packet.min(idle));
        let between_messages = !self.filters.in_message();
        tokio::select! {
            biased;
            readable = self.stream.readable() => readable.map(|()| Woken::Input),
            () = told_to_end(drain, &mut self.end, self.limits.drain_idle), if between_messages => Ok(Woken::Drain),
            () = sleep_until(deadline.into()) => Ok(Woken::Deadline),
        }
    }

    fn expire(&mut self) -> Option<Closed> {
        let now = Instant::now();
        let slow = |since: Instant| now.duration_since(since) >= self.limits.frame_timeout;
        if self.packet_since.is_some_and(slow) {
            return Some(Closed::SlowPacket);
        }
        (self.session.tick(now, &mut self.output) == Tick::Idle).then_some(Closed::Idle)
    }

    /// Reads once. Small at first: most of what an MTA says fits, and what doesn't is a body.
    async fn read(&mut self) -> io::Result<Option<usize>> {
        self.input.reserve(if self.input.len() < SMALL_READ { SMALL_READ } else { LARGE_READ });
        let read = self.stream.read_now(&mut self.input).await;
        if self.input.is_empty() {
            self.input = BytesMut::new();
        }
        read
    }

    /// Takes every complete command through, and writes the answers.
    async fn work(&mut self) -> Result<(), Closed> {
        loop {
            let received = self.session.receive(&mut self.input, self.woken).map_err(Closed::Protocol)?;
            let Some(received) = received else { break };
            self.packet_since = None;
            let quit = received.event == Event::Quit;
            self.handle(received).await?;
            if quit {
                return Err(Closed::ByMta);
            }
            if self.record.is_some() {
                self.flush().await?;
                self.tell();
            }
        }
        if self.output.is_empty() && self.filters.in_message() {
            self.stream.acknowledge();
        }
        self.flush().await?;
        if self.input.is_empty() {
            self.input = BytesMut::new();
        } else {
            self.packet_since.get_or_insert(self.woken);
        }
        Ok(())
    }

    async fn handle(&mut self, Received { ended, event }: Received) -> Result<(), Closed> {
        if ended.is_some() {
            self.give_up().await;
        }
        match event {
            Event::Negotiate => {
                return self.session.accept_offer(self.woken, &mut self.output).map_err(refused);
            }
            Event::Header(field) => self.filters.header(field, self.session.macros()),
            Event::BodyChunk(chunk) => return self.body_chunk(chunk),
            Event::EndOfMessage(chunk) => return self.end_of_message(chunk).await,
            Event::QuitNewConnection => self.filters = self.pipeline.start(),
            Event::Macros | Event::Abort | Event::Quit | Event::Unknown(_) => {}
            event => return self.step(event).await,
        }
        self.reply(Verdict::Continue)
    }

    /// The steps that filters may take their time for, and may answer.
    async fn step(&mut self, event: Event) -> Result<(), Closed> {
        let Self { filters, session, limits, .. } = self;
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
        let verdict = match timeout(limits.filter_timeout, work).await {
            Ok(verdict) => verdict,
            Err(_) => filters.overrun(macros),
        };
        self.take_record();
        self.reply(verdict)
    }

    fn body_chunk(&mut self, chunk: Bytes) -> Result<(), Closed> {
        let flow = self.filters.body_chunk(chunk, self.session.macros());
        if flow == postseal_filters::Flow::Enough && self.session.reply_due() {
            let skip = self.session.send(Action::Skip, self.woken, &mut self.output);
            if skip.is_ok() {
                return Ok(());
            }
        }
        self.reply(Verdict::Continue)
    }

    async fn end_of_message(&mut self, chunk: Option<Bytes>) -> Result<(), Closed> {
        // A copy, because telling the MTA of progress changes the session. Its values are shared.
        let macros = self.session.macros().clone();
        if let Some(chunk) = chunk {
            self.filters.body_chunk(chunk, &macros);
        }
        let Self { filters, session, output, stream, limits, .. } = self;
        let decision = {
            let mut work = std::pin::pin!(filters.end_of_message(&macros));
            let mut overrun = std::pin::pin!(tokio::time::sleep(limits.end_of_message_timeout));
            loop {
                tokio::select! {
                    biased;
                    decision = &mut work => break Some(decision),
                    () = &mut overrun => break None,
                    () = sleep_until(session.deadline().into()) => {
                        if session.tick(Instant::now(), output) == Tick::Progress {
                            let written = timeout(limits.frame_timeout, stream.write_all(output)).await;
                            written.map_err(|_| Closed::SlowPacket)?.map_err(Closed::Io)?;
                            output.clear();
                        }
                    }
                }
            }
        };
        let (verdict, modifications) = match decision {
            Some(decision) => (decision.verdict, decision.modifications),
            None => (self.filters.overrun(&macros), Vec::new()),
        };
        self.take_record();
        let before = self.output.len();
        if let Err(error) = self.send_edits(modifications) {
            // Nothing of it goes out: half of the edits are worse than none.
            self.output.truncate(before);
            self.edits_refused(&error);
            return self.reply(Verdict::TempFail);
        }
        self.reply(verdict)
    }

    fn send_edits(&mut self, modifications: Vec<Modification>) -> Result<(), SessionError> {
        modifications
            .into_iter()
            .try_for_each(|edit| self.session.send(Action::Modify(edit), self.woken, &mut self.output))
    }

    fn edits_refused(&mut self, error: &SessionError) {
        if let Some(record) = &mut self.record {
            record.end = MessageEnd::Tempfail;
            record.edits = Vec::<EditNote>::new();
            record.report.signatures.clear();
            let failure =
                FilterFailure { filter: "pipeline", code: "edit_refused", detail: error.to_string() };
            record.report.failures.push(failure);
        }
    }

    fn reply(&mut self, verdict: Verdict) -> Result<(), Closed> {
        if !self.session.reply_due() {
            return Ok(());
        }
        self.session.send(Action::Verdict(verdict), self.woken, &mut self.output).map_err(refused)
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        match timeout(self.limits.frame_timeout, self.stream.write_all(&output)).await {
            Ok(written) => written.map_err(Closed::Io),
            Err(_) => Err(Closed::SlowPacket),
        }
    }

    async fn give_up(&mut self) {
        if self.filters.in_message() {
            let macros = self.session.macros();
            if timeout(self.limits.filter_timeout, self.filters.abort(macros)).await.is_err() {
                self.filters.overrun(macros);
            }
            self.take_record();
            self.tell();
        }
    }

    fn take_record(&mut self) {
        if let Some(mut record) = self.filters.take_record() {
            record.duration = self.busy + self.woken.elapsed();
            self.busy = Duration::ZERO;
            self.record = Some(record);
        }
    }

    fn tell(&mut self) {
        if let Some(record) = self.record.take() {
            self.observer.message(*record);
        }
    }
}

/// Waits until the service stops, and then for the patience to end that a connection between messages finds.
async fn told_to_end(drain: &mut watch::Receiver<bool>, end: &mut Option<Instant>, patience: Duration) {
    let _ = drain.wait_for(|draining| *draining).await;
    let end = *end.get_or_insert_with(|| Instant::now() + patience);
    sleep_until(end.into()).await;
}

/// An answer of ours that the session did not let pass: our fault, and the dialogue can't go on.
fn refused(error: SessionError) -> Closed {
    Closed::Protocol(error.into())
}

const SMALL_READ: usize = 8 << 10;
const LARGE_READ: usize = 72 << 10;
