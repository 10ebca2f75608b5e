//! The address fields of a message. They are read once, changed and judged in memory, and written back if something
//! has changed.
//!
//! Only the octets of an address are replaced; display names, comments and folding around it stay as they are.

mod field;
mod fixes;

use postseal_protocol::{HeaderField, Reply, Verdict};

use super::notes::AddressNotes;
use super::{AddressField, Code, HeaderAction, SenderField, SenderPolicy, name, refusal, short};
use crate::filter::Context;
use crate::mail::address::{AddrSpec, AddressError};
use crate::message::{FieldId, Message};
use crate::submitter::Submitter;
use field::{ParsedField, SenderAddress, place};

/// The field that [`SenderHeader`] shows the old From in.
const ORIGINAL_FROM: &str = "X-Original-From";

/// The address fields of a message, and the changes to its header section.
pub(super) struct SenderHeader<'a> {
    policy: &'a SenderPolicy,
    fields: Vec<ParsedField>,
    added: Vec<HeaderField>,
    /// Fields that only postseal writes, and that somebody else has written here.
    foreign: Vec<FieldId>,
    notes: AddressNotes,
    /// More addresses than `max_addresses`. The rest of the fields was not read.
    too_many: bool,
    /// The submitter has redirected the message, as Resent-From says.
    redirected: bool,
    /// True for mail of a list or an automaton, which needs its Sender as it is.
    automatic: bool,
    /// The role account, for mail of an autoresponder.
    responder: Option<AddrSpec>,
}

impl<'a> SenderHeader<'a> {
    pub(super) fn read(policy: &'a SenderPolicy, cx: &Context<'_>, message: &Message) -> Self {
        let mut this = Self {
            policy,
            fields: Vec::new(),
            added: Vec::new(),
            foreign: Vec::new(),
            notes: AddressNotes::default(),
            too_many: false,
            redirected: false,
            automatic: false,
            responder: policy.responder(&Submitter::new(cx.connection, cx.macros)).cloned(),
        };
        let mut left = policy.max_addresses;
        for (id, field) in message.fields.iter() {
            let count = match place(field) {
                Some(place) => this.push(ParsedField::read(id, place, field)),
                None if policy.header_mismatch == HeaderAction::Rewrite && is_original_from(field) => {
                    this.foreign.push(id);
                    Some(1)
                }
                None => {
                    this.automatic |= is_automatic(field);
                    Some(0)
                }
            };
            let Some(rest) = count.and_then(|count| left.checked_sub(count)) else {
                this.too_many = true;
                break;
            };
            left = rest;
        }
        this
    }

    /// Adds a field; returns how many addresses it counts for. A field without an address costs as much work as one.
    /// `None` if nobody has counted them.
    fn push(&mut self, field: ParsedField) -> Option<usize> {
        let count = match &field.addresses {
            Ok(found) => Some(found.len().max(1)),
            Err(AddressError::TooMany) => None,
            Err(_) => Some(1),
        };
        self.fields.push(field);
        count
    }

    /// Completes and rewrites each address.
    pub(super) fn rewrite(&mut self, cx: &mut Context<'_>) {
        for field in &mut self.fields {
            let place = field.place;
            for entry in field.addresses.iter_mut().flatten() {
                if let Some(new) = self.policy.rewritten(cx, place, &entry.mailbox, &mut self.notes) {
                    entry.set(new);
                }
            }
            field.mark_repeats();
        }
        if !self.foreign.is_empty() {
            let count = self.foreign.len();
            cx.note_with(Code::ForeignRemoved.as_str(), format!("{ORIGINAL_FROM}: {count} written by somebody else"));
        }
    }

    /// The refusal of a message with more addresses than `max_addresses`, of which nothing else was judged.
    pub(super) fn refuse_too_many(&self, cx: &mut Context<'_>) -> Option<Verdict> {
        if !self.too_many {
            return None;
        }
        let most = self.policy.max_addresses;
        cx.note_with(Code::TooManyAddresses.as_str(), format!("more than sender.max_addresses = {most}"));
        let text = format!("The message has more than {most} addresses in From, Sender, Reply-To and similar fields");
        Some(Reply::new(550, (5, 6, 0), text).map_or(Verdict::Reject, Verdict::Reply))
    }

    /// Judges each address, and acts on those that are not allowed. Returns a refusal, if that is the action.
    pub(super) fn judge(&mut self, cx: &mut Context<'_>) -> Option<Verdict> {
        for field in &mut self.fields {
            field.judge(self.policy, cx);
        }
        self.redirected = self.policy.accept_resent && self.is_redirected(cx);
        if let Some(role) = self.responder.clone() {
            self.answer_as(cx, &role);
        } else if self.redirected {
            cx.note(Code::Redirected.as_str());
            return None;
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
        self.notes.finish(cx);
        refusal
    }

    /// True if From or Sender has an address that is not allowed, and the topmost Resent-From, which belongs to the last
    /// redirection (RFC 5322 section 3.6.6), has only addresses that the submitter may use in From.
    fn is_redirected(&self, cx: &Context<'_>) -> bool {
        let resent = self.fields_in(AddressField::Resent).find(|field| field.is_resent_from);
        let may_use = |entry: &SenderAddress| {
            entry.now.as_ref().is_some_and(|now| self.policy.right(cx, AddressField::From, Ok(now)).is_some())
        };
        let is_ours = |found: &Vec<SenderAddress>| !found.is_empty() && found.iter().all(may_use);
        resent.is_some_and(|field| field.addresses.as_ref().is_ok_and(is_ours))
            && [AddressField::From, AddressField::Sender].iter().any(|place| self.mismatch(*place).is_some())
    }

    /// The first address in a place that is not allowed there, with the words for the reply.
    fn mismatch(&self, place: AddressField) -> Option<(String, &'static str)> {
        self.fields_in(place).find_map(|field| match &field.addresses {
            Ok(entries) => {
                entries.iter().find(|entry| !entry.allowed).map(|entry| (short(&entry.show()), "is not allowed"))
            }
            Err(_) if field.replacement.is_some() => None,
            Err(_) => Some((short(String::from_utf8_lossy(&field.value).trim()), "can't be read")),
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
        let entries = self.fields_in(AddressField::From).flat_map(ParsedField::entries);
        entries.filter(|entry| entry.allowed).filter_map(|entry| entry.now.clone()).collect()
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
        for id in self.foreign {
            message.fields.delete(id);
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

fn is_original_from(field: &HeaderField) -> bool {
    field.name.trim_ascii_end().eq_ignore_ascii_case(ORIGINAL_FROM.as_bytes())
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
