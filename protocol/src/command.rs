//! What an MTA tells a filter: commands (`SMFIC_*`) and their payloads.
//!
//! This file holds values only. [`parse`](crate::parse) makes them from packets, [`encode`](crate::encode) writes them,
//! and [`Session`](crate::Session) checks their order. All text is octets as the MTA sent them: no character set is
//! assumed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, Bytes, BytesMut};

use crate::macros::{MacroList, Stage};
use crate::negotiate::{Offer, ProtocolFlags};

/// One command from the MTA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// The MTA's offer, which opens the dialogue.
    #[doc(alias = "SMFIC_OPTNEG")]
    Negotiate(Offer),
    /// Macro values for the command that follows; never answered.
    #[doc(alias = "SMFIC_MACRO")]
    Macros(MacroList),
    /// An SMTP client has connected.
    #[doc(alias = "SMFIC_CONNECT")]
    Connect(Connect),
    /// HELO or EHLO with the client's name.
    #[doc(alias = "SMFIC_HELO")]
    Helo(Bytes),
    /// MAIL FROM.
    #[doc(alias = "SMFIC_MAIL")]
    Mail(Address),
    /// RCPT TO.
    #[doc(alias = "SMFIC_RCPT")]
    Rcpt(Address),
    /// DATA (version 4 and later).
    #[doc(alias = "SMFIC_DATA")]
    Data,
    /// One header field.
    #[doc(alias = "SMFIC_HEADER")]
    Header(HeaderField),
    /// The blank line after the header section.
    #[doc(alias = "SMFIC_EOH")]
    EndOfHeaders,
    /// A piece of the body, cut anywhere.
    #[doc(alias = "SMFIC_BODY")]
    BodyChunk(Bytes),
    /// The end of the message, with a last piece of the body if the MTA sends one here.
    #[doc(alias = "SMFIC_BODYEOB")]
    EndOfMessage(Option<Bytes>),
    /// The message in progress is over; never answered.
    #[doc(alias = "SMFIC_ABORT")]
    Abort,
    /// The MTA closes the connection; never answered.
    #[doc(alias = "SMFIC_QUIT")]
    Quit,
    /// The SMTP session is over, the milter connection stays; never answered.
    #[doc(alias = "SMFIC_QUIT_NC")]
    QuitNewConnection,
    /// An SMTP command that the MTA does not know (version 3 and later).
    #[doc(alias = "SMFIC_UNKNOWN")]
    Unknown(Bytes),
}

impl Command {
    /// Which command this is.
    pub fn kind(&self) -> CommandKind {
        match self {
            Self::Negotiate(_) => CommandKind::Negotiate,
            Self::Macros(_) => CommandKind::Macros,
            Self::Connect(_) => CommandKind::Connect,
            Self::Helo(_) => CommandKind::Helo,
            Self::Mail(_) => CommandKind::Mail,
            Self::Rcpt(_) => CommandKind::Rcpt,
            Self::Data => CommandKind::Data,
            Self::Header(_) => CommandKind::Header,
            Self::EndOfHeaders => CommandKind::EndOfHeaders,
            Self::BodyChunk(_) => CommandKind::BodyChunk,
            Self::EndOfMessage(_) => CommandKind::EndOfMessage,
            Self::Abort => CommandKind::Abort,
            Self::Quit => CommandKind::Quit,
            Self::QuitNewConnection => CommandKind::QuitNewConnection,
            Self::Unknown(_) => CommandKind::Unknown,
        }
    }
}

/// A [`Command`] without its payload. Each variant's documentation is its byte on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandKind {
    /// `O`
    Negotiate,
    /// `D`
    Macros,
    /// `C`
    Connect,
    /// `H`
    Helo,
    /// `M`
    Mail,
    /// `R`
    Rcpt,
    /// `T`
    Data,
    /// `L`
    Header,
    /// `N`
    EndOfHeaders,
    /// `B`
    BodyChunk,
    /// `E`
    EndOfMessage,
    /// `A`
    Abort,
    /// `Q`
    Quit,
    /// `K`
    QuitNewConnection,
    /// `U`
    Unknown,
}

impl CommandKind {
    /// All commands.
    pub const ALL: [Self; 15] = [
        Self::Negotiate,
        Self::Macros,
        Self::Connect,
        Self::Helo,
        Self::Mail,
        Self::Rcpt,
        Self::Data,
        Self::Header,
        Self::EndOfHeaders,
        Self::BodyChunk,
        Self::EndOfMessage,
        Self::Abort,
        Self::Quit,
        Self::QuitNewConnection,
        Self::Unknown,
    ];

    /// The command's row in the table of commands: byte, name in MTA logs, first protocol version, and exchange.
    const fn row(self) -> (u8, &'static str, u32, Exchange) {
        use Exchange::{Answered, Negotiable, OneWay};
        use ProtocolFlags as P;
        match self {
            Self::Negotiate => (b'O', "OPTNEG", 2, Answered),
            Self::Macros => (b'D', "MACRO", 2, OneWay),
            Self::Connect => (b'C', "CONNECT", 2, Negotiable(P::NO_CONNECT, P::NO_REPLY_CONNECT)),
            Self::Helo => (b'H', "HELO", 2, Negotiable(P::NO_HELO, P::NO_REPLY_HELO)),
            Self::Mail => (b'M', "MAIL", 2, Negotiable(P::NO_MAIL, P::NO_REPLY_MAIL)),
            Self::Rcpt => (b'R', "RCPT", 2, Negotiable(P::NO_RCPT, P::NO_REPLY_RCPT)),
            Self::Data => (b'T', "DATA", 4, Negotiable(P::NO_DATA, P::NO_REPLY_DATA)),
            Self::Header => (b'L', "HEADER", 2, Negotiable(P::NO_HEADERS, P::NO_REPLY_HEADER)),
            Self::EndOfHeaders => {
                (b'N', "EOH", 2, Negotiable(P::NO_END_OF_HEADERS, P::NO_REPLY_END_OF_HEADERS))
            }
            Self::BodyChunk => (b'B', "BODY", 2, Negotiable(P::NO_BODY, P::NO_REPLY_BODY)),
            Self::EndOfMessage => (b'E', "EOM", 2, Answered),
            Self::Abort => (b'A', "ABORT", 2, OneWay),
            Self::Quit => (b'Q', "QUIT", 2, OneWay),
            Self::QuitNewConnection => (b'K', "QUIT_NC", 2, OneWay),
            Self::Unknown => (b'U', "UNKNOWN", 3, Negotiable(P::NO_UNKNOWN, P::NO_REPLY_UNKNOWN)),
        }
    }

    /// The byte that stands for the command on the wire.
    pub const fn byte(self) -> u8 {
        self.row().0
    }

    /// The command that a byte stands for.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// The first protocol version that has the command.
    pub const fn since(self) -> u32 {
        self.row().2
    }

    /// The flag that switches the command off, if there is one.
    pub fn left_out_by(self) -> Option<ProtocolFlags> {
        match self.row().3 {
            Exchange::Negotiable(left_out_by, _) => Some(left_out_by),
            Exchange::Answered | Exchange::OneWay => None,
        }
    }

    /// True if the MTA waits for a reply to the command under these flags.
    pub fn is_answered(self, agreed: ProtocolFlags) -> bool {
        match self.row().3 {
            Exchange::Answered => true,
            Exchange::OneWay => false,
            Exchange::Negotiable(_, unanswered_by) => !agreed.contains(unanswered_by),
        }
    }

    /// The stage that the command's macros belong to; `None` for a command that has no macros of its own.
    pub fn stage(self) -> Option<Stage> {
        match self {
            Self::Connect => Some(Stage::Connect),
            Self::Helo => Some(Stage::Helo),
            Self::Mail => Some(Stage::Mail),
            Self::Rcpt => Some(Stage::Rcpt),
            Self::Data => Some(Stage::Data),
            Self::EndOfHeaders => Some(Stage::EndOfHeaders),
            Self::EndOfMessage => Some(Stage::EndOfMessage),
            _ => None,
        }
    }
}

impl fmt::Display for CommandKind {
    /// The name that MTA logs use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
}

/// Whether an MTA sends a command, and whether it waits for a reply.
#[derive(Clone, Copy)]
enum Exchange {
    /// Always sent, always answered.
    Answered,
    /// Always sent, never answered.
    OneWay,
    /// Not sent under the first flag, not answered under the second.
    Negotiable(ProtocolFlags, ProtocolFlags),
}

/// The client of an SMTP connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Host name as the MTA found it; `[address]` or `unknown` if there is none.
    pub hostname: Bytes,
    /// The client's address.
    pub peer: Peer,
}

/// The address of an SMTP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// IPv4 or IPv6. The port is 0 if the MTA does not know it.
    Inet(SocketAddr),
    /// A Unix socket.
    Unix(Bytes),
    /// No address, or one that can't be read.
    Unknown,
}

impl Peer {
    /// The IP address, if there is one; IPv4 mapped into IPv6 is given as IPv4.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Inet(address) => Some(address.ip().to_canonical()),
            Self::Unix(_) | Self::Unknown => None,
        }
    }
}

/// A reverse-path or forward-path with its ESMTP arguments (RFC 5321 section 4.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The path as the MTA wrote it: `<a@b>`, `a@b`, `<>` or an empty string.
    pub path: Bytes,
    /// ESMTP arguments such as `SIZE=1000`, in order.
    pub arguments: Vec<Bytes>,
}

impl Address {
    /// A path without arguments.
    pub fn new(path: impl Into<Bytes>) -> Self {
        Self { path: path.into(), arguments: Vec::new() }
    }

    /// The mailbox without angle brackets; empty for the null reverse-path.
    pub fn mailbox(&self) -> &[u8] {
        let path = self.path.trim_ascii();
        path.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(path)
    }

    /// True for the null reverse-path: `<>`, or an empty string (Postfix `non_smtpd_milters`).
    pub fn is_null(&self) -> bool {
        self.mailbox().is_empty()
    }
}

/// One header field (RFC 5322 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField {
    /// Field name, as spelled in the message.
    pub name: Bytes,
    /// Everything after the colon, with leading white space, and with a bare LF at each fold.
    pub value: Bytes,
}

impl HeaderField {
    /// A field from its name and value; the value carries its own leading space.
    pub fn new(name: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// True if the field has this name. As in RFC 5322, the case of ASCII letters does not matter.
    pub fn is(&self, name: impl AsRef<[u8]>) -> bool {
        self.name.eq_ignore_ascii_case(name.as_ref())
    }
    /// The field with one space more in front of its value. Unless
    /// [`LEADING_SPACE`](ProtocolFlags::LEADING_SPACE) was negotiated, a value lacks that space on the wire.
    pub(crate) fn with_leading_space(self) -> Self {
        let mut value = BytesMut::with_capacity(self.value.len() + 1);
        value.put_u8(b' ');
        value.put_slice(&self.value);
        Self { name: self.name, value: value.freeze() }
    }
}
