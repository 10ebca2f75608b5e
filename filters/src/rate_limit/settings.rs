//! `[[rate_limit]]`: one limit each, as it stands in the configuration.
//!
//! Single values are checked as they are read; [`plan`](super::plan) checks how they fit together.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::date::Date;
use super::key::KeyPart;
use super::rate::Rates;
use crate::connection::Origin;
use crate::duration;
use crate::one_or_many;
use crate::submitter::{Names, Who};

/// A `[[rate_limit]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Name in reasons, metrics and the names of counters.
    pub name: String,
    /// Whose use is counted; several are combined.
    pub key: Vec<KeyPart>,
    /// What is counted.
    pub count: Count,
    /// At most so many in any time of that length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Rates>,
    /// What happens to what is over the limit.
    pub action: Action,
    /// Text of the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// How long the first breach blocks the key.
    #[serde(with = "duration::optional")]
    pub block: Option<Duration>,
    /// Listeners that it is for; all if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<Names>,
    /// Reasons for which mail is ours that it is for; all if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Vec<Origin>>,
    /// Who is not limited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<Who>,
    /// Other limits for some keys.
    #[serde(rename = "override", skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, Override>,
    /// A file with more of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_file: Option<PathBuf>,
    /// Bits of an IPv4 address that are one client.
    pub ipv4_prefix: u8,
    /// Bits of an IPv6 address that are one client.
    pub ipv6_prefix: u8,
    /// `[[rate_limit.ramp]]`: limits that grow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ramp: Vec<Ramp>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: String::new(),
            key: vec![KeyPart::User],
            count: Count::Recipients,
            limit: None,
            action: Action::Tempfail,
            reply: None,
            block: None,
            listener: None,
            origin: None,
            exempt: Vec::new(),
            overrides: BTreeMap::new(),
            override_file: None,
            ipv4_prefix: 32,
            ipv6_prefix: 64,
            ramp: Vec::new(),
        }
    }
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Accepted messages.
    Messages,
    /// Recipients of accepted messages.
    Recipients,
    /// Octets of accepted messages.
    Bytes,
    /// Recipients that the MTA itself has refused.
    RejectedRecipients,
}

/// What happens to what is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// 450: the client tries again.
    Tempfail,
    /// 550: it is given up.
    Reject,
    /// Accepted, and put on hold.
    Quarantine,
    /// Accepted, and written down.
    Log,
}

/// Other limits, or none at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override(pub Option<Rates>);

/// A `[[rate_limit.ramp]]`: a limit for some recipient domains that grows with time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ramp {
    /// Domains that are counted as one.
    pub recipient_domain: Vec<String>,
    /// The day on which the first step begins.
    pub start: Date,
    /// The limits, one step after the other. Behind the last the limit of the rule holds.
    pub schedule: Vec<Rates>,
    /// How long a step takes.
    #[serde(with = "duration", default = "day")]
    pub step: Duration,
}

impl Override {
    /// Reads `none`, or limits separated by commas or blanks.
    pub(super) fn parse(text: &str) -> Result<Self, super::rate::RateError> {
        if text.trim() == NONE { Ok(Self(None)) } else { Rates::parse(text).map(|rates| Self(Some(rates))) }
    }
}

impl<'de> Deserialize<'de> for Override {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "expected a limit such as \"100/1h\", a list of limits, or \"none\"";
        let texts = one_or_many::texts(deserializer, expected)?;
        Self::parse(&texts.join(",")).map_err(de::Error::custom)
    }
}

impl Serialize for Override {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(rates) => rates.serialize(serializer),
            None => serializer.serialize_str(NONE),
        }
    }
}

impl Count {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Recipients => "recipients",
            Self::Bytes => "bytes",
            Self::RejectedRecipients => "rejected recipients",
        }
    }
}

impl Action {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tempfail => "tempfail",
            Self::Reject => "reject",
            Self::Quarantine => "quarantine",
            Self::Log => "log",
        }
    }

    /// Whether what is over the limit is refused.
    pub(super) fn refuses(self) -> bool {
        matches!(self, Self::Tempfail | Self::Reject)
    }
}

fn day() -> Duration {
    Duration::from_secs(86_400)
}

const NONE: &str = "none";
