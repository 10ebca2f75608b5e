//! The header section as the checks look at it: the first field of each name that may stand once, and how many there are.

use postseal_protocol::HeaderField;

use crate::message::{FieldId, Fields};

/// The fields that later checks look at again.
#[derive(Default)]
pub(super) struct HeaderSection<'a> {
    /// In the order of [`ONCE`], the first of its name and how many there are.
    once: [SingleField<'a>; ONCE.len()],
    /// Octets of all fields.
    pub(super) octets: u64,
}

pub(super) type SingleField<'a> = (Option<(FieldId, &'a HeaderField)>, u32);

impl<'a> HeaderSection<'a> {
    /// Collects them in one pass.
    pub(super) fn of(fields: &'a Fields) -> Self {
        let mut section = Self::default();
        for (id, field) in fields.iter() {
            section.octets += (field.name.len() + field.value.len() + 3) as u64;
            let at = ONCE.iter().position(|name| field.is(name));
            if let Some((first, count)) = at.and_then(|at| section.once.get_mut(at)) {
                first.get_or_insert((id, field));
                *count += 1;
            }
        }
        section
    }

    /// The first field of this name, which must be one of [`ONCE`].
    pub(super) fn first(&self, name: &str) -> Option<&'a HeaderField> {
        self.first_with_id(name).map(|(_, field)| field)
    }

    /// The same with what names it in edits.
    pub(super) fn first_with_id(&self, name: &str) -> Option<(FieldId, &'a HeaderField)> {
        self.slot(name).and_then(|(first, _)| *first)
    }

    /// How many fields of this name there are.
    pub(super) fn count(&self, name: &str) -> u32 {
        self.slot(name).map_or(0, |(_, count)| *count)
    }

    pub(super) fn slot(&self, name: &str) -> Option<&SingleField<'a>> {
        ONCE.iter().position(|other| *other == name).and_then(|at| self.once.get(at))
    }
}

/// Fields that are allowed once (RFC 5322 section 3.6; RFC 2045 for the last four).
pub(super) const ONCE: [&str; 15] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
];
