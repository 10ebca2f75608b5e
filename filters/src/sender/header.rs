//! The address fields of a message. They are read once, changed and judged in memory, and written back if something
//! has changed.
//!
//! Only the octets of an address are replaced; display names, comments and folding around it stay as they are.

mod fixes;

use std::ops::Range;

use bytes::Bytes;
use postseal_protocol::{HeaderField, Verdict};

use super::{AddressField, Code, HeaderAction, SenderField, SenderPolicy, name, refusal};
use crate::filter::Context;
use crate::mail::address::{AddrSpec, AddressError, Mailbox, mailboxes, replaced};
use crate::message::{FieldId, Message};
use crate::submitter::Submitter;

/// The address fields of a message, and the changes to its header section.
pub(super) struct SenderHeader<'a> {
    policy: &'a SenderPolicy,
    fields: Vec<ParsedField>,
    added: Vec<HeaderField>,
    /// True for mail of a list or an automaton, which needs its Sender as it is.
    automatic: bool,
    /// The role account, for mail of an autoresponder.
    responder: Option<AddrSpec>,
}

struct ParsedField {
    id: FieldId,
    place: AddressField,
    value: Bytes,
    addresses: Result<Vec<SenderAddress>, AddressError>,
    deleted: bool,
    /// The new value of a field that can't be changed address by address, because it can't be read.
    replacement: Option<String>,
}

struct SenderAddress {
    mailbox: Mailbox,
    /// The address after all changes; `None` if it has no domain or can't be written.
    now: Option<AddrSpec>,
    changed: bool,
    allowed: bool,
}

impl<'a> SenderHeader<'a> {
    pub(super) fn read(policy: &'a SenderPolicy, cx: &Context<'_>, message: &Message) -> Self {
        let mut this = Self { policy, fields: Vec::new(), added: Vec::new(), automatic: false, responder: None };
        this.responder = policy.responder(&Submitter::new(cx.connection, cx.macros)).cloned();
        for (id, field) in message.fields.iter() {
            match place(field) {
                Some(place) => this.fields.push(ParsedField::read(id, place, &field.value)),
                None => this.automatic |= is_automatic(field),
            }
        }
        this
    }

    /// Completes and rewrites each address.
    pub(super) fn rewrite(&mut self, cx: &mut Context<'_>) {
        for field in &mut self.fields {
            let place = field.place;
            for entry in field.addresses.iter_mut().flatten() {
                if let Some(new) = self.policy.rewritten(cx, place, &entry.mailbox) {
                    entry.set(new);
                }
            }
        }
    }

    /// Judges each address, and acts on those that are not allowed. Returns a refusal, if that is the action.
    pub(super) fn judge(&mut self, cx: &mut Context<'_>) -> Option<Verdict> {
        for field in &mut self.fields {
            field.judge(self.policy, cx);
        }
        if let Some(role) = self.responder.clone() {
            self.answer_as(cx, &role);
        } else if self.policy.sender_field == SenderField::Fix && !self.automatic {
            self.drop_wrong_sender(cx);
        }
        let mut refusal = None;
        for place in [AddressField::From, AddressField::Sender] {
            if let Some((address, what)) = self.mismatch(place) {
                let refused = self.act_on_mismatch(cx, place, &address, what);
                refusal = refusal.or(refused);
            }
        }
        if self.responder.is_none() && self.policy.sender_field == SenderField::Fix && !self.automatic {
            self.fix_sender(cx);
        }
        refusal
    }

    /// The first address in a place that is not allowed there, with the words for the reply.
    fn mismatch(&self, place: AddressField) -> Option<(String, &'static str)> {
        self.fields_in(place).find_map(|field| match &field.addresses {
            Ok(entries) => entries.iter().find(|entry| !entry.allowed).map(|entry| (entry.show(), "is not allowed")),
            Err(_) if field.replacement.is_some() => None,
            Err(_) => Some((String::from_utf8_lossy(&field.value).trim().to_owned(), "can't be read")),
        })
    }

    fn act_on_mismatch(
        &mut self, cx: &mut Context<'_>, place: AddressField, address: &str, what: &str,
    ) -> Option<Verdict> {
        let code = if place == AddressField::From { Code::FromMismatch } else { Code::SenderMismatch };
        let who = name(cx);
        cx.note_with(code.as_str(), format!("{address} {what} for {who}"));
        let account = match self.policy.header_mismatch {
            HeaderAction::Log => return None,
            HeaderAction::Reject => None,
            HeaderAction::Rewrite | HeaderAction::AddSender => self.policy.account(cx),
        };
        let Some(account) = account else {
            return Some(refusal(&format!("{place} address {address} {what} for {who}")));
        };
        match (self.policy.header_mismatch, place) {
            (HeaderAction::AddSender, AddressField::From) => self.set_sender(cx, &account),
            (_, AddressField::From) => return self.replace_from(cx, &account),
            _ => self.replace(cx, AddressField::Sender, &account),
        }
        None
    }

    /// The addresses in From that the submitter may use.
    pub(super) fn permitted(&self) -> Vec<AddrSpec> {
        let entries = self.fields_in(AddressField::From).flat_map(|field| field.addresses.iter().flatten());
        entries.filter(|entry| entry.allowed).filter_map(|entry| entry.now.clone()).collect()
    }

    /// True if From names only the MTA.
    pub(super) fn is_from_daemon(&self) -> bool {
        let daemon = |entry: &SenderAddress| {
            let local = &entry.mailbox.local;
            local.eq_ignore_ascii_case("mailer-daemon") || local.eq_ignore_ascii_case("postmaster")
        };
        let mut from = self.fields_in(AddressField::From).peekable();
        from.peek().is_some() && from.all(|field| field.addresses.as_ref().is_ok_and(|all| all.iter().all(daemon)))
    }

    /// Writes the changes to the message.
    pub(super) fn apply(self, message: &mut Message) {
        for field in self.fields {
            if field.deleted {
                message.fields.delete(field.id);
            } else if let Some(value) = field.written() {
                message.fields.replace(field.id, value);
            }
        }
        for field in self.added {
            message.fields.append(field);
        }
    }

    fn fields_in(&self, place: AddressField) -> impl Iterator<Item = &ParsedField> {
        self.fields.iter().filter(move |field| field.place == place && !field.deleted)
    }

    fn fields_in_mut(&mut self, place: AddressField) -> impl Iterator<Item = &mut ParsedField> {
        self.fields.iter_mut().filter(move |field| field.place == place && !field.deleted)
    }
}

impl ParsedField {
    fn read(id: FieldId, place: AddressField, value: &Bytes) -> Self {
        let entry = |mailbox: Mailbox| {
            let now = AddrSpec::of(mailbox.clone());
            SenderAddress { mailbox, now, changed: false, allowed: false }
        };
        let addresses = mailboxes(value).map(|found| found.into_iter().map(entry).collect());
        Self { id, place, value: value.clone(), addresses, deleted: false, replacement: None }
    }

    /// Notes for each address whether the submitter may use it.
    fn judge(&mut self, policy: &SenderPolicy, cx: &mut Context<'_>) {
        let place = self.place;
        if place == AddressField::ReplyTo {
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

    /// The new value; `None` if it has not changed.
    fn written(&self) -> Option<Vec<u8>> {
        if let Some(replacement) = &self.replacement {
            return Some(replacement.clone().into_bytes());
        }
        let changed = self.addresses.iter().flatten().filter(|entry| entry.changed);
        let edits: Vec<(&Range<usize>, String)> =
            changed.filter_map(|entry| Some((&entry.mailbox.range, entry.now.as_ref()?.to_string()))).collect();
        (!edits.is_empty()).then(|| replaced(&self.value, edits))
    }
}

impl SenderAddress {
    fn set(&mut self, address: AddrSpec) {
        // An address that is the same as before keeps its spelling.
        self.changed = self.mailbox.domain.is_none() || AddrSpec::of(self.mailbox.clone()).as_ref() != Some(&address);
        self.now = Some(address);
    }

    fn show(&self) -> String {
        match (&self.now, &self.mailbox.domain) {
            (Some(now), _) => now.to_string(),
            (None, Some(domain)) => format!("{}@{domain}", self.mailbox.local),
            (None, None) => self.mailbox.local.clone(),
        }
    }
}

/// The place that a field is; `None` if it is no address field. Some agents put white space before the colon, and
/// receivers accept that.
fn place(field: &HeaderField) -> Option<AddressField> {
    let name = field.name.trim_ascii_end();
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    [("From", AddressField::From), ("Sender", AddressField::Sender), ("Reply-To", AddressField::ReplyTo)]
        .into_iter()
        .find_map(|(name, place)| is(name).then_some(place))
}

/// True for a field by which lists (RFC 2369, RFC 2919) and automatons (RFC 3834) mark their mail.
fn is_automatic(field: &HeaderField) -> bool {
    let value = field.value.trim_ascii();
    let list = field.name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"List-"));
    let bulk =
        field.is("Precedence") && [&b"list"[..], b"bulk", b"junk"].iter().any(|word| value.eq_ignore_ascii_case(word));
    let auto = field.is("Auto-Submitted") && !value.eq_ignore_ascii_case(b"no");
    list || bulk || auto
}
