//! The findings of the checks.

use bytes::Bytes;
use postseal_protocol::HeaderField;

use super::check::Check;
use crate::mail::charset::Charset;
use crate::mail::charset::raw::RawCharset;
use crate::mail::charset::utf8::Utf8Tally;
use crate::message::FieldId;

/// The findings of one check that are kept without a repair.
const MAX_FINDINGS_PER_CHECK: usize = 32;

/// One finding.
#[derive(Clone, Debug)]
pub(super) struct CheckFinding {
    pub(super) check: Check,
    pub(super) place: FindingPlace,
    /// The fault, in a few words.
    pub(super) what: &'static str,
    pub(super) repair: Option<Repair>,
    /// The sender is not the author of the faulty text, and is not refused for it.
    pub(super) mild: bool,
    /// The way to mend this very fault, where the hint of the check is not right for it.
    pub(super) hint: Option<&'static str>,
}

/// The place of a finding.
#[derive(Clone, Debug)]
pub(super) enum FindingPlace {
    /// The message as a whole, or its envelope.
    Message,
    /// A header field.
    Field {
        name: Bytes,
        /// The first octet that is wrong.
        at: Option<Spot>,
    },
    /// The body.
    Body(Option<Spot>),
    /// The part of the body that begins at this offset.
    Part(u64),
}

/// An octet, and the number of octets before it in the value of the field or in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) offset: u64,
    pub(super) octet: u8,
}

/// A repair to try. Whether it is possible turns out when it is made.
#[derive(Clone, Debug)]
pub(super) enum Repair {
    /// A new value for a field, made from the value as earlier repairs left it.
    Value(FieldId, HeaderField, FieldRepair),
    /// Likewise, and the charset of raw text has to be known.
    Text(FieldId, HeaderField, TextRepair),
    /// The field is taken out.
    Remove(FieldId),
    /// A new Date field, or a new value for this one.
    Date(Option<FieldId>),
    /// A new Message-ID field, or a new value for this one.
    MessageId(Option<FieldId>),
    /// A new MIME-Version field.
    MimeVersion,
    /// The charset of the single text part is named.
    Charset(&'static str),
    /// The single text part is declared as UTF-8, if all text of the message shows that.
    PerhapsUtf8,
    /// The single text part is declared as 8bit.
    EightBit,
    /// The body as a whole is declared as 7bit.
    SevenBit,
    /// The single text part is encoded as quoted-printable.
    QuotedPrintable,
}

/// Makes a new value from a field. `None` if no new value is certain.
pub(super) type FieldRepair = fn(&HeaderField) -> Option<Vec<u8>>;
/// Makes a new value from a field with raw text, or the reason why no new value is certain.
pub(super) type TextRepair = fn(&HeaderField, &RawCharset) -> Result<Vec<u8>, &'static str>;

/// All findings of a message.
#[derive(Debug, Default)]
pub(super) struct CheckFindings {
    pub(super) list: Vec<CheckFinding>,
    /// The text of the message, or raw text in a field, is not UTF-8.
    pub(super) not_utf8: bool,
    /// Raw text in a field makes sense as UTF-8.
    pub(super) raw_utf8: bool,
    /// What tells that the text that is named otherwise is UTF-8.
    pub(super) misnamed: Utf8Tally,
    /// Fields of the header section stand in the body.
    pub(super) cut_section: bool,
}

impl CheckFindings {
    /// Adds a finding. A finding without a repair is dropped if its check has [`MAX_FINDINGS_PER_CHECK`] already, since
    /// nobody reads so many.
    pub(super) fn add(&mut self, finding: CheckFinding) {
        const MAX: usize = MAX_FINDINGS_PER_CHECK;
        let many = || self.list.iter().rev().take(MAX).filter(|other| other.check == finding.check).count();
        if finding.repair.is_some() || self.list.len() < MAX || many() < MAX {
            self.list.push(finding);
        }
    }

    /// Adds the findings about the body.
    pub(super) fn append(&mut self, body: Self) {
        self.not_utf8 |= body.not_utf8;
        self.misnamed = self.misnamed.and(body.misnamed);
        self.list.extend(body.list);
        if body.cut_section {
            // The fields that seem to be missing are in the body, and no repair would mend that.
            self.list.retain(|finding| finding.check != Check::MissingField);
            self.list.iter_mut().for_each(|finding| finding.repair = None);
        }
    }

    /// The charset of a message's text: the one that is named, unless its only text shows that the name is wrong.
    pub(super) fn text_charset(&self, named: Option<Charset>, one_text: bool) -> Option<Charset> {
        let really = |finding: &CheckFinding| match finding.repair {
            Some(Repair::Charset("utf-8")) => Some(Some(Charset::Utf8)),
            Some(Repair::PerhapsUtf8) if self.misnamed.is_certain() => Some(Some(Charset::Utf8)),
            None if finding.check == Check::CharsetMismatch => Some(None),
            _ => None,
        };
        self.list.iter().find_map(really).filter(|_| one_text).unwrap_or(named)
    }
}

impl CheckFinding {
    /// A finding about the message as a whole.
    pub(super) fn message(check: Check, what: &'static str) -> Self {
        Self { check, place: FindingPlace::Message, what, repair: None, mild: false, hint: None }
    }

    pub(super) fn field(check: Check, field: &HeaderField, at: Option<Spot>, what: &'static str) -> Self {
        let place = FindingPlace::Field { name: field.name.clone(), at };
        Self { place, ..Self::message(check, what) }
    }

    pub(super) fn body(check: Check, at: Option<Spot>, what: &'static str) -> Self {
        Self { place: FindingPlace::Body(at), ..Self::message(check, what) }
    }

    /// A finding about a part of the body.
    pub(super) fn part(check: Check, offset: u64, what: &'static str) -> Self {
        Self { place: FindingPlace::Part(offset), ..Self::message(check, what) }
    }

    /// The same finding in text that the sender only repeats, such as the Message-ID of the mail that is answered.
    pub(super) fn mild(self, mild: bool) -> Self {
        Self { mild, ..self }
    }

    /// The same finding with a repair.
    pub(super) fn repair(self, repair: Repair) -> Self {
        Self { repair: Some(repair), ..self }
    }

    /// The same finding with a hint of its own.
    pub(super) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }

    /// True for a fault that is not refused unless the settings say so: readers show the part all the same, and no repair
    /// rebuilds parts.
    pub(super) fn is_in_part_header(&self) -> bool {
        self.check == Check::Raw8bitHeader && matches!(self.place, FindingPlace::Part(_))
    }

    /// The way for the sender to mend the fault.
    pub(super) fn advice(&self) -> &'static str {
        self.hint.unwrap_or_else(|| self.check.profile().hint)
    }
}

impl Spot {
    /// The octet of a text at an index.
    pub(super) fn of(text: &[u8], at: usize) -> Option<Self> {
        text.get(at).map(|octet| Self { offset: at as u64, octet: *octet })
    }

    /// The octet of a text at an index, or the last one if the text ends before.
    pub(super) fn near(text: &[u8], at: usize) -> Option<Self> {
        Self::of(text, at.min(text.len().saturating_sub(1)))
    }

    /// The first octet of a text for which `wrong` is true.
    pub(super) fn first(text: &[u8], wrong: impl Fn(u8) -> bool) -> Option<Self> {
        text.iter().position(|octet| wrong(*octet)).and_then(|at| Self::of(text, at))
    }
}
