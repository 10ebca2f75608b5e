//! One message: envelope, header section, body, and every pending edit in one structure.
//!
//! Each field that the MTA showed is kept beside what became of it, so the message as received, the message as edited
//! so far and the edits are the same data. Filters edit; [`Message::modifications`] turns what is left of the edits
//! into milter actions, in the only order that Postfix and Sendmail execute alike (`cleanup_milter.c`,
//! sendmail `milter.c`), and into none at all where an edit undid itself.

mod body;
mod end;
mod envelope;
mod fields;

pub use body::Body;
pub use end::MessageEnd;
pub use envelope::Envelope;
pub use fields::{FieldId, Fields};

use bytes::Bytes;
use postseal_protocol::{HeaderField, Modification};

use crate::connection::MtaKind;
use crate::mail::address::{AddrSpec, Mailbox};

/// The received fields of a message that may be changed or deleted, unless the configuration has another bound.
/// Postfix searches its queue file for each of them, so their cost grows with the square of their number.
pub const DEFAULT_HEADER_EDITS: usize = 100;

/// A message in the making.
#[derive(Clone, Debug)]
pub struct Message {
    /// Reverse-path and recipients.
    pub envelope: Envelope,
    /// The header section.
    pub fields: Fields,
    body: Body,
    new_body: Option<Bytes>,
    quarantine: Option<String>,
    /// From addresses that it may be signed for; `None`: any.
    signing: Option<Vec<AddrSpec>>,
}

/// An edit as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct EditNote {
    /// What was done.
    pub op: EditOp,
    /// Name of the header field; empty for the envelope and the body.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub field: String,
}

/// Kinds of edits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum EditOp {
    /// Field added at the end.
    Add,
    /// Field inserted at the top.
    Insert,
    /// Field changed.
    Change,
    /// Field deleted.
    Delete,
    /// Reverse-path changed.
    Sender,
    /// Recipient added or deleted.
    Recipient,
    /// Body replaced.
    Body,
    /// Put on hold.
    Quarantine,
}

/// Edits that no MTA would execute as meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Postfix and Sendmail answer 250 and drop a message without recipients.
    #[error("every recipient was deleted; refuse or discard the message instead")]
    NoRecipients,
}

impl EditOp {
    /// The word for logs.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

impl Message {
    /// An empty message as the given MTA would treat it.
    pub fn new(mta: MtaKind) -> Self {
        Self {
            envelope: Envelope::default(),
            fields: Fields::new(mta),
            body: Body::NotBuffered,
            new_body: None,
            quarantine: None,
            signing: None,
        }
    }

    /// From now on the message may be signed for these From addresses only, whatever From says at the end. If a filter
    /// before has said so too, only the addresses that both have named are left.
    pub fn permit_signing_for(&mut self, mut from: Vec<AddrSpec>) {
        if let Some(before) = &self.signing {
            from.retain(|address| before.contains(address));
        }
        self.signing = Some(from);
    }

    /// Whether it may be signed for a From address.
    pub fn may_be_signed_for(&self, from: &Mailbox) -> bool {
        let listed =
            |permitted: &Vec<AddrSpec>| AddrSpec::of(from.clone()).is_some_and(|from| permitted.contains(&from));
        self.signing.as_ref().is_none_or(listed)
    }

    /// The body as edited so far. Whole only at end of message, and only for pipelines with a filter that buffers.
    pub fn body(&self) -> Body {
        match &self.new_body {
            Some(body) => Body::Whole(body.clone()),
            None => self.body.clone(),
        }
    }

    /// Replaces the body; lines end in CRLF.
    pub fn replace_body(&mut self, body: impl Into<Bytes>) {
        let body = body.into();
        let same = matches!(&self.body, Body::Whole(old) if *old == body);
        self.new_body = (!same).then_some(body);
    }

    /// The replaced body, if a filter replaced it.
    pub fn new_body(&self) -> Option<&Bytes> {
        self.new_body.as_ref()
    }

    /// Has the MTA put the message on hold, with a reason in printable ASCII.
    pub fn quarantine(&mut self, reason: impl Into<String>) {
        self.quarantine = Some(reason.into());
    }

    /// True once a filter asked for quarantine.
    pub fn is_quarantined(&self) -> bool {
        self.quarantine.is_some()
    }

    pub(crate) fn set_body(&mut self, body: Body) {
        self.body = body;
    }

    /// The edits as milter actions: header changes, inserts, envelope, quarantine, and the body last.
    ///
    /// # Errors
    /// If the edits leave no recipient.
    pub fn modifications(&self) -> Result<Vec<Modification>, EditError> {
        let mut out = Vec::new();
        self.fields.modifications(&mut out);
        self.envelope.modifications(&mut out)?;
        if let Some(reason) = &self.quarantine {
            out.push(Modification::Quarantine(Bytes::copy_from_slice(reason.as_bytes())));
        }
        if let Some(body) = &self.new_body {
            out.push(Modification::ReplaceBody(body.clone()));
        }
        Ok(out)
    }
}

impl EditNote {
    /// The note for a modification.
    pub fn of(modification: &Modification) -> Self {
        let name = |field: &HeaderField| String::from_utf8_lossy(&field.name).into_owned();
        let (op, field) = match modification {
            Modification::AddHeader(field) => (EditOp::Add, name(field)),
            Modification::InsertHeader { field, .. } => (EditOp::Insert, name(field)),
            Modification::ChangeHeader { field, .. } if field.value.is_empty() => (EditOp::Delete, name(field)),
            Modification::ChangeHeader { field, .. } => (EditOp::Change, name(field)),
            Modification::ChangeSender(_) => (EditOp::Sender, String::new()),
            Modification::AddRecipient(_) | Modification::DeleteRecipient(_) => (EditOp::Recipient, String::new()),
            Modification::ReplaceBody(_) => (EditOp::Body, String::new()),
            Modification::Quarantine(_) => (EditOp::Quarantine, String::new()),
        };
        Self { op, field }
    }
}

#[cfg(test)]
mod tests;
