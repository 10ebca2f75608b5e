//! Deadlines: idle connections, and the MTA's patience at end of message.

use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::{Session, Tick};
use crate::action::Action;
use crate::command::CommandKind;
use crate::encode;

/// A wait longer than this is cut to it, so that the sum of a time and a wait cannot overflow.
const MAX_WAIT: Duration = Duration::from_secs(365 * 86_400);

impl Session {
    /// The time at which [`Session::tick`] must be called next. It moves with each command and reply.
    pub fn deadline(&self) -> Instant {
        let idle = after(self.last_activity, self.bounds.idle);
        if self.wants_progress() { idle.min(after(self.last_progress, self.bounds.progress)) } else { idle }
    }

    /// Writes "still working" if that is due, or tells that the connection is idle. An early call does nothing.
    pub fn tick(&mut self, now: Instant, out: &mut BytesMut) -> Tick {
        if now >= after(self.last_activity, self.bounds.idle) {
            return Tick::Idle;
        }
        let due = self.wants_progress() && now >= after(self.last_progress, self.bounds.progress);
        if due && encode::action(&Action::Progress, true, out).is_ok() {
            self.last_progress = now;
            return Tick::Progress;
        }
        Tick::Waiting
    }

    /// True if "still working" may be sent: only at end of message, because Sendmail takes it for a wrong reply elsewhere
    /// (milter.c milter_send_command), and not between the pieces of a new body, which must follow each other.
    fn wants_progress(&self) -> bool {
        self.due == Some(CommandKind::EndOfMessage) && !self.body_begun
    }
}

fn after(start: Instant, wait: Duration) -> Instant {
    start + wait.min(MAX_WAIT)
}
