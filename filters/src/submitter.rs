//! The submitter of a message, and the conditions by which the configuration names submitters.
//!
//! A [`Submitter`] holds only facts that the MTA vouches for: the SASL user, the client's address, the listener, and
//! the subject of a TLS client certificate that the MTA has verified. Nothing that the client could make up is part
//! of it. A [`Who`] is the condition. Every key that it names must match, each by one of its values; a `Who` that
//! names nothing matches every submitter.

mod pattern;

use std::net::IpAddr;

use postseal_protocol::{MacroTable, Stage};
use serde::{Deserialize, Serialize};

pub use pattern::{Names, Networks, TextPattern};

use crate::connection::{ClientConnection, MtaKind};
use crate::filter::Context;

/// The submitter of a message.
#[derive(Clone, Copy, Debug)]
pub struct Submitter<'a> {
    /// The user that the client has authenticated as, without blanks around the name: most directories ignore them.
    pub user: Option<&'a [u8]>,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The listener that the message comes by.
    pub listener: &'a str,
    /// Subject of the client's certificate, if the MTA trusts it: a name with Postfix, a distinguished name with
    /// Sendmail.
    pub certificate: Option<&'a [u8]>,
    /// Fingerprint of the client's certificate. Sendmail tells it, Postfix does not.
    pub fingerprint: Option<&'a [u8]>,
}

/// A condition on the submitter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Who {
    /// SASL users, compared without regard to case (beyond ASCII too); `*` stands for any run of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Names>,
    /// Networks of the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Networks>,
    /// Listeners.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<Names>,
    /// Subjects of TLS client certificates; `*` as in `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Names>,
    /// Fingerprints of TLS client certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Names>,
}

impl<'a> Submitter<'a> {
    /// The submitter of the message that a filter works on; known from MAIL on.
    pub fn of(cx: &'a Context<'_>) -> Self {
        Self::new(cx.connection, cx.macros)
    }

    /// The submitter, taken from the connection and the macros.
    pub fn new(connection: &'a ClientConnection, macros: &'a MacroTable) -> Self {
        let value = |name| macros.get(name).map(|value| &value[..]).filter(|value| !value.is_empty());
        // Postfix leaves the subject empty unless it trusts the certificate, and has no such macro as {verify}. From any
        // other MTA silence means that nobody has verified anything.
        let trusted = match value("{verify}") {
            Some(verify) => verify == b"OK",
            None => connection.mta == MtaKind::Postfix,
        };
        Self {
            user: value("{auth_authen}").map(<[u8]>::trim_ascii).filter(|user| !user.is_empty()),
            client: connection.ip(),
            listener: &connection.listener,
            certificate: value("{cert_subject}").filter(|_| trusted),
            fingerprint: value("{cert_fp}").or_else(|| value("{cert_md5}")),
        }
    }
}

impl Who {
    /// True if the submitter meets the condition.
    pub fn matches(&self, submitter: &Submitter<'_>) -> bool {
        let named = |names: &Option<Names>, value: Option<&[u8]>| match names {
            Some(names) => value.is_some_and(|value| names.contain(value)),
            None => true,
        };
        let client = || match &self.client {
            Some(networks) => submitter.client.is_some_and(|ip| networks.contain(ip)),
            None => true,
        };
        named(&self.user, submitter.user)
            && client()
            && named(&self.listener, Some(submitter.listener.as_bytes()))
            && named(&self.certificate, submitter.certificate)
            && named(&self.fingerprint, submitter.fingerprint)
    }

    /// True if it names nothing, and so matches everybody.
    pub fn is_anybody(&self) -> bool {
        *self == Self::default()
    }

    /// Macros that a filter with this condition must ask for, for its [`Needs`](crate::Needs).
    pub fn macros(&self) -> Vec<(Stage, String)> {
        let mut macros = Vec::new();
        let mut want = |name: &str| macros.push((Stage::Mail, name.to_owned()));
        if self.certificate.is_some() {
            want("{cert_subject}");
            want("{verify}");
        }
        if self.fingerprint.is_some() {
            want("{cert_fp}");
            want("{cert_md5}");
        }
        macros
    }
}

/// Defines an entry of the configuration that has the keys of [`Who`] beside its own, with a method `who()` that
/// returns them. (`serde(flatten)` would lose the check for unknown keys and the position of a mistake in the file.)
macro_rules! for_whom {
    ($(#[$outer:meta])* pub struct $name:ident { $($(#[$meta:meta])* pub $field:ident: $kind:ty,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// [`Who::user`](crate::submitter::Who::user)
            #[serde(skip_serializing_if = "Option::is_none")]
            pub user: Option<crate::submitter::Names>,
            /// [`Who::client`](crate::submitter::Who::client)
            #[serde(skip_serializing_if = "Option::is_none")]
            pub client: Option<crate::submitter::Networks>,
            /// [`Who::listener`](crate::submitter::Who::listener)
            #[serde(skip_serializing_if = "Option::is_none")]
            pub listener: Option<crate::submitter::Names>,
            /// [`Who::certificate`](crate::submitter::Who::certificate)
            #[serde(skip_serializing_if = "Option::is_none")]
            pub certificate: Option<crate::submitter::Names>,
            /// [`Who::fingerprint`](crate::submitter::Who::fingerprint)
            #[serde(skip_serializing_if = "Option::is_none")]
            pub fingerprint: Option<crate::submitter::Names>,
            $($(#[$meta])* pub $field: $kind,)*
        }

        impl $name {
            /// The condition on the submitter.
            pub fn who(&self) -> crate::submitter::Who {
                crate::submitter::Who {
                    user: self.user.clone(),
                    client: self.client.clone(),
                    listener: self.listener.clone(),
                    certificate: self.certificate.clone(),
                    fingerprint: self.fingerprint.clone(),
                }
            }
        }
    };
}

pub(crate) use for_whom;

#[cfg(test)]
mod tests;
