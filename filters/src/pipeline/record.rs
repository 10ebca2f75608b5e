//! The one record of a finished message: the log line, the metrics and `explain` are views of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use postseal_protocol::Reply;

use super::{EDIT_REFUSED, PIPELINE};
use crate::connection::Direction;
use crate::message::{EditNote, MessageEnd};
use crate::report::{FilterFailure, Report};

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
    /// Which way the message went; `None` if it was neither ours nor incoming.
    pub direction: Option<Direction>,
    /// The reverse-path as received, without brackets.
    pub mail_from: Bytes,
    /// Number of recipients that were not refused.
    pub rcpt_count: usize,
    /// The Message-ID field as received.
    pub message_id: Option<Bytes>,
    /// Octets of header section and body that were seen.
    pub size: u64,
    /// How the message ended.
    pub end: MessageEnd,
    /// The reply, where it was our own.
    pub reply: Option<Reply>,
    /// What was edited.
    pub edits: Vec<EditNote>,
    /// What the filters had to say.
    pub report: Report,
    /// The time from the first command to the final reply; set by the driver of the session.
    pub duration: Duration,
}

impl Record {
    /// The driver could not send the edits, so the message is deferred as it came.
    pub fn edits_refused(&mut self, detail: String) {
        self.end = MessageEnd::Tempfail;
        self.edits.clear();
        self.report.signatures.clear();
        self.report.failures.push(FilterFailure { filter: PIPELINE, code: EDIT_REFUSED, detail });
    }
}
