//! Reason codes of the two filters.

/// A finding about an address, or a change to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// The submitter may not use the reverse-path.
    EnvelopeMismatch,
    /// The submitter may not use an address in From, or From can't be read.
    FromMismatch,
    /// The submitter may not use an address in Sender.
    SenderMismatch,
    /// An address without domain got the default domain.
    Completed,
    /// A rule changed an address.
    Rewritten,
    /// The account's address took the place of one that is not allowed.
    Replaced,
    /// A Sender field was set.
    SenderAdded,
    /// A Sender field was dropped.
    SenderRemoved,
    /// The mail got the form of an automatic answer.
    Autoresponder,
    /// The submitter has redirected the message, so From names somebody else.
    Redirected,
    /// A field that only postseal writes was there already, and was removed.
    ForeignRemoved,
    /// The message has more addresses than `max_addresses`.
    TooManyAddresses,
    /// No signature is aligned with From, the reverse-path is.
    EnvelopeOnly,
    /// Neither a signature nor the reverse-path is aligned with From.
    NotAligned,
}

impl Code {
    pub(super) const SENDER: [Self; 12] = [
        Self::EnvelopeMismatch,
        Self::FromMismatch,
        Self::SenderMismatch,
        Self::Completed,
        Self::Rewritten,
        Self::Replaced,
        Self::SenderAdded,
        Self::SenderRemoved,
        Self::Autoresponder,
        Self::Redirected,
        Self::ForeignRemoved,
        Self::TooManyAddresses,
    ];
    pub(super) const ALIGNMENT: [Self; 2] = [Self::EnvelopeOnly, Self::NotAligned];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::EnvelopeMismatch => "envelope_mismatch",
            Self::FromMismatch => "from_mismatch",
            Self::SenderMismatch => "sender_mismatch",
            Self::Completed => "completed",
            Self::Rewritten => "rewritten",
            Self::Replaced => "replaced",
            Self::SenderAdded => "sender_added",
            Self::SenderRemoved => "sender_removed",
            Self::Autoresponder => "autoresponder",
            Self::Redirected => "redirected",
            Self::ForeignRemoved => "foreign_removed",
            Self::TooManyAddresses => "too_many_addresses",
            Self::EnvelopeOnly => "envelope_only",
            Self::NotAligned => "not_aligned",
        }
    }
}
