//! The states of a dialogue, and which command may come next.
//!
//! ```text
//!   Start --OPTNEG--> Offered --(answer)--> Negotiated --CONNECT--> Connected <-----------------+
//!                                                                   | MAIL    (final reply)     |
//!                                                                   v                           |
//!                                       RCPT, DATA ...--------- Envelope --HEADER--> Headers    |
//!                                                                   |                  | EOH    |
//!                                                                   +-----BODY-----> Body       |
//!                                                                                      | EOM    |
//!                                                                                 EndOfMessage -+
//! ```
//! Steps inside a message may be skipped, but their order is fixed. From any state ABORT and HELO lead back to Connected,
//! MAIL starts the next message, and QUIT closes the dialogue.

use std::fmt;

use crate::command::CommandKind;
use crate::negotiate::ProtocolFlags;

/// The state of a dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DialogueState {
    /// No command has come.
    Start,
    /// The MTA has made its offer, and the answer is due.
    Offered,
    /// Negotiated; the client is not known yet.
    Negotiated,
    /// A client is connected; no message is open.
    Connected,
    /// A message is open; MAIL, RCPT or DATA came last.
    Envelope,
    /// Inside the header section.
    Headers,
    /// After the header section.
    Body,
    /// The message is complete, and its final reply is due.
    EndOfMessage,
    /// The MTA has said QUIT or closed the connection.
    Closed,
}

impl DialogueState {
    /// All states.
    pub const ALL: [Self; 9] = [
        Self::Start,
        Self::Offered,
        Self::Negotiated,
        Self::Connected,
        Self::Envelope,
        Self::Headers,
        Self::Body,
        Self::EndOfMessage,
        Self::Closed,
    ];

    /// True from CONNECT on.
    pub(super) fn in_connection(self) -> bool {
        self == Self::Connected || self.in_message()
    }

    /// True from MAIL to the final reply.
    pub(super) fn in_message(self) -> bool {
        matches!(self, Self::Envelope | Self::Headers | Self::Body | Self::EndOfMessage)
    }

    /// The state after a command; `None` if the command may not come in this state.
    ///
    /// Everything that MTAs are known to do is legal, however odd: ABORT at any time and any number of times, CONNECT and
    /// HELO again, RCPT or DATA after a DATA that was refused. CONNECT and MAIL may be missing only if they were switched
    /// off: an unknown client or sender would otherwise pass for an empty one.
    pub(super) fn after(self, command: CommandKind, agreed: ProtocolFlags) -> Option<Self> {
        use CommandKind as C;
        let has_client = self.in_connection() || agreed.contains(ProtocolFlags::NO_CONNECT);
        let has_sender = self.in_message() || agreed.contains(ProtocolFlags::NO_MAIL);
        match (self, command) {
            (Self::Closed | Self::Offered | Self::EndOfMessage, _) => None,
            (Self::Start, C::Negotiate) => Some(Self::Offered),
            (_, C::Quit) => Some(Self::Closed),
            (Self::Start | Self::Negotiated, C::Abort) => Some(self),
            (Self::Start, _) | (_, C::Negotiate) => None,
            (_, C::Macros | C::Unknown) => Some(self),
            (_, C::QuitNewConnection) => Some(Self::Negotiated),
            (_, C::Connect | C::Abort) => Some(Self::Connected),
            _ if !has_client => None,
            (_, C::Helo) => Some(Self::Connected),
            (_, C::Mail) => Some(Self::Envelope),
            _ if !has_sender => None,
            (Self::Negotiated | Self::Connected | Self::Envelope, C::Rcpt | C::Data) => Some(Self::Envelope),
            (Self::Headers | Self::Body, C::Rcpt | C::Data) => None,
            (Self::Body, C::Header | C::EndOfHeaders) => None,
            (_, C::Header) => Some(Self::Headers),
            (_, C::EndOfHeaders | C::BodyChunk) => Some(Self::Body),
            (_, C::EndOfMessage) => Some(Self::EndOfMessage),
        }
    }
}

impl fmt::Display for DialogueState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "before negotiation",
            Self::Offered => "during negotiation",
            Self::Negotiated => "before CONNECT",
            Self::Connected => "outside of a message",
            Self::Envelope => "in the envelope",
            Self::Headers => "in the header section",
            Self::Body => "behind the header section",
            Self::EndOfMessage => "at end of message",
            Self::Closed => "after the end",
        })
    }
}
