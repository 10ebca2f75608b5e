//! Deadlines: idle connections, and the MTA's patience at end of message.

use std::time::{Duration, Instant};

use bytes::BytesMut;

use super::Session;
use crate::action::Action;
use crate::command::CommandKind;
use crate::encode;

/// What the time has come for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Tick {
    /// Nothing yet.
    Waiting,
    /// "Still working" has been written to the buffer: send it.
    Progress,
    /// Nobody has said anything for too long: close the connection.
    Idle,
}

impl Session {
    /// When [`Session::tick`] must be called next. Moves with each command and reply.
    pub fn deadline(&self) -> Instant {
        let idle = after(self.last_activity, self.limits.idle);
        if self.wants_progress() { idle.min(after(self.last_progress, self.limits.progress)) } else { idle }
    }

    /// Does what the time has come for. Calling it early is harmless.
    pub fn tick(&mut self, now: Instant, out: &mut BytesMut) -> Tick {
        if now >= after(self.last_activity, self.limits.idle) {
            return Tick::Idle;
        }
        let due = self.wants_progress() && now >= after(self.last_progress, self.limits.progress);
        if due && encode::action(&Action::Progress, true, out).is_ok() {
            self.last_progress = now;
            return Tick::Progress;
        }
        Tick::Waiting
    }

    /// Only at end of message: elsewhere Sendmail takes it for a wrong reply (milter.c milter_send_command). Not between
    /// the pieces of a body: they must follow each other.
    fn wants_progress(&self) -> bool {
        self.due == Some(CommandKind::EndOfMessage) && !self.body_begun
    }
}

/// A time so far off that it can't be told is a year away.
fn after(start: Instant, wait: Duration) -> Instant {
    let year = Duration::from_secs(365 * 86_400);
    start.checked_add(wait.min(year)).unwrap_or(start)
}
