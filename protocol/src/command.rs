//! Commands of an MTA to a filter (`SMFIC_*`), and their payloads.
//!
//! This file holds values only. [`parse`](crate::parse) makes them from packets, [`encode`](crate::encode) writes them,
//! and [`Session`](crate::Session) checks their order. All text is octets as the MTA sent them: no character set is
//! assumed.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use bytes::{BufMut, Bytes, BytesMut};

use crate::macros::{MacroList, Stage};
use crate::negotiate::{Offer, ProtocolFlags};

/// Defines [`Command`] and [`CommandKind`] from one table with a row for each command.
macro_rules! commands {
    ($(
        $(#[$doc:meta])* $kind:ident $(($payload:ty))?:
        $byte:literal $alias:literal $name:literal $since:literal $exchange:expr $(, $stage:ident)?;
    )*) => {
        /// One command from the MTA.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Command {
            $($(#[$doc])* #[doc(alias = $alias)] $kind $(($payload))?,)*
        }

        /// A [`Command`] without its payload.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum CommandKind {
            $($(#[$doc])* $kind,)*
        }

        impl Command {
            /// The kind of the command.
            pub fn kind(&self) -> CommandKind {
                match self {
                    $(Self::$kind { .. } => CommandKind::$kind,)*
                }
            }
        }

        impl CommandKind {
            /// All commands.
            pub const ALL: [Self; [$($byte),*].len()] = [$(Self::$kind),*];

            /// The command that a byte stands for.
            pub fn from_byte(byte: u8) -> Option<Self> {
                match byte {
                    $($byte => Some(Self::$kind),)*
                    _ => None,
                }
            }

            /// The stage that the command's macros belong to; `None` for a command that has no macros of its own.
            pub fn stage(self) -> Option<Stage> {
                match self {
                    $($(Self::$kind => Some(Stage::$stage),)?)*
                    _ => None,
                }
            }

            const fn row(self) -> (u8, &'static str, u32, Exchange) {
                use Exchange::{Answered, Negotiable, OneWay};
                use ProtocolFlags as P;
                match self {
                    $(Self::$kind => ($byte, $name, $since, $exchange),)*
                }
            }
        }
    };
}

// Command and payload: byte, name in libmilter, name in MTA logs, first protocol version, exchange, stage of its macros.
commands! {
    /// The MTA's offer, which opens the dialogue.
    Negotiate(Offer): b'O' "SMFIC_OPTNEG" "OPTNEG" 2 Answered;
    /// Macro values for the command that follows.
    Macros(MacroList): b'D' "SMFIC_MACRO" "MACRO" 2 OneWay;
    /// An SMTP client has connected.
    Connect(Connect): b'C' "SMFIC_CONNECT" "CONNECT" 2 Negotiable(P::NO_CONNECT, P::NO_REPLY_CONNECT), Connect;
    /// HELO or EHLO with the client's name.
    Helo(Bytes): b'H' "SMFIC_HELO" "HELO" 2 Negotiable(P::NO_HELO, P::NO_REPLY_HELO), Helo;
    /// MAIL FROM.
    Mail(Address): b'M' "SMFIC_MAIL" "MAIL" 2 Negotiable(P::NO_MAIL, P::NO_REPLY_MAIL), Mail;
    /// RCPT TO.
    Rcpt(Address): b'R' "SMFIC_RCPT" "RCPT" 2 Negotiable(P::NO_RCPT, P::NO_REPLY_RCPT), Rcpt;
    /// DATA (version 4 and later).
    Data: b'T' "SMFIC_DATA" "DATA" 4 Negotiable(P::NO_DATA, P::NO_REPLY_DATA), Data;
    /// One header field.
    Header(HeaderField): b'L' "SMFIC_HEADER" "HEADER" 2 Negotiable(P::NO_HEADERS, P::NO_REPLY_HEADER);
    /// The blank line after the header section.
    EndOfHeaders: b'N' "SMFIC_EOH" "EOH" 2 Negotiable(P::NO_END_OF_HEADERS, P::NO_REPLY_END_OF_HEADERS), EndOfHeaders;
    /// A piece of the body, cut anywhere.
    BodyChunk(Bytes): b'B' "SMFIC_BODY" "BODY" 2 Negotiable(P::NO_BODY, P::NO_REPLY_BODY);
    /// The end of the message, with a last piece of the body if the MTA sends one here.
    EndOfMessage(Option<Bytes>): b'E' "SMFIC_BODYEOB" "EOM" 2 Answered, EndOfMessage;
    /// The message in progress is over.
    Abort: b'A' "SMFIC_ABORT" "ABORT" 2 OneWay;
    /// The MTA closes the connection.
    Quit: b'Q' "SMFIC_QUIT" "QUIT" 2 OneWay;
    /// The SMTP session is over, the milter connection stays.
    QuitNewConnection: b'K' "SMFIC_QUIT_NC" "QUIT_NC" 2 OneWay;
    /// An SMTP command that the MTA does not know (version 3 and later).
    Unknown(Bytes): b'U' "SMFIC_UNKNOWN" "UNKNOWN" 3 Negotiable(P::NO_UNKNOWN, P::NO_REPLY_UNKNOWN);
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

impl CommandKind {
    /// The byte that stands for the command on the wire.
    pub const fn byte(self) -> u8 {
        self.row().0
    }

    /// The first protocol version with this command.
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
}

impl fmt::Display for CommandKind {
    /// The name that MTA logs use.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().1)
    }
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
