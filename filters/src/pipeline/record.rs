//! The one record of a finished message: the log line, the metrics and `explain` are views of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use postseal_protocol::{Reply, Verdict};

use crate::connection::Origin;
use crate::message::EditNote;
use crate::report::Report;

/// A finished message.
#[derive(Clone, Debug)]
pub struct Record {
    /// Name of the listener.
    pub listener: Arc<str>,
    /// Queue id of the MTA, if it told one.
    pub queue_id: Option<Bytes>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The authenticated user.
    pub user: Option<Bytes>,
    /// Why the message is ours.
    pub origin: Option<Origin>,
    /// The reverse-path as received, without brackets.
    pub mail_from: Bytes,
    /// Number of recipients that were not refused.
    pub rcpt_count: usize,
    /// The Message-ID field as received.
    pub message_id: Option<Bytes>,
    /// Octets of header section and body that were seen.
    pub size: u64,
    /// How it ended.
    pub summary: Summary,
    /// The reply, where it was our own.
    pub reply: Option<Reply>,
    /// What was edited.
    pub edits: Vec<EditNote>,
    /// What the filters had to say.
    pub report: Report,
    /// Our time, from the first command to the final reply; set by whoever drives the session.
    pub duration: Duration,
}

/// How a message ended, as log and metrics name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
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

impl Summary {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Accept, Self::Quarantine, Self::Reject, Self::Tempfail, Self::Discard, Self::Abort];

    /// The word for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
            Self::Tempfail => "tempfail",
            Self::Discard => "discard",
            Self::Abort => "abort",
        }
    }

    pub(super) fn of(verdict: &Verdict, quarantined: bool) -> Self {
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
