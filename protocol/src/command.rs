//! What an MTA tells a filter: commands (`SMFIC_*`) and their payloads.
//!
//! Values only. [`parse`](crate::parse) makes them from frames, [`encode`](crate::encode) writes them, and
//! [`Session`](crate::Session) checks their order. All text is bytes as the MTA sent them: no character set is assumed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;

use crate::macros::MacroList;
use crate::negotiate::{Offer, ProtocolFlags};

/// One command from the MTA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens the dialogue with what the MTA offers.
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
    /// The end of the message, with a last piece of the body where the MTA chose to send one.
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

/// A [`Command`] without its payload: the command byte.
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

    /// The byte that stands for the command on the wire.
    pub fn byte(self) -> u8 {
        match self {
            Self::Negotiate => b'O',
            Self::Macros => b'D',
            Self::Connect => b'C',
            Self::Helo => b'H',
            Self::Mail => b'M',
            Self::Rcpt => b'R',
            Self::Data => b'T',
            Self::Header => b'L',
            Self::EndOfHeaders => b'N',
            Self::BodyChunk => b'B',
            Self::EndOfMessage => b'E',
            Self::Abort => b'A',
            Self::Quit => b'Q',
            Self::QuitNewConnection => b'K',
            Self::Unknown => b'U',
        }
    }

    /// The command that a byte stands for.
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.byte() == byte)
    }

    /// The flag that switches the command off, for those that have one.
    pub fn left_out_by(self) -> Option<ProtocolFlags> {
        match self {
            Self::Connect => Some(ProtocolFlags::NO_CONNECT),
            Self::Helo => Some(ProtocolFlags::NO_HELO),
            Self::Mail => Some(ProtocolFlags::NO_MAIL),
            Self::Rcpt => Some(ProtocolFlags::NO_RCPT),
            Self::Data => Some(ProtocolFlags::NO_DATA),
            Self::Header => Some(ProtocolFlags::NO_HEADERS),
            Self::EndOfHeaders => Some(ProtocolFlags::NO_END_OF_HEADERS),
            Self::BodyChunk => Some(ProtocolFlags::NO_BODY),
            Self::Unknown => Some(ProtocolFlags::NO_UNKNOWN),
            _ => None,
        }
    }

    /// True if the MTA waits for a reply to the command under these flags.
    pub fn is_answered(self, agreed: ProtocolFlags) -> bool {
        let waived = match self {
            Self::Negotiate | Self::EndOfMessage => return true,
            Self::Macros | Self::Abort | Self::Quit | Self::QuitNewConnection => return false,
            Self::Connect => ProtocolFlags::NO_REPLY_CONNECT,
            Self::Helo => ProtocolFlags::NO_REPLY_HELO,
            Self::Mail => ProtocolFlags::NO_REPLY_MAIL,
            Self::Rcpt => ProtocolFlags::NO_REPLY_RCPT,
            Self::Data => ProtocolFlags::NO_REPLY_DATA,
            Self::Header => ProtocolFlags::NO_REPLY_HEADER,
            Self::EndOfHeaders => ProtocolFlags::NO_REPLY_END_OF_HEADERS,
            Self::BodyChunk => ProtocolFlags::NO_REPLY_BODY,
            Self::Unknown => ProtocolFlags::NO_REPLY_UNKNOWN,
        };
        !agreed.contains(waived)
    }
}

impl fmt::Display for CommandKind {
    /// The name that MTA logs use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Negotiate => "OPTNEG",
            Self::Macros => "MACRO",
            Self::Connect => "CONNECT",
            Self::Helo => "HELO",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Header => "HEADER",
            Self::EndOfHeaders => "EOH",
            Self::BodyChunk => "BODY",
            Self::EndOfMessage => "EOM",
            Self::Abort => "ABORT",
            Self::Quit => "QUIT",
            Self::QuitNewConnection => "QUIT_NC",
            Self::Unknown => "UNKNOWN",
        })
    }
}

/// The client of an SMTP connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Host name as the MTA found it; `[address]` or `unknown` where there is none.
    pub hostname: Bytes,
    /// Where the client comes from.
    pub peer: Peer,
}

/// The address of an SMTP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// IPv4 or IPv6. The port is 0 where the MTA does not know it.
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
    /// The path as the MTA wrote it: `<a@b>`, `a@b`, `<>` or nothing.
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

    /// True for the null reverse-path: `<>`, or nothing (Postfix `non_smtpd_milters`).
    pub fn is_null(&self) -> bool {
        self.mailbox().is_empty()
    }
}

/// One header field (RFC 5322 section 2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField {
    /// Field name, as spelled.
    pub name: Bytes,
    /// Everything behind the colon, with leading white space, and with a bare LF at each fold.
    pub value: Bytes,
}

impl HeaderField {
    /// A field from its name and value; the value carries its own leading space.
    pub fn new(name: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        Self { name: name.into(), value: value.into() }
    }

    /// Compares field names as RFC 5322 does: ASCII letters in any case.
    pub fn is(&self, name: impl AsRef<[u8]>) -> bool {
        self.name.eq_ignore_ascii_case(name.as_ref())
    }
}
