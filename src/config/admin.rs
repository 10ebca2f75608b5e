//! `[admin]`: the HTTP port that serves `/metrics`, `/healthz` and `/readyz`.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The `[admin]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Admin {
    /// Where to listen, such as `127.0.0.1:9891`; `none` or nothing between the quotes: no admin port.
    #[serde(with = "address")]
    pub address: Option<SocketAddr>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { address: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9891))) }
    }
}

mod address {
    use super::{Deserialize, Deserializer, Serializer, SocketAddr, de};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if matches!(text.as_str(), "" | "none") {
            return Ok(None);
        }
        let advice =
            || de::Error::custom(format!("`{text}` is not IP:PORT, such as 127.0.0.1:9891 or [::1]:9891"));
        text.parse().map(Some).map_err(|_| advice())
    }

    pub(super) fn serialize<S: Serializer>(
        address: &Option<SocketAddr>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => serializer.collect_str(address),
            None => serializer.serialize_str("none"),
        }
    }
}
