//! The size of a message: as the client declares it at MAIL, and as it turns out to be.

use postseal_protocol::{Address, HeaderField};

/// Octets of one message.
#[derive(Clone, Copy, Default)]
pub(super) struct MessageSize {
    declared: u64,
    received: u64,
}

impl MessageSize {
    /// The size at MAIL, when nothing has come yet.
    pub(super) fn at_mail(sender: &Address) -> Self {
        Self { declared: declared(sender).unwrap_or(0), received: 0 }
    }

    /// The octets that are charged before the size is known: as declared, at least one.
    pub(super) fn declared(self) -> u64 {
        self.declared.max(1)
    }

    /// The octets of the whole message, with the blank line behind the header section.
    pub(super) fn whole(self) -> u64 {
        self.received.saturating_add(2)
    }

    /// Adds a field: with its colon, its line end, and the CR that each fold has on the wire.
    pub(super) fn add_field(&mut self, field: &HeaderField) {
        let folds = field.value.iter().filter(|octet| **octet == b'\n').count();
        self.add(field.name.len() + field.value.len() + folds + 3);
    }

    pub(super) fn add(&mut self, octets: usize) {
        self.received = self.received.saturating_add(octets as u64);
    }
}

/// The SIZE argument of MAIL (RFC 1870).
fn declared(sender: &Address) -> Option<u64> {
    sender.arguments.iter().find_map(|argument| {
        let (name, value) = argument.split_at_checked(5)?;
        let value = std::str::from_utf8(value).ok().filter(|_| name.eq_ignore_ascii_case(b"SIZE="))?;
        value.trim().parse().ok()
    })
}
