//! How a message ends.

use postseal_protocol::Verdict;

/// How a message ended: told to every filter of the message, and the word in log and metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum MessageEnd {
    /// Accepted.
    Accept,
    /// Accepted, and put on hold.
    Quarantine,
    /// Refused for good.
    Reject,
    /// Refused for now.
    Tempfail,
    /// Accepted from the client and dropped.
    Discard,
    /// Given up by the client or the MTA.
    Abort,
}

impl MessageEnd {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Accept, Self::Quarantine, Self::Reject, Self::Tempfail, Self::Discard, Self::Abort];

    /// The word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// True if the MTA was told to accept the message.
    pub fn is_accepted(self) -> bool {
        matches!(self, Self::Accept | Self::Quarantine)
    }

    pub(crate) fn of(verdict: &Verdict, quarantined: bool) -> Self {
        match verdict {
            Verdict::Continue | Verdict::Accept if quarantined => Self::Quarantine,
            Verdict::Continue | Verdict::Accept => Self::Accept,
            Verdict::Discard => Self::Discard,
            Verdict::TempFail => Self::Tempfail,
            Verdict::Reply(reply) if reply.is_temporary() => Self::Tempfail,
            Verdict::Reply(_) | Verdict::Reject => Self::Reject,
        }
    }
}
