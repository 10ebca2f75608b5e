//! The `[header_checks]` section of the configuration.
//!
//! The value of a check is an action, or a table of an action and its options. [`HeaderCheckSettings::plan`] checks that
//! the settings fit together, and returns the plan that the filter works by.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::check::{Check, CheckAction, each_check};
use crate::byte_size::ByteSize;
use crate::pipeline::OnError;
use crate::refuse_on::RefuseOn;
use crate::submitter::for_whom;

const NONE: &str = "none";

macro_rules! settings {
    ($($(#[$doc:meta])* $check:ident $key:ident = $profile:expr;)*) => {
        /// The `[header_checks]` section.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct HeaderCheckSettings {
            /// Decide, log and count, but change and refuse nothing.
            pub shadow: bool,
            /// The treatment of a message if the filter itself fails.
            pub on_error: OnError,
            /// The roles of listeners on which mail is refused. On other listeners a refusal is only logged, since mail of
            /// the machine itself would bounce.
            pub refuse_on: RefuseOn,
            /// The name of the field that lists the checks whose findings were repaired, or `none`.
            pub fixed_field: OrNone,
            /// The name of the field that lists the checks with the action `tag` that found something, or `none`.
            pub tag_field: OrNone,
            /// The most fields of these two names that are removed from a message that has them already.
            pub max_foreign_fields: usize,
            /// The address of a page that helps people; `#CHECK` is put behind it. `none` if there is no page.
            pub url: OrNone,
            /// The charset of raw text that is not UTF-8 and that nothing names, or `none`.
            pub fallback_charset: OrNone,
            /// The size up to which a body can be repaired.
            pub body_limit: ByteSize,
            /// The treatment of mail that carries a DKIM signature of the domain in From already.
            pub author_signed: AuthorSignedPolicy,
            $($(#[$doc])* pub $key: CheckRule,)*
            /// `[[header_checks.exception]]`: other actions for some senders.
            pub exception: Vec<Exception>,
        }

        impl Default for HeaderCheckSettings {
            fn default() -> Self {
                Self {
                    shadow: false,
                    on_error: OnError::Tempfail,
                    refuse_on: RefuseOn::default(),
                    fixed_field: OrNone(Some("X-Postseal-Fixed".to_owned())),
                    tag_field: OrNone(Some("X-Postseal-Found".to_owned())),
                    max_foreign_fields: 20,
                    url: OrNone(None),
                    fallback_charset: OrNone(None),
                    body_limit: ByteSize::new(1 << 20),
                    author_signed: AuthorSignedPolicy::Keep,
                    $($key: CheckRule::default_of(Check::$check),)*
                    exception: Vec::new(),
                }
            }
        }

        impl HeaderCheckSettings {
            /// The settings of a check.
            pub const fn rule(&self, check: Check) -> &CheckRule {
                match check {
                    $(Check::$check => &self.$key,)*
                }
            }

            /// The settings of a check, to be changed.
            pub const fn rule_mut(&mut self, check: Check) -> &mut CheckRule {
                match check {
                    $(Check::$check => &mut self.$key,)*
                }
            }
        }
    };
}

each_check!(settings);

/// The settings of a check: an action, or a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckRule {
    /// The action for a finding.
    pub action: CheckAction,
    /// The action instead of `fix` where no repair is certain. If unset, the check's default.
    pub otherwise: Option<CheckAction>,
    /// Decide, log and count, but change and refuse nothing.
    pub shadow: bool,
    /// The bound of a check that has one. If unset, the check's default.
    pub max: Option<u64>,
}

impl CheckRule {
    const fn plain(action: CheckAction) -> Self {
        Self { action, otherwise: None, shadow: false, max: None }
    }

    const fn default_of(check: Check) -> Self {
        let profile = check.profile();
        Self { max: profile.max, ..Self::plain(profile.action) }
    }
}

for_whom! {
    /// A `[[header_checks.exception]]`. Of several that fit, the first counts for each check.
    pub struct Exception {
        /// The checks that the exception is for. An empty list stands for all checks.
        #[serde(default)]
        pub checks: Vec<Check>,
        /// The action for findings in such mail.
        pub action: CheckAction,
    }
}

/// The treatment of mail that carries a DKIM signature of the domain in From already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(expecting = "enum AuthorSignedPolicy", rename_all = "snake_case")]
pub enum AuthorSignedPolicy {
    /// Nothing that the signature covers is repaired, and nothing is refused because it can't be repaired.
    Keep,
    /// Such mail is treated as all mail is, and the signature breaks where something is repaired.
    Repair,
}

/// A text, or `none`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrNone(pub Option<String>);

impl Serialize for OrNone {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_deref().unwrap_or(NONE))
    }
}

impl<'de> Deserialize<'de> for OrNone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Self((text != NONE).then_some(text)))
    }
}

/// The settings of a check that are more than an action.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct CheckRuleTable {
    action: CheckAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    otherwise: Option<CheckAction>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shadow: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max: Option<u64>,
}

impl Serialize for CheckRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { action, otherwise, shadow, max } = *self;
        if *self == Self::plain(action) {
            return action.serialize(serializer);
        }
        CheckRuleTable { action, otherwise, shadow, max }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CheckRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RuleVisitor)
    }
}

struct RuleVisitor;

impl<'de> Visitor<'de> for RuleVisitor {
    type Value = CheckRule;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an action in quotes, or a table such as { action = \"reject\", shadow = true }")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<CheckRule, E> {
        CheckAction::deserialize(StrDeserializer::new(text)).map(CheckRule::plain)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CheckRule, A::Error> {
        let CheckRuleTable { action, otherwise, shadow, max } =
            CheckRuleTable::deserialize(MapAccessDeserializer::new(map))?;
        Ok(CheckRule { action, otherwise, shadow, max })
    }
}

#[cfg(test)]
mod tests;
