//! `[origin]`: which mail on a submission listener is ours to sign and limit.

use std::collections::BTreeMap;

use postseal_filters::{OriginPolicy, network::Network};
use serde::{Deserialize, Serialize};

/// The `[origin]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct OriginConfig {
    /// Mail of clients that have authenticated.
    pub authenticated: bool,
    /// Mail of clients in these networks.
    #[serde(with = "networks")]
    pub networks: Vec<Network>,
    /// Mail with one of these values in a macro, such as `"{daemon_name}" = ["ORIGINATING"]`.
    #[serde(with = "macros")]
    pub macros: BTreeMap<String, Vec<String>>,
}

impl OriginConfig {
    /// The policy that the filters work by.
    pub fn policy(&self) -> OriginPolicy {
        OriginPolicy {
            authenticated: self.authenticated,
            networks: self.networks.clone(),
            macros: self.macros.iter().map(|(name, values)| (name.clone(), values.clone())).collect(),
        }
    }
}

impl Default for OriginConfig {
    fn default() -> Self {
        let loopback = ["127.0.0.0/8", "::1/128"];
        Self {
            authenticated: true,
            networks: loopback.iter().filter_map(|network| network.parse().ok()).collect(),
            macros: BTreeMap::new(),
        }
    }
}

mod networks {
    use postseal_filters::network::Network;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Network>, D::Error> {
        Ok(Vec::<NetworkText>::deserialize(deserializer)?.into_iter().map(|text| text.0).collect())
    }

    pub(super) fn serialize<S: Serializer>(networks: &[Network], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(networks.iter().map(ToString::to_string))
    }

    /// A list of its own type, so that a mistake is reported with its place in the list.
    struct NetworkText(Network);

    impl<'de> Deserialize<'de> for NetworkText {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?.parse().map(Self).map_err(de::Error::custom)
        }
    }
}

mod macros {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    type Macros = BTreeMap<String, Vec<String>>;

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Macros, D::Error> {
        let named = BTreeMap::<MacroName, Vec<String>>::deserialize(deserializer)?;
        Ok(named.into_iter().map(|(name, values)| (name.0, values)).collect())
    }

    pub(super) fn serialize<S: Serializer>(macros: &Macros, serializer: S) -> Result<S::Ok, S::Error> {
        macros.serialize(serializer)
    }

    /// A macro name as MTAs write it: one letter bare, longer names in braces.
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct MacroName(String);

    impl<'de> Deserialize<'de> for MacroName {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(&text);
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
            if inner.is_empty() || !inner.chars().all(fits) {
                return Err(de::Error::custom(format!("`{text}` is not a macro name, such as {{daemon_name}} or j")));
            }
            Ok(Self(if inner.len() == 1 { inner.to_owned() } else { format!("{{{inner}}}") }))
        }
    }
}
