//! Reverse-path and recipients, as given and as edited.

use bytes::Bytes;
use postseal_protocol::{Address, Modification};

use super::EditError;

/// The envelope of a message (RFC 5321 section 2.3.1).
#[derive(Clone, Debug, Default)]
pub struct Envelope {
    sender: Option<Address>,
    new_sender: Option<Address>,
    recipients: Vec<Recipient>,
    added: Vec<Address>,
}

#[derive(Clone, Debug)]
struct Recipient {
    address: Address,
    deleted: bool,
}

impl Envelope {
    /// The reverse-path as edited so far.
    pub fn sender(&self) -> Option<&Address> {
        self.new_sender.as_ref().or(self.sender.as_ref())
    }

    /// The reverse-path as the client gave it.
    pub fn received_sender(&self) -> Option<&Address> {
        self.sender.as_ref()
    }

    /// The recipients as edited so far.
    pub fn recipients(&self) -> impl Iterator<Item = &Address> {
        let kept = self.recipients.iter().filter(|recipient| !recipient.deleted);
        kept.map(|recipient| &recipient.address).chain(&self.added)
    }

    /// The recipients as the client gave them, without those that were refused.
    pub fn received_recipients(&self) -> impl ExactSizeIterator<Item = &Address> {
        self.recipients.iter().map(|recipient| &recipient.address)
    }

    /// Replaces the reverse-path.
    pub fn set_sender(&mut self, sender: Address) {
        self.new_sender = (self.sender.as_ref() != Some(&sender)).then_some(sender);
    }

    /// Adds a recipient, unless it is there already.
    pub fn add_recipient(&mut self, recipient: Address) {
        let same = |other: &Address| other.mailbox() == recipient.mailbox();
        if let Some(deleted) = self.recipients.iter_mut().find(|other| other.deleted && same(&other.address)) {
            deleted.deleted = false;
        } else if !self.recipients().any(same) {
            self.added.push(recipient);
        }
    }

    /// Deletes a recipient, spelled as the client did (Postfix compares octet by octet).
    pub fn delete_recipient(&mut self, mailbox: &[u8]) {
        self.added.retain(|recipient| recipient.mailbox() != mailbox);
        for recipient in self.recipients.iter_mut().filter(|recipient| recipient.address.mailbox() == mailbox) {
            recipient.deleted = true;
        }
    }

    pub(crate) fn receive_sender(&mut self, sender: Address) {
        self.sender = Some(sender);
    }

    pub(crate) fn receive_recipient(&mut self, recipient: Address) {
        self.recipients.push(Recipient { address: recipient, deleted: false });
    }

    pub(super) fn modifications(&self, out: &mut Vec<Modification>) -> Result<(), EditError> {
        out.extend(self.new_sender.clone().map(Modification::ChangeSender));
        out.extend(self.added.iter().cloned().map(Modification::AddRecipient));
        let before = out.len();
        let mut deleted: Vec<&Bytes> = Vec::new();
        for recipient in self.recipients.iter().filter(|recipient| recipient.deleted) {
            // One request deletes every copy of an address.
            if !deleted.contains(&&recipient.address.path) {
                deleted.push(&recipient.address.path);
            }
        }
        out.extend(deleted.into_iter().cloned().map(Modification::DeleteRecipient));
        if out.len() > before && self.recipients().next().is_none() {
            return Err(EditError::NoRecipients);
        }
        Ok(())
    }
}
