//! The header section, as received and as edited.
//!
//! Fields carry stable ids. Where added fields end up was measured on Postfix 3.7 and Sendmail 8.17: both agree only on
//! "above the MTA's own Received" and "right below it" for inserts, and differ on appended fields, where Sendmail goes
//! before the first field of that name (`headers.c addheader`). The view shows what the MTA at hand will deliver, so
//! that a signer that comes last signs the truth.

use std::collections::HashMap;

use bytes::Bytes;
use postseal_protocol::{HeaderField, Modification};

use crate::connection::MtaKind;

/// The header section of a message.
#[derive(Clone, Debug)]
pub struct Fields {
    mta: MtaKind,
    /// In the order of delivery. Deleted fields keep their place.
    slots: Vec<FieldSlot>,
    received: u32,
    next_id: u32,
    /// Ids of appended fields, in the order in which they are sent.
    appended: Vec<FieldId>,
}

/// Names one field of one message, whatever is inserted or deleted around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FieldId(u32);

#[derive(Clone, Debug)]
struct FieldSlot {
    id: FieldId,
    field: HeaderField,
    place: InsertAt,
}

#[derive(Clone, Debug)]
enum InsertAt {
    /// Inserted above the MTA's own Received.
    Top,
    /// Inserted right below it.
    BelowReceived,
    /// Shown by the MTA; `field` of the slot is what was shown.
    Received(Edit),
    /// Appended by us.
    Appended,
}

#[derive(Clone, Debug)]
enum Edit {
    Keep,
    Replace(HeaderField),
    Delete,
}

impl Fields {
    pub(super) fn new(mta: MtaKind) -> Self {
        Self { mta, slots: Vec::new(), received: 0, next_id: 0, appended: Vec::new() }
    }

    /// The MTA that will send them.
    pub(crate) fn mta(&self) -> MtaKind {
        self.mta
    }

    /// The fields as edited so far, from the top.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (FieldId, &HeaderField)> {
        self.slots.iter().filter_map(|slot| slot.current().map(|field| (slot.id, field)))
    }

    /// The fields of one name as edited so far, from the top.
    pub fn named<'a>(&'a self, name: &'a str) -> impl DoubleEndedIterator<Item = (FieldId, &'a HeaderField)> {
        self.iter().filter(move |(_, field)| field.is(name))
    }

    /// The fields as the MTA showed them.
    pub fn received(&self) -> impl Iterator<Item = &HeaderField> {
        self.slots.iter().filter(|slot| matches!(slot.place, InsertAt::Received(_))).map(|slot| &slot.field)
    }

    /// The fields that were edited, from the top: as received, if they were, and as they are now, if they still are.
    pub fn edited(&self) -> impl Iterator<Item = (Option<&HeaderField>, Option<&HeaderField>)> {
        self.slots.iter().filter_map(|slot| match &slot.place {
            InsertAt::Received(Edit::Keep) => None,
            InsertAt::Received(_) => Some((Some(&slot.field), slot.current())),
            InsertAt::Top | InsertAt::BelowReceived | InsertAt::Appended => Some((None, Some(&slot.field))),
        })
    }

    /// Number of fields that the MTA showed.
    pub fn received_count(&self) -> u32 {
        self.received
    }

    /// Inserts a field above everything, the MTA's own Received too. A later insert goes above an earlier one.
    pub fn insert_top(&mut self, field: HeaderField) -> FieldId {
        self.insert(0, field, InsertAt::Top)
    }

    /// Inserts a field right below the MTA's own Received, above all fields that filters are shown.
    pub fn insert_below_received(&mut self, field: HeaderField) -> FieldId {
        let at = self.slots.iter().take_while(|slot| matches!(slot.place, InsertAt::Top)).count();
        self.insert(at, field, InsertAt::BelowReceived)
    }

    /// Adds a field at the end; with Sendmail before the first field of that name.
    pub fn append(&mut self, field: HeaderField) -> FieldId {
        // What is inserted is sent later and so isn't there yet.
        let sent_before = |slot: &FieldSlot| matches!(slot.place, InsertAt::Received(_) | InsertAt::Appended);
        let same_name = |slot: &FieldSlot| sent_before(slot) && slot.field.is(&field.name);
        let at = match self.mta {
            MtaKind::Postfix => None,
            MtaKind::Sendmail => self.slots.iter().position(same_name),
        };
        let id = self.insert(at.unwrap_or(self.slots.len()), field, InsertAt::Appended);
        self.appended.push(id);
        id
    }

    /// Replaces a field's value, which carries its own leading space and LF folds. An empty value deletes the field, as
    /// it does on the wire.
    pub fn replace(&mut self, id: FieldId, value: impl Into<Bytes>) {
        let value = value.into();
        if value.is_empty() {
            return self.delete(id);
        }
        let Some(slot) = self.position(id).and_then(|at| self.slots.get_mut(at)) else {
            return;
        };
        match &mut slot.place {
            InsertAt::Received(edit) if value == slot.field.value => *edit = Edit::Keep,
            InsertAt::Received(edit) => *edit = Edit::Replace(HeaderField { name: slot.field.name.clone(), value }),
            InsertAt::Top | InsertAt::BelowReceived | InsertAt::Appended => slot.field.value = value,
        }
    }

    /// Deletes a field.
    pub fn delete(&mut self, id: FieldId) {
        let Some(at) = self.position(id) else {
            return;
        };
        match self.slots.get_mut(at) {
            Some(FieldSlot { place: InsertAt::Received(edit), .. }) => *edit = Edit::Delete,
            _ => {
                self.slots.remove(at);
                self.appended.retain(|appended| *appended != id);
            }
        }
    }

    pub(crate) fn receive(&mut self, field: HeaderField) -> FieldId {
        self.received = self.received.saturating_add(1);
        self.insert(self.slots.len(), field, InsertAt::Received(Edit::Keep))
    }

    /// While nothing is inserted, ids are places: a filter that edits every field must not search for each.
    fn position(&self, id: FieldId) -> Option<usize> {
        let guess = id.0 as usize;
        match self.slots.get(guess) {
            Some(slot) if slot.id == id => Some(guess),
            _ => self.slots.iter().position(|slot| slot.id == id),
        }
    }

    fn insert(&mut self, at: usize, field: HeaderField, place: InsertAt) -> FieldId {
        let id = FieldId(self.next_id);
        self.next_id = self.next_id.saturating_add(1);
        self.slots.insert(at, FieldSlot { id, field, place });
        id
    }

    /// Changes and deletes from the last occurrence of a name to the first, since Postfix renumbers after each delete
    /// and Sendmail does not (CVE-2022-48521 is what happens otherwise); then what is appended; then the inserts, from
    /// the bottom up.
    pub(super) fn modifications(&self, out: &mut Vec<Modification>) {
        out.extend(self.changes().into_iter().rev());
        let appended = self.appended.iter().filter_map(|id| self.slots.iter().find(|slot| slot.id == *id));
        out.extend(appended.map(|slot| Modification::AddHeader(slot.field.clone())));
        for (place, position) in [(InsertAt::BelowReceived, 1), (InsertAt::Top, 0)] {
            let here = |slot: &&FieldSlot| std::mem::discriminant(&slot.place) == std::mem::discriminant(&place);
            let inserted = self.slots.iter().rev().filter(here);
            out.extend(inserted.map(|slot| Modification::InsertHeader { position, field: slot.field.clone() }));
        }
    }

    /// Changes and deletes from the top, each with the number of the field among the shown ones of its name, from 1.
    fn changes(&self) -> Vec<Modification> {
        let mut out = Vec::new();
        if !self.slots.iter().any(|slot| matches!(slot.place, InsertAt::Received(Edit::Replace(_) | Edit::Delete))) {
            return out;
        }
        let mut seen: HashMap<Vec<u8>, u32> = HashMap::new();
        for slot in &self.slots {
            let InsertAt::Received(edit) = &slot.place else {
                continue;
            };
            let occurrence = seen.entry(slot.field.name.to_ascii_lowercase()).or_default();
            *occurrence = occurrence.saturating_add(1);
            let field = match edit {
                Edit::Keep => continue,
                Edit::Replace(field) => field.clone(),
                Edit::Delete => HeaderField::new(slot.field.name.clone(), Bytes::new()),
            };
            out.push(Modification::ChangeHeader { occurrence: *occurrence, field });
        }
        out
    }
}

impl FieldSlot {
    fn current(&self) -> Option<&HeaderField> {
        match &self.place {
            InsertAt::Received(Edit::Delete) => None,
            InsertAt::Received(Edit::Replace(field)) => Some(field),
            _ => Some(&self.field),
        }
    }
}
