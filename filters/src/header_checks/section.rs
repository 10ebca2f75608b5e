//! The fields of the header section that may stand once: for each name the first field, and the number of fields.

use postseal_protocol::HeaderField;

use crate::mail::content_type::ContentType;
use crate::mail::cursor::TextCursor;
use crate::message::{FieldId, Fields};

/// Makes two lists of one: the names, and the fault of a field that stands several times.
macro_rules! once {
    ($($name:literal,)*) => {
        /// Fields that are allowed once (RFC 5322 section 3.6; RFC 2045 and RFC 2183 for the last four).
        pub(super) const ONCE: &[&str] = &[$($name,)*];
        /// The faults, in the order of [`ONCE`].
        pub(super) const SEVERAL: &[&str] = &[$(concat!("several ", $name, " fields"),)*];
    };
}

once![
    "Date", "From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "In-Reply-To", "References", "Subject",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
];

/// The fields that the checks of the section look up by name.
#[derive(Default)]
pub(super) struct HeaderSection<'a> {
    /// An entry for each name, in the order of [`ONCE`].
    once: [SingleField<'a>; ONCE.len()],
    pub(super) octets: u64,
}

/// The fields of one name.
#[derive(Default)]
struct SingleField<'a> {
    /// The first field that has something in it, or the first of all.
    first: Option<(FieldId, &'a HeaderField)>,
    count: u32,
    /// The other fields.
    others: Vec<FieldId>,
    /// One of the other fields says something else.
    differ: bool,
}

impl<'a> HeaderSection<'a> {
    /// Collects the fields in one pass.
    pub(super) fn of(fields: &'a Fields) -> Self {
        let mut section = Self::default();
        for (id, field) in fields.iter() {
            section.octets += (field.name.len() + field.value.len() + 3) as u64;
            let at = ONCE.iter().position(|name| field.is(name));
            if let Some(single) = at.and_then(|at| section.once.get_mut(at)) {
                single.count += 1;
                let is_empty = |field: &HeaderField| field.value.trim_ascii().is_empty();
                match single.first {
                    Some((first, other)) if is_empty(other) => {
                        single.others.push(first);
                        single.first = Some((id, field));
                    }
                    Some((_, other)) => {
                        single.differ |= !is_empty(field) && !alike(other, field);
                        single.others.push(id);
                    }
                    None => single.first = Some((id, field)),
                }
            }
        }
        section
    }

    /// The first field of this name that has something in it, or the first of all. The name must be one of [`ONCE`].
    pub(super) fn first(&self, name: &str) -> Option<&'a HeaderField> {
        self.first_with_id(name).map(|(_, field)| field)
    }

    /// The same field, and the number that edits know it by.
    pub(super) fn first_with_id(&self, name: &str) -> Option<(FieldId, &'a HeaderField)> {
        self.single(name).and_then(|single| single.first)
    }

    /// The number of fields of this name.
    pub(super) fn count(&self, name: &str) -> u32 {
        self.single(name).map_or(0, |single| single.count)
    }

    /// The fields of this name that say nothing that the first one does not say; `None` if two of them differ.
    pub(super) fn repeated(&self, name: &str) -> Option<&[FieldId]> {
        self.single(name).filter(|single| !single.differ).map(|single| &*single.others)
    }

    fn single(&self, name: &str) -> Option<&SingleField<'a>> {
        let at = ONCE.iter().position(|other| *other == name);
        debug_assert!(at.is_some(), "{name} is not among the fields that are collected");
        at.and_then(|at| self.once.get(at))
    }
}

/// True if two fields of one name say the same, apart from folds. Case and comments mean nothing in some of them.
fn alike(one: &HeaderField, other: &HeaderField) -> bool {
    let words = |value| <[u8]>::split(value, u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    if words(&one.value).eq(words(&other.value)) {
        return true;
    }
    let in_any_case = one.is("MIME-Version") || one.is("Content-Transfer-Encoding");
    let is_text = one.is("Content-Type") && ContentType::parse(&one.value).is_some_and(|one| one.is_text());
    (in_any_case || is_text) && plain(&one.value).is_some_and(|one| plain(&other.value) == Some(one))
}

/// The value in lower case, without white space and comments. `None` if a comment does not end.
fn plain(value: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = TextCursor::new(value);
    let mut out = Vec::with_capacity(value.len());
    while cursor.peek().is_some() {
        cursor.white_space_and_comments()?;
        out.extend(cursor.bump());
    }
    out.make_ascii_lowercase();
    Some(out)
}
