//! The changes for addresses that are not allowed, and for the Sender field.

use bytes::Bytes;
use postseal_protocol::{HeaderField, Verdict};

use super::super::{AddressField, Code, name, refusal, short};
use super::{ORIGINAL_FROM, SenderHeader};
use crate::filter::Context;
use crate::mail::address::AddrSpec;

impl SenderHeader<'_> {
    /// Replaces each address that is not allowed by the account's address.
    pub(super) fn replace(&mut self, cx: &mut Context<'_>, place: AddressField, account: &AddrSpec) {
        let mut notes = std::mem::take(&mut self.notes);
        for field in self.fields_in_mut(place) {
            if field.addresses.is_err() {
                field.replacement = Some(format!(" {account}").into());
                notes.add(cx, Code::Replaced, || format!("{place}: -> {account}"));
            }
            for entry in field.addresses.iter_mut().flatten().filter(|entry| !entry.allowed) {
                notes.add(cx, Code::Replaced, || format!("{place}: {} -> {account}", entry.show()));
                entry.set(account.clone());
                entry.allowed = true;
            }
            field.mark_repeats();
        }
        self.notes = notes;
    }

    /// As [`replace`](Self::replace), for From. The old value stays visible in X-Original-From, and answers go there
    /// by Reply-To.
    pub(super) fn replace_from(&mut self, cx: &mut Context<'_>, account: &AddrSpec) -> Option<Verdict> {
        let unreadable = self.fields_in(AddressField::From).find(|field| field.addresses.is_err());
        if let Some(field) = unreadable {
            // Nobody can tell which part of the value to replace.
            let text = short(String::from_utf8_lossy(&field.value).trim());
            return Some(refusal(&format!("From address {text} can't be read for {}", name(cx))));
        }
        let wrong = |field: &&super::ParsedField| field.addresses.iter().flatten().any(|entry| !entry.allowed);
        // The rules for addresses hold for these fields too, so the value is taken as the rules have left it.
        let value = |field: &super::ParsedField| field.written().unwrap_or_else(|| field.value.clone());
        let old: Vec<_> = self.fields_in(AddressField::From).filter(wrong).map(value).collect();
        if let Some(first) = old.first() {
            self.direct_answers(first);
        }
        self.added.extend(old.into_iter().map(|value| HeaderField::new(ORIGINAL_FROM, value)));
        self.replace(cx, AddressField::From, account);
        None
    }

    /// Has answers go to the old From, unless a Reply-To says otherwise. A Reply-To without an address says nothing.
    fn direct_answers(&mut self, old_from: &Bytes) {
        if self.fields_in(AddressField::ReplyTo).any(|field| !field.is_empty()) {
            return;
        }
        let mut empty = self.fields_in_mut(AddressField::ReplyTo);
        let Some(first) = empty.next() else {
            drop(empty);
            return self.added.push(HeaderField::new("Reply-To", old_from.clone()));
        };
        first.replacement = Some(old_from.clone());
        empty.for_each(|field| field.deleted = true);
    }

    /// Sets Sender to the account, unless it names another address that is allowed.
    pub(super) fn set_sender(&mut self, cx: &mut Context<'_>, account: &AddrSpec) {
        if self.fields_in(AddressField::Sender).next().is_some() {
            return self.replace(cx, AddressField::Sender, account);
        }
        cx.note_with(Code::SenderAdded.as_str(), account.to_string());
        self.added.push(HeaderField::new("Sender", format!(" {account}")));
    }

    /// Drops a Sender that can't be read or has an address that is not allowed.
    pub(super) fn drop_wrong_sender(&mut self, cx: &mut Context<'_>) {
        for field in self.fields_in_mut(AddressField::Sender) {
            let good = |all: &Vec<super::SenderAddress>| matches!(&all[..], [one] if one.allowed);
            if !field.addresses.as_ref().is_ok_and(good) {
                field.deleted = true;
                cx.note_with(Code::SenderRemoved.as_str(), "names an address that is not allowed");
            }
        }
    }

    /// Leaves one Sender if From and the account differ, and none if they are the same (RFC 5322 section 3.6.2).
    pub(super) fn fix_sender(&mut self, cx: &mut Context<'_>) {
        let from: Vec<_> = self.fields_in(AddressField::From).flat_map(super::ParsedField::entries).collect();
        let author = match &from[..] {
            [] => return,
            [one] => one.now.clone(),
            _ => None,
        };
        let mut kept = false;
        for field in self.fields_in_mut(AddressField::Sender) {
            let named = field.addresses.iter().flatten().next().and_then(|entry| entry.now.as_ref());
            let repeats = author.is_some() && named == author.as_ref();
            if kept || repeats {
                field.deleted = true;
                cx.note_with(Code::SenderRemoved.as_str(), if repeats { "repeats From" } else { "is the second" });
            } else {
                kept = true;
            }
        }
        if let Some(account) = self.policy.account(cx)
            && !kept
            && !self.added.iter().any(|field| field.is("Sender"))
            && author.as_ref() != Some(&account)
        {
            self.set_sender(cx, &account);
        }
    }

    /// Marks the mail of an autoresponder: From stays the person, Sender becomes the role account.
    pub(super) fn answer_as(&mut self, cx: &mut Context<'_>, role: &AddrSpec) {
        for field in self.fields_in_mut(AddressField::Sender) {
            field.deleted = true;
        }
        self.added.push(HeaderField::new("Sender", format!(" {role}")));
        cx.note_with(Code::Autoresponder.as_str(), format!("Sender {role}, envelope <>"));
    }
}
