//! One MTA connection: socket, [`Session`] and [`PipelineSession`] brought together.
//!
//! Each round reads what is there, takes every complete command through the session to the filters, and writes all
//! answers at once. Three time-outs are kept here: for an MTA that says nothing, for a packet that does not arrive,
//! and for a filter that takes too long. While nothing happens a connection keeps no buffer.

mod dialogue;
mod end;
mod wait;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use postseal_filters::{Pipeline, PipelineSession, Record};
use postseal_protocol::{Event, Session};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::stream::MtaStream;
use wait::Woken;

const SMALL_READ_OCTETS: usize = 8 << 10;
const LARGE_READ_OCTETS: usize = 72 << 10;

/// The bounds and times of each connection of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionBounds {
    /// Bounds of the protocol.
    pub protocol: postseal_protocol::WireBounds,
    /// How long a packet may take once it has begun.
    pub frame_timeout: Duration,
    /// How long filters may take before end of message.
    pub filter_timeout: Duration,
    /// How long filters may take at end of message.
    pub end_of_message_timeout: Duration,
    /// How long a connection between messages stays open when the service stops.
    pub drain_idle: Duration,
}

/// Takes the records of finished messages.
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
    stream: MtaStream, pipeline: Arc<Pipeline>, bounds: ConnectionBounds, observer: Arc<dyn ConnectionObserver>,
    drain: watch::Receiver<bool>,
) -> Closed {
    let now = Instant::now();
    let mut connection = MilterConnection {
        session: Session::new(pipeline.wanted(), bounds.protocol, now),
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
        bounds,
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
    /// When the incomplete packet in `input` began.
    packet_since: Option<Instant>,
    /// When the connection is closed because the service stops, unless a message is in flight.
    end: Option<Instant>,
    /// When the current round of work began.
    woken: Instant,
    /// The time that earlier rounds spent on the current message.
    busy: Duration,
    /// A message that has ended. The observer gets the record once the reply is out.
    record: Option<Box<Record>>,
    bounds: ConnectionBounds,
    observer: Arc<dyn ConnectionObserver>,
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
            self.busy = if self.filters.in_message() { self.busy + self.woken.elapsed() } else { Duration::ZERO };
        }
    }

    /// Reads once. The buffer is small at first: most packets fit, and one that does not is a piece of a body.
    async fn read(&mut self) -> io::Result<Option<usize>> {
        let small = self.input.len() < SMALL_READ_OCTETS;
        self.input.reserve(if small { SMALL_READ_OCTETS } else { LARGE_READ_OCTETS });
        self.stream.read_now(&mut self.input).await
    }

    /// Takes every complete command through, and writes the answers.
    async fn work(&mut self) -> Result<(), Closed> {
        while let Some(received) = self.session.receive(&mut self.input, self.woken).map_err(Closed::Protocol)? {
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
        if !self.input.is_empty() {
            self.packet_since.get_or_insert(self.woken);
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        write(&self.stream, &mut self.output, self.bounds.frame_timeout).await
    }
}

/// Writes all output, and gives its buffer back.
async fn write(stream: &MtaStream, output: &mut BytesMut, patience: Duration) -> Result<(), Closed> {
    let output = std::mem::take(output);
    match timeout(patience, stream.write_all(&output)).await {
        Ok(written) => written.map_err(Closed::Io),
        Err(_) => Err(Closed::SlowPacket),
    }
}
