//! `[[listener]]`: a socket that MTAs connect to, and the role of the mail that arrives on it.

use std::fmt;

use postseal_filters::{MtaKind, Role};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::ListenAddress;

/// One `[[listener]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerConfig {
    /// The name in logs and metrics.
    pub name: String,
    /// Where to listen.
    pub address: ListenAddress,
    /// Which mail comes this way.
    #[serde(default = "submission")]
    pub role: Role,
    /// The MTA that connects.
    #[serde(default)]
    pub mta: ListenerMta,
    /// Permissions of a unix socket.
    #[serde(default)]
    pub mode: Mode,
    /// Group of a unix socket, by name or number; else the one of the process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// The MTA that connects, or that it is to be found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ListenerMta {
    /// The macros tell.
    #[default]
    Auto,
    /// Postfix.
    Postfix,
    /// Sendmail, or an MTA that rewrites fields after its filters as Sendmail does.
    Sendmail,
}

impl ListenerMta {
    /// The MTA, unless it is to be found out.
    pub const fn kind(self) -> Option<MtaKind> {
        match self {
            Self::Auto => None,
            Self::Postfix => Some(MtaKind::Postfix),
            Self::Sendmail => Some(MtaKind::Sendmail),
        }
    }
}

/// Permissions of a file, written in octal: `0660`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(u32);

impl Mode {
    /// For the owner alone.
    pub const PRIVATE: Self = Self(0o600);

    /// The permission bits.
    pub const fn bits(self) -> u32 {
        self.0
    }
}

/// The MTA runs as another user, but can be in our group.
impl Default for Mode {
    fn default() -> Self {
        Self(0o660)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bits = u32::from_str_radix(&text, 8).ok().filter(|bits| *bits <= 0o777);
        let advice = || de::Error::custom(format!("`{text}` is not an octal mode, such as \"0660\""));
        bits.map(Self).ok_or_else(advice)
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The role that signs least by mistake and still does what most installations want.
fn submission() -> Role {
    Role::Submission
}
