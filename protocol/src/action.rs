//! The answers of a filter: verdicts, edits and the rest (`SMFIR_*`).
//!
//! This file holds values only. [`Session::send`](crate::Session::send) checks that an answer is allowed now and writes
//! it.

use bytes::Bytes;

use crate::command::{Address, HeaderField};
use crate::negotiate::{ActionFlags, Negotiated};
use crate::reply::Reply;

/// One thing a filter sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The answer to [`Command::Negotiate`](crate::Command::Negotiate).
    #[doc(alias = "SMFIC_OPTNEG")]
    Negotiate(Negotiated),
    /// An edit; at end of message only, before the verdict.
    Modify(Modification),
    /// "Still working"; at end of message only.
    #[doc(alias = "SMFIR_PROGRESS")]
    Progress,
    /// Asks for no further body chunks; in answer to a body chunk only, and only if negotiated.
    #[doc(alias = "SMFIR_SKIP")]
    Skip,
    /// The final reply to a command.
    Verdict(Verdict),
}

impl Action {
    /// The action's name in logs and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Negotiate(_) => "negotiate",
            Self::Modify(modification) => modification.name(),
            Self::Progress => "progress",
            Self::Skip => "skip",
            Self::Verdict(verdict) => verdict.name(),
        }
    }
}

/// The final reply to a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    #[doc(alias = "SMFIR_CONTINUE")]
    Continue,
    /// Accept without further filtering: the connection at CONNECT and HELO, later the message.
    #[doc(alias = "SMFIR_ACCEPT")]
    Accept,
    /// Accept the message from the client and drop it; from MAIL on.
    #[doc(alias = "SMFIR_DISCARD")]
    Discard,
    /// Refuse for good with the MTA's own text; at RCPT that recipient only.
    #[doc(alias = "SMFIR_REJECT")]
    Reject,
    /// Refuse for now with the MTA's own text; at RCPT that recipient only.
    #[doc(alias = "SMFIR_TEMPFAIL")]
    TempFail,
    /// Refuse with a reply of the filter.
    #[doc(alias = "SMFIR_REPLYCODE")]
    Reply(Reply),
}

impl Verdict {
    /// The verdict's name in logs and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Continue => "continue",
            Self::Accept => "accept",
            Self::Discard => "discard",
            Self::Reject => "reject",
            Self::TempFail => "tempfail",
            Self::Reply(_) => "reply",
        }
    }

    /// True for the verdicts that end a message or refuse a recipient.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Discard | Self::Reject | Self::TempFail | Self::Reply(_))
    }
}

/// An edit of the message, executed by the MTA at end of message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Modification {
    /// Appends a field (Sendmail: before the first field of that name).
    #[doc(alias = "SMFIR_ADDHEADER")]
    AddHeader(HeaderField),
    /// Inserts a field: position 0 is above the MTA's own Received, 1 below it. Other positions mean different things
    /// to Postfix and Sendmail.
    #[doc(alias = "SMFIR_INSHEADER")]
    InsertHeader {
        /// Position counted from the top.
        position: u32,
        /// The field.
        field: HeaderField,
    },
    /// Replaces a field that the filter was shown.
    #[doc(alias = "SMFIR_CHGHEADER")]
    ChangeHeader {
        /// Number of the field among those of this name, from 1.
        occurrence: u32,
        /// The new field; an empty value deletes the old one.
        field: HeaderField,
    },
    /// Replaces the reverse-path together with its ESMTP arguments.
    #[doc(alias = "SMFIR_CHGFROM")]
    ChangeSender(Address),
    /// Adds a recipient, with its ESMTP arguments if it has any.
    #[doc(alias("SMFIR_ADDRCPT", "SMFIR_ADDRCPT_PAR"))]
    AddRecipient(Address),
    /// Removes a recipient, spelled as in the MTA's RCPT.
    #[doc(alias = "SMFIR_DELRCPT")]
    DeleteRecipient(Bytes),
    /// A piece of the new body.
    #[doc(alias = "SMFIR_REPLBODY")]
    ReplaceBody(Bytes),
    /// Puts the message on hold, with a reason.
    #[doc(alias = "SMFIR_QUARANTINE")]
    Quarantine(Bytes),
}

impl Modification {
    /// The edit's name in logs and errors.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AddHeader(_) => "add header",
            Self::InsertHeader { .. } => "insert header",
            Self::ChangeHeader { .. } => "change header",
            Self::ChangeSender(_) => "change sender",
            Self::AddRecipient(_) => "add recipient",
            Self::DeleteRecipient(_) => "delete recipient",
            Self::ReplaceBody(_) => "replace body",
            Self::Quarantine(_) => "quarantine",
        }
    }

    /// True for a piece of the new body: only other pieces and the final reply may follow it.
    pub fn is_body(&self) -> bool {
        matches!(self, Self::ReplaceBody(_))
    }

    /// The ability that must be negotiated before the edit may be used.
    pub fn needs(&self) -> ActionFlags {
        match self {
            Self::AddHeader(_) | Self::InsertHeader { .. } => ActionFlags::ADD_HEADERS,
            Self::ChangeHeader { .. } => ActionFlags::CHANGE_HEADERS,
            Self::ChangeSender(_) => ActionFlags::CHANGE_SENDER,
            Self::AddRecipient(address) if address.arguments.is_empty() => ActionFlags::ADD_RECIPIENTS,
            Self::AddRecipient(_) => ActionFlags::ADD_RECIPIENTS_WITH_ARGUMENTS,
            Self::DeleteRecipient(_) => ActionFlags::DELETE_RECIPIENTS,
            Self::ReplaceBody(_) => ActionFlags::CHANGE_BODY,
            Self::Quarantine(_) => ActionFlags::QUARANTINE,
        }
    }
}
