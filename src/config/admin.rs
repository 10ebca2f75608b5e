//! `[admin]`: the HTTP port and the unix socket for watching and tending the service.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use postseal_filters::duration;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The `[admin]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct AdminConfig {
    /// Where to listen, such as `127.0.0.1:9891`; `none` or nothing between the quotes: no admin port.
    #[serde(with = "address")]
    pub address: Option<SocketAddr>,
    /// A unix socket for the same, open to the user of the service and root only. Clients that can connect may also change
    /// counters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
    /// File with a token. A client that shows the token has the rights of the unix socket, over the network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// A page for people at `/`.
    pub status_page: bool,
    /// Connections by TCP, and as many by the unix socket.
    pub connections: usize,
    /// How long a request may take to arrive, and a connection to idle.
    #[serde(with = "duration")]
    pub request_timeout: Duration,
    /// How long an answer waits for a client that does not read.
    #[serde(with = "duration")]
    pub answer_timeout: Duration,
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self {
            address: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 9891))),
            socket: None,
            token_file: None,
            status_page: true,
            connections: 64,
            request_timeout: Duration::from_secs(2),
            answer_timeout: Duration::from_secs(10),
        }
    }
}

mod address {
    use super::{Deserialize, Deserializer, Serializer, SocketAddr, de};

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
        let text = String::deserialize(deserializer)?;
        if matches!(text.as_str(), "" | "none") {
            return Ok(None);
        }
        let advice = || de::Error::custom(format!("`{text}` is not IP:PORT, such as 127.0.0.1:9891 or [::1]:9891"));
        text.parse().map(Some).map_err(|_| advice())
    }

    pub(super) fn serialize<S: Serializer>(address: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
        match address {
            Some(address) => serializer.collect_str(address),
            None => serializer.serialize_str("none"),
        }
    }
}
