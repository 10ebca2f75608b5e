//! Waiting for the MTA. The wait ends with input, a time limit, or the end of the service.

use std::io;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use postseal_protocol::Tick;
use tokio::sync::watch;
use tokio::time::sleep_until;

use super::{Closed, MilterConnection};

/// The event that ended the wait.
pub(super) enum Woken {
    Input,
    Deadline,
    Drain,
}

impl MilterConnection {
    pub(super) async fn wait(&mut self, drain: &mut watch::Receiver<bool>) -> io::Result<Woken> {
        if self.input.is_empty() {
            self.input = BytesMut::new();
        }
        let packet = self.packet_since.and_then(|since| since.checked_add(self.bounds.frame_timeout));
        let idle = self.session.deadline();
        let deadline = packet.map_or(idle, |packet| packet.min(idle));
        let between_messages = !self.filters.in_message();
        tokio::select! {
            biased;
            readable = self.stream.readable() => readable.map(|()| Woken::Input),
            () = drained(drain, &mut self.end, self.bounds.drain_idle), if between_messages => Ok(Woken::Drain),
            () = sleep_until(deadline.into()) => Ok(Woken::Deadline),
        }
    }

    /// Why the connection ends at this deadline, if it does.
    pub(super) fn expire(&mut self) -> Option<Closed> {
        let now = Instant::now();
        let slow = |since: Instant| now.duration_since(since) >= self.bounds.frame_timeout;
        if self.packet_since.is_some_and(slow) {
            return Some(Closed::SlowPacket);
        }
        (self.session.tick(now, &mut self.output) == Tick::Idle).then_some(Closed::Idle)
    }
}

/// Waits until the service stops, and then for as long as a connection between messages may stay open.
async fn drained(drain: &mut watch::Receiver<bool>, end: &mut Option<Instant>, patience: Duration) {
    let _ = drain.wait_for(|draining| *draining).await;
    let end = *end.get_or_insert_with(|| Instant::now() + patience);
    sleep_until(end.into()).await;
}
