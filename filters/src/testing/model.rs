//! A model of what Postfix and Sendmail do with modifications, as measured on Postfix 3.7.11 and Sendmail 8.17.1.9.
//!
//! It executes requests one by one, in the order sent, and knows nothing of how they came about; so it is a judge of
//! [`Message::modifications`](crate::Message::modifications). The same cases run against the real MTAs end to end.

use bytes::Bytes;
use postseal_protocol::{Address, HeaderField, Modification};

use crate::connection::MtaKind;

/// A message inside an MTA.
#[derive(Clone, Debug)]
pub struct Model {
    mta: MtaKind,
    /// The first is the MTA's own Received, which filters are not shown. `None`: deleted, but still counted (Sendmail).
    slots: Vec<Slot>,
    /// Reverse-path.
    pub sender: Address,
    /// Recipients, without brackets.
    pub recipients: Vec<Bytes>,
    /// The new body, if it was replaced.
    pub body: Option<Vec<u8>>,
    /// On hold.
    pub quarantined: bool,
    body_closed: bool,
}

#[derive(Clone, Debug)]
struct Slot {
    field: HeaderField,
    hidden: bool,
    deleted: bool,
}

impl Model {
    /// A message as it came in; the MTA puts its Received on top.
    pub fn new(mta: MtaKind, fields: impl IntoIterator<Item = HeaderField>) -> Self {
        let own = Slot { field: own_received(), hidden: true, deleted: false };
        let slots = fields.into_iter().map(|field| Slot { field, hidden: false, deleted: false });
        Self {
            mta,
            slots: std::iter::once(own).chain(slots).collect(),
            sender: Address::new("<>"),
            recipients: Vec::new(),
            body: None,
            quarantined: false,
            body_closed: false,
        }
    }

    /// The header section as delivered.
    pub fn fields(&self) -> impl Iterator<Item = &HeaderField> {
        self.slots.iter().filter(|slot| !slot.deleted).map(|slot| &slot.field)
    }

    /// Executes one request.
    ///
    /// # Panics
    /// On requests that the two MTAs take differently, or badly.
    pub fn apply(&mut self, modification: &Modification) {
        if self.body.is_some() && !matches!(modification, Modification::ReplaceBody(_)) {
            self.body_closed = true;
        }
        match modification {
            Modification::AddHeader(field) => self.add(field),
            Modification::InsertHeader { position, field } => self.insert(*position, field),
            Modification::ChangeHeader { occurrence, field } => self.change(*occurrence, field),
            Modification::ChangeSender(sender) => self.sender = sender.clone(),
            Modification::AddRecipient(to) => {
                let mailbox = Bytes::copy_from_slice(to.mailbox());
                if !self.recipients.contains(&mailbox) {
                    self.recipients.push(mailbox);
                }
            }
            Modification::DeleteRecipient(path) => {
                let mailbox = Address::new(path.clone());
                self.recipients.retain(|other| *other != mailbox.mailbox());
            }
            Modification::ReplaceBody(piece) => {
                assert!(!self.body_closed, "Postfix answers 451 to a body piece after another request");
                self.body.get_or_insert_default().extend_from_slice(piece);
            }
            Modification::Quarantine(_) => self.quarantined = true,
        }
    }

    fn add(&mut self, field: &HeaderField) {
        let first = self.slots.iter().position(|slot| slot.field.is(&field.name));
        let at = match self.mta {
            MtaKind::Postfix => self.slots.len(),
            MtaKind::Sendmail => first.unwrap_or(self.slots.len()),
        };
        self.slots.insert(at, Slot { field: field.clone(), hidden: false, deleted: false });
    }

    fn insert(&mut self, position: u32, field: &HeaderField) {
        assert!(position <= 1, "Sendmail counts unprinted fields too, so other positions mean nothing");
        let at = (position as usize).min(self.slots.len());
        self.slots.insert(at, Slot { field: field.clone(), hidden: false, deleted: false });
    }

    fn change(&mut self, occurrence: u32, field: &HeaderField) {
        let counted = |(_, slot): &(usize, &Slot)| !slot.hidden && slot.field.is(&field.name);
        // 0 is the same as 1 to both.
        let nth = (occurrence.max(1) - 1) as usize;
        let at = self.slots.iter().enumerate().filter(counted).map(|(at, _)| at).nth(nth);
        let Some(at) = at else { panic!("an occurrence that is not there gets a field added somewhere") };
        if field.value.is_empty() && self.mta == MtaKind::Postfix {
            self.slots.remove(at);
        } else if let Some(slot) = self.slots.get_mut(at) {
            slot.deleted = field.value.is_empty();
            if !slot.deleted {
                slot.field.value = field.value.clone();
            }
        }
    }
}

/// The field that stands for the MTA's own Received.
pub fn own_received() -> HeaderField {
    HeaderField::new("Received", " by the MTA")
}
