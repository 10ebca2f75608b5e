//! The reverse-path. It is judged at MAIL, where a refusal saves sending the message, and changed at end of message.

use bytes::Bytes;
use postseal_protocol::{Address, Verdict};

use super::notes::AddressNotes;
use super::{AddressField, Code, EnvelopeAction, SenderPolicy, name, refusal, short};
use crate::connection::MtaKind;
use crate::filter::Context;
use crate::mail::address::{AddrSpec, Mailbox, mailboxes};
use crate::message::Message;
use crate::submitter::Submitter;

/// The decision about the reverse-path of the open message.
#[derive(Default)]
pub(super) struct ReversePathChange {
    /// The new reverse-path, if it changes.
    new: Option<NewReversePath>,
    pub(super) refusal: Option<Verdict>,
}

enum NewReversePath {
    Address(AddrSpec),
    Null,
}

impl ReversePathChange {
    /// Decides about the reverse-path that the client has given.
    pub(super) fn judge(policy: &SenderPolicy, cx: &mut Context<'_>, sender: &Address) -> Self {
        let mut this = Self::default();
        if sender.is_null() {
            cx.explain(|| "envelope: the null reverse-path is everybody's".to_owned());
            return this;
        }
        if policy.responder(&Submitter::new(cx.connection, cx.macros)).is_some() {
            this.new = Some(NewReversePath::Null);
            return this;
        }
        let found = mailboxes(sender.mailbox()).ok();
        let Some([mailbox]) = found.and_then(|found| <[Mailbox; 1]>::try_from(found).ok()) else {
            let text = short(&String::from_utf8_lossy(sender.mailbox()));
            this.mismatch(policy, cx, &text, "can't be read");
            return this;
        };
        let new = policy.rewritten(cx, AddressField::Envelope, &mailbox, &mut AddressNotes::default());
        let address = new.clone().or_else(|| AddrSpec::of(mailbox.clone()));
        let shown = short(&address.as_ref().map_or_else(|| mailbox.local.clone(), ToString::to_string));
        this.new = new.map(NewReversePath::Address);
        match policy.right(cx, AddressField::Envelope, address.as_ref().ok_or(&mailbox)) {
            Some(right) => cx.explain(|| format!("envelope: {shown} is allowed by {right}")),
            None => this.mismatch(policy, cx, &shown, "is not allowed"),
        }
        this
    }

    fn mismatch(&mut self, policy: &SenderPolicy, cx: &mut Context<'_>, address: &str, what: &str) {
        let who = name(cx);
        cx.note_with(Code::EnvelopeMismatch.as_str(), format!("{address} {what} for {who}"));
        let account = match policy.envelope_mismatch {
            EnvelopeAction::Log => return,
            EnvelopeAction::Reject => None,
            EnvelopeAction::Rewrite => policy.account(cx),
        };
        match account {
            Some(account) => {
                cx.note_with(Code::Replaced.as_str(), format!("envelope: {address} -> {account}"));
                self.new = Some(NewReversePath::Address(account));
            }
            None => {
                let text = format!("Sender address {address} {what} for {who} (MAIL FROM)");
                self.refusal = Some(refusal(&text));
            }
        }
    }

    /// Replaces the reverse-path. Its ESMTP arguments stay.
    pub(super) fn apply(&self, cx: &Context<'_>, message: &mut Message) {
        let Some(new) = &self.new else { return };
        let path = match new {
            NewReversePath::Address(address) => format!("<{address}>"),
            NewReversePath::Null => "<>".to_owned(),
        };
        let old = message.envelope.sender().map(|sender| sender.arguments.as_slice()).unwrap_or_default();
        let arguments = kept(old, cx.connection.mta);
        message.envelope.set_sender(Address { path: path.into(), arguments });
    }
}

/// The arguments of MAIL that must be given again. Postfix keeps all others, and warns if they are given again.
fn kept(arguments: &[Bytes], mta: MtaKind) -> Vec<Bytes> {
    let wanted = |argument: &&Bytes| {
        let upper = argument.to_ascii_uppercase();
        mta == MtaKind::Sendmail || upper.starts_with(b"RET=") || upper.starts_with(b"ENVID=")
    };
    arguments.iter().filter(wanted).cloned().collect()
}
