//! What a check finds, and where.

use bytes::Bytes;
use postseal_protocol::HeaderField;

use super::check::Check;
use crate::mail::charset::Charset;
use crate::message::FieldId;

/// Something found.
#[derive(Clone, Debug)]
pub(super) struct CheckFinding {
    pub(super) check: Check,
    pub(super) place: FindingPlace,
    /// What is wrong, in a few words.
    pub(super) what: &'static str,
    pub(super) repair: Option<Repair>,
}

/// Where.
#[derive(Clone, Debug)]
pub(super) enum FindingPlace {
    /// In the message as a whole, or in its envelope.
    Message,
    /// In a header field.
    Field {
        name: Bytes,
        /// The first octet that is wrong.
        at: Option<Spot>,
    },
    /// In the body.
    Body(Option<Spot>),
    /// In the part of the body that begins at this offset.
    Part(u64),
}

/// An octet, and how many octets stand before it in the value of the field or in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) offset: u64,
    pub(super) octet: u8,
}

/// How it can be repaired, if that turns out to be possible.
#[derive(Clone, Debug)]
pub(super) enum Repair {
    /// A new value for a field, made of the value as repaired so far.
    Value(FieldId, HeaderField, FieldRepair),
    /// A new Date field.
    Date,
    /// A new Message-ID field.
    MessageId,
    /// A new MIME-Version field.
    MimeVersion,
    /// The one text part is named UTF-8.
    Utf8,
    /// The one text part is named 8bit.
    EightBit,
    /// The one text part is named 7bit.
    SevenBit,
    /// The one text part becomes quoted-printable.
    QuotedPrintable,
}

/// Makes the new value, if that is possible without doubt; knows the charset that the message names for its text.
pub(super) type FieldRepair = fn(&HeaderField, Option<Charset>) -> Option<Vec<u8>>;

/// Everything found in a message.
#[derive(Debug, Default)]
pub(super) struct CheckFindings {
    pub(super) list: Vec<CheckFinding>,
}

impl CheckFindings {
    /// Adds a finding, unless there are so many of its kind that nobody reads on; what can be repaired is all kept.
    pub(super) fn add(&mut self, finding: CheckFinding) {
        let many = || self.list.iter().rev().take(MOST).filter(|other| other.check == finding.check).count();
        if finding.repair.is_some() || self.list.len() < MOST || many() < MOST {
            self.list.push(finding);
        }
    }

    /// True if there is text that is certainly UTF-8, whatever it is named.
    pub(super) fn tell_of_utf8(&self) -> bool {
        self.list.iter().any(|finding| matches!(finding.repair, Some(Repair::Utf8)))
    }
}

impl CheckFinding {
    /// Of the message as a whole.
    pub(super) fn message(check: Check, what: &'static str) -> Self {
        Self { check, place: FindingPlace::Message, what, repair: None }
    }

    /// Of a field.
    pub(super) fn field(check: Check, field: &HeaderField, at: Option<Spot>, what: &'static str) -> Self {
        Self { check, place: FindingPlace::Field { name: field.name.clone(), at }, what, repair: None }
    }

    /// Of the body.
    pub(super) fn body(check: Check, at: Option<Spot>, what: &'static str) -> Self {
        Self { check, place: FindingPlace::Body(at), what, repair: None }
    }

    /// Of a part of the body.
    pub(super) fn part(check: Check, offset: u64, what: &'static str) -> Self {
        Self { check, place: FindingPlace::Part(offset), what, repair: None }
    }

    /// The same with a way to repair it.
    pub(super) fn repair(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }
}

impl Spot {
    /// The octet of a text at an index.
    pub(super) fn of(text: &[u8], at: usize) -> Option<Self> {
        text.get(at).map(|octet| Self { offset: at as u64, octet: *octet })
    }

    /// The first octet of a text that is so.
    pub(super) fn first(text: &[u8], wrong: impl Fn(u8) -> bool) -> Option<Self> {
        text.iter().position(|octet| wrong(*octet)).and_then(|at| Self::of(text, at))
    }
}

/// Findings of one check that are kept without a repair.
const MOST: usize = 32;
