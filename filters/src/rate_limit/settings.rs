//! The `[[rate_limit]]` entries of the configuration, each of which is a rule.
//!
//! Single values are checked as they are read. [`plan`](super::plan()) checks how they fit together.

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

const NONE: &str = "none";

/// A `[[rate_limit]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimitSettings {
    /// Name in reasons, metrics and the names of counters.
    pub name: String,
    /// The parts of the key; several are combined.
    pub key: Vec<KeyPart>,
    /// The units that are counted.
    pub count: Count,
    /// The limits. Required unless there is a ramp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Rates>,
    /// The action for mail that is over a limit.
    pub action: BreachAction,
    /// Text of the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply: Option<String>,
    /// The time for which the first breach blocks the key.
    #[serde(with = "duration::optional")]
    pub block: Option<Duration>,
    /// Listeners that the rule is for; all if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<Names>,
    /// Origins of the mail that the rule is for; all if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Vec<Origin>>,
    /// Submitters that are not limited.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exempt: Vec<Who>,
    /// Other limits for some keys.
    #[serde(rename = "override", skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, OverrideRates>,
    /// A file with more overrides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_file: Option<PathBuf>,
    /// Leading bits of an IPv4 address that stand for one client.
    pub ipv4_prefix: u8,
    /// Leading bits of an IPv6 address that stand for one client.
    pub ipv6_prefix: u8,
    /// `[[rate_limit.ramp]]`: limits that grow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ramp: Vec<Ramp>,
}

impl Default for RateLimitSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            key: vec![KeyPart::User],
            count: Count::Recipients,
            limit: None,
            action: BreachAction::Tempfail,
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

/// The units that are counted.
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

/// The action for mail that is over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
#[serde(expecting = "enum Action", rename_all = "snake_case")]
pub enum BreachAction {
    /// A 450 reply: the client tries again.
    Tempfail,
    /// A 550 reply: the client gives up.
    Reject,
    /// The mail is accepted and put on hold.
    Quarantine,
    /// The mail is accepted, and a reason is logged.
    Log,
}

/// The limits of an override; `None` for no limit at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRates(pub Option<Rates>);

/// A `[[rate_limit.ramp]]`: a limit for some recipient domains that grows with time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ramp {
    /// Recipient domains that are counted as one.
    pub recipient_domain: Vec<String>,
    /// The day on which the first step begins.
    pub start: Date,
    /// The limits, one step after the other. After the last step the limit of the rule holds.
    pub schedule: Vec<Rates>,
    /// How long a step takes.
    #[serde(with = "duration", default = "day")]
    pub step: Duration,
}

impl OverrideRates {
    /// Reads `none`, or limits separated by commas or blanks.
    pub(super) fn parse(text: &str) -> Result<Self, super::rate::RateError> {
        if text.trim() == NONE { Ok(Self(None)) } else { Rates::parse(text).map(|rates| Self(Some(rates))) }
    }
}

impl<'de> Deserialize<'de> for OverrideRates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "expected a limit such as \"100/1h\", a list of limits, or \"none\"";
        let texts = one_or_many::texts(deserializer, expected)?;
        Self::parse(&texts.join(",")).map_err(de::Error::custom)
    }
}

impl Serialize for OverrideRates {
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

impl BreachAction {
    /// The word.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// True if mail that is over the limit is refused.
    pub(super) fn refuses(self) -> bool {
        matches!(self, Self::Tempfail | Self::Reject)
    }
}

fn day() -> Duration {
    Duration::from_secs(86_400)
}
