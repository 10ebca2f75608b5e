//! An address field: the addresses as they were read, and the changes to them.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;
use postseal_protocol::HeaderField;

use super::super::{AddressField, SenderPolicy};
use crate::filter::Context;
use crate::mail::address::{AddrSpec, AddressError, Mailbox, is_ambiguous, mailboxes, repeats_in_name, replaced};
use crate::message::FieldId;

const FIELDS: [(&str, AddressField); 14] = [
    ("From", AddressField::From),
    ("Sender", AddressField::Sender),
    ("Reply-To", AddressField::ReplyTo),
    ("Resent-From", AddressField::Resent),
    ("Resent-Sender", AddressField::Resent),
    ("Resent-Reply-To", AddressField::Resent),
    ("Disposition-Notification-To", AddressField::Receipt),
    ("Return-Receipt-To", AddressField::Receipt),
    ("Read-Receipt-To", AddressField::Receipt),
    ("X-Confirm-Reading-To", AddressField::Receipt),
    ("Errors-To", AddressField::Receipt),
    ("X-Errors-To", AddressField::Receipt),
    ("Mail-Reply-To", AddressField::Receipt),
    ("Mail-Followup-To", AddressField::Receipt),
];

pub(super) struct ParsedField {
    pub(super) id: FieldId,
    pub(super) place: AddressField,
    pub(super) value: Bytes,
    pub(super) addresses: Result<Vec<SenderAddress>, AddressError>,
    pub(super) deleted: bool,
    pub(super) is_resent_from: bool,
    /// The new value of a field that can't be changed address by address, because it can't be read or has no address.
    pub(super) replacement: Option<Bytes>,
}

pub(super) struct SenderAddress {
    pub(super) mailbox: Mailbox,
    /// The address after all changes; `None` if it has no domain or can't be written.
    pub(super) now: Option<AddrSpec>,
    pub(super) changed: bool,
    pub(super) allowed: bool,
    /// The address has become the same as one before it, and goes.
    pub(super) repeats: bool,
}

impl ParsedField {
    pub(super) fn read(id: FieldId, place: AddressField, field: &HeaderField) -> Self {
        let value = &field.value;
        let entry = |mailbox: Mailbox| {
            let now = AddrSpec::of(mailbox.clone());
            SenderAddress { mailbox, now, changed: false, allowed: false, repeats: false }
        };
        let mut found = mailboxes(value);
        let is_resent_from = field.name.trim_ascii_end().eq_ignore_ascii_case(b"Resent-From");
        let is_judged = is_resent_from || AddressField::OWNED.contains(&place);
        if is_judged && found.as_ref().is_ok_and(|found| is_ambiguous(value, found)) {
            found = Err(AddressError::Ambiguous);
        }
        let addresses = found.map(|found| found.into_iter().map(entry).collect());
        Self { id, place, value: value.clone(), addresses, deleted: false, is_resent_from, replacement: None }
    }

    /// The addresses that the field has after all changes.
    pub(super) fn entries(&self) -> impl Iterator<Item = &SenderAddress> {
        self.addresses.iter().flatten().filter(|entry| !entry.repeats)
    }

    /// True if nobody can be reached by the field.
    pub(super) fn is_empty(&self) -> bool {
        match &self.addresses {
            Ok(all) => all.is_empty(),
            Err(error) => matches!(error, AddressError::Empty(_)),
        }
    }

    /// Notes for each address whether the submitter may use it.
    pub(super) fn judge(&mut self, policy: &SenderPolicy, cx: &mut Context<'_>) {
        let place = self.place;
        if !AddressField::OWNED.contains(&place) {
            return;
        }
        for entry in self.addresses.iter_mut().flatten() {
            // Nobody may use an address that can't be written.
            let unwritable = entry.now.is_none() && entry.mailbox.domain.is_some();
            let address = entry.now.as_ref().ok_or(&entry.mailbox);
            let right = if unwritable { None } else { policy.right(cx, place, address) };
            entry.allowed = right.is_some();
            if let Some(right) = right {
                let shown = entry.show();
                cx.explain(|| format!("{place}: {shown} is allowed by {right}"));
            }
        }
    }

    /// Marks addresses that a change has made the same as an address before them.
    pub(super) fn mark_repeats(&mut self) {
        let mut seen: HashMap<AddrSpec, bool> = HashMap::new();
        for entry in self.addresses.iter_mut().flatten() {
            let Some(now) = &entry.now else { continue };
            match seen.get(now) {
                Some(changed) => entry.repeats = (*changed || entry.changed) && entry.follows_comma(&self.value),
                None => drop(seen.insert(now.clone(), entry.changed)),
            }
        }
    }

    /// The new value; `None` if it has not changed.
    pub(super) fn written(&self) -> Option<Bytes> {
        if let Some(replacement) = &self.replacement {
            return Some(replacement.clone());
        }
        let edits: Vec<_> = self.addresses.iter().flatten().flat_map(|entry| entry.edits(&self.value)).collect();
        let edited = || replaced(&self.value, edits.iter().map(|(range, text)| (range, text.clone())));
        (!edits.is_empty()).then(|| edited().into())
    }
}

impl SenderAddress {
    pub(super) fn set(&mut self, address: AddrSpec) {
        // An address that is the same as before keeps its spelling.
        self.changed = self.mailbox.domain.is_none() || AddrSpec::of(self.mailbox.clone()).as_ref() != Some(&address);
        self.now = Some(address);
    }

    pub(super) fn show(&self) -> String {
        match (&self.now, &self.mailbox.domain) {
            (Some(now), _) => now.to_string(),
            (None, Some(domain)) => format!("{}@{domain}", self.mailbox.local),
            (None, None) => self.mailbox.local.clone(),
        }
    }

    /// The edits of the value, in order.
    fn edits(&self, value: &[u8]) -> Vec<(Range<usize>, String)> {
        if self.repeats {
            return vec![(self.with_comma(), String::new())];
        }
        let Some(now) = self.now.as_ref().filter(|_| self.changed) else { return Vec::new() };
        let places = repeats_in_name(value, &self.mailbox).into_iter().chain([self.mailbox.range.clone()]);
        places.map(|place| (place, now.to_string())).collect()
    }

    fn follows_comma(&self, value: &[u8]) -> bool {
        let before = self.mailbox.element.start.checked_sub(1).and_then(|at| value.get(at));
        before == Some(&b',')
    }

    /// The place of the element and of the comma before it.
    fn with_comma(&self) -> Range<usize> {
        let Range { start, end } = self.mailbox.element;
        start.saturating_sub(1)..end
    }
}

/// The place that a field is; `None` if it is no address field. Some agents put white space before the colon, and
/// receivers accept that.
pub(super) fn place(field: &HeaderField) -> Option<AddressField> {
    let name = field.name.trim_ascii_end();
    FIELDS.iter().find_map(|(other, place)| name.eq_ignore_ascii_case(other.as_bytes()).then_some(*place))
}
