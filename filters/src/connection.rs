//! The SMTP client, its listener, and the direction of its mail.

use std::net::IpAddr;
use std::sync::Arc;

use bitflags::bitflags;
use bytes::Bytes;
use postseal_protocol::{Connect, MacroTable, Peer};

use crate::mail::fold::MAX_SENT_LINE_OCTETS;
use crate::network::Network;

/// What a listener is for; decides which mail is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Mail of users (`smtpd_milters` of a submission service): ours if `[origin]` says so.
    Submission,
    /// Mail made on this machine (`non_smtpd_milters`): ours.
    Local,
    /// Mail that comes back from a content filter: ours.
    Reinject,
    /// Mail from elsewhere: not ours.
    Mx,
}

impl Role {
    /// The directions that mail on a listener of this role can have.
    pub fn directions(self) -> Directions {
        match self {
            Self::Submission => Directions::OUTGOING | Directions::NEITHER,
            Self::Local | Self::Reinject => Directions::OUTGOING,
            Self::Mx => Directions::INCOMING,
        }
    }

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Which MTA is on the other side; the two place added header fields differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MtaKind {
    /// Postfix: adds missing Date, From and Message-ID before filters see the message, and rewrites nothing after them.
    Postfix,
    /// Sendmail, or anything that may do as Sendmail does: adds these fields and rewrites addresses after all filters.
    Sendmail,
}

impl MtaKind {
    /// Tells the two apart by the macros of CONNECT. Both offer the same in the negotiation. The macro `v` of Sendmail is a
    /// bare version, "8.17.1.9"; that of Postfix is `$mail_name $mail_version`, where the name is free. Where `v` is
    /// missing, `{daemon_addr}` decides, which only Postfix has.
    pub fn from_macros(macros: &MacroTable) -> Self {
        let is_version = |text: &[u8]| text.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.');
        match macros.get("v").map(|version| version.trim_ascii()).filter(|version| !version.is_empty()) {
            Some(version) if is_version(version) => Self::Sendmail,
            Some(version) if version.contains(&b' ') || version.starts_with(b"Postfix") => Self::Postfix,
            Some(_) => Self::Sendmail,
            None if macros.get("{daemon_addr}").is_some() => Self::Postfix,
            None => Self::Sendmail,
        }
    }

    /// The octets that a line may have without its end; longer lines are cut, in the header section and in the body.
    /// Postfix: `smtp_line_length_limit`. Sendmail: `L=990` of the mailers smtp and esmtp (`proto.m4`).
    pub const fn max_line_octets(self) -> usize {
        match self {
            Self::Postfix => 998,
            Self::Sendmail => MAX_SENT_LINE_OCTETS,
        }
    }
}

/// An SMTP client's connection.
#[derive(Clone, Debug)]
pub struct ClientConnection {
    /// Name of the listener.
    pub listener: Arc<str>,
    /// Its role.
    pub role: Role,
    /// Host name and address.
    pub client: Connect,
    /// HELO name, once known.
    pub helo: Bytes,
    /// The MTA.
    pub mta: MtaKind,
    /// The values of fields come with the white space that stands behind the colon. If false, the MTA takes one space off
    /// each value where there is one, and all values begin with a space here.
    pub exact_values: bool,
}

impl ClientConnection {
    /// A connection of which nothing is known yet.
    pub fn new(listener: Arc<str>, role: Role) -> Self {
        let client = Connect { hostname: Bytes::new(), peer: Peer::Unknown };
        Self { listener, role, client, helo: Bytes::new(), mta: MtaKind::Sendmail, exact_values: true }
    }

    /// The client's IP address.
    pub fn ip(&self) -> Option<IpAddr> {
        self.client.peer.ip()
    }
}

/// Which way a message goes; known from MAIL on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The message is ours: this server sends it on behalf of its users.
    Outgoing(Origin),
    /// The message comes from elsewhere, for a mailbox here.
    Incoming,
}

impl Direction {
    /// Why the message is ours, if it is.
    pub fn origin(self) -> Option<Origin> {
        match self {
            Self::Outgoing(origin) => Some(origin),
            Self::Incoming => None,
        }
    }
}

bitflags! {
    /// The directions of mail that a filter is for, or that a listener can have.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Directions: u8 {
        /// [`Direction::Outgoing`]
        const OUTGOING = 1;
        /// [`Direction::Incoming`]
        const INCOMING = 2;
        /// Mail on a submission listener that `[origin]` does not name: neither of the two.
        const NEITHER = 4;
    }
}

impl Directions {
    /// The direction of one message.
    pub fn of(direction: Option<Direction>) -> Self {
        match direction {
            Some(Direction::Outgoing(_)) => Self::OUTGOING,
            Some(Direction::Incoming) => Self::INCOMING,
            None => Self::NEITHER,
        }
    }
}

/// Why a message is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(expecting = "enum OriginName", rename_all = "snake_case")]
pub enum Origin {
    /// The role of the listener says so.
    Listener,
    /// The client has authenticated.
    Authenticated,
    /// The client's network is listed.
    Network,
    /// A macro has a listed value.
    Macro,
}

impl Origin {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// The `[origin]` section: which mail on a submission listener is ours.
#[derive(Clone, Debug)]
pub struct OriginPolicy {
    /// Mail of authenticated clients.
    pub authenticated: bool,
    /// Mail of clients in these networks.
    pub networks: Vec<Network>,
    /// Mail with one of these values in a macro.
    pub macros: Vec<(String, Vec<String>)>,
}

impl OriginPolicy {
    /// The direction of a message, when the macros of MAIL are known; `None` if the message is neither ours nor incoming.
    pub fn direction(&self, connection: &ClientConnection, macros: &MacroTable) -> Option<Direction> {
        match connection.role {
            Role::Local | Role::Reinject => Some(Direction::Outgoing(Origin::Listener)),
            Role::Mx => Some(Direction::Incoming),
            Role::Submission => self.origin(connection, macros).map(Direction::Outgoing),
        }
    }

    fn origin(&self, connection: &ClientConnection, macros: &MacroTable) -> Option<Origin> {
        if self.authenticated && macros.get("{auth_authen}").is_some_and(|user| !user.is_empty()) {
            return Some(Origin::Authenticated);
        }
        if connection.ip().is_some_and(|ip| self.networks.iter().any(|network| network.contains(ip))) {
            return Some(Origin::Network);
        }
        let listed = |(name, values): &(String, Vec<String>)| {
            macros.get(name).is_some_and(|value| values.iter().any(|wanted| wanted.as_bytes() == value))
        };
        self.macros.iter().any(listed).then_some(Origin::Macro)
    }
}
