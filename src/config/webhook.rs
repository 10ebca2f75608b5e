//! `[webhook]`: where breaches of limits are reported.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use hyper::Uri;
use hyper::http::uri::PathAndQuery;
use postseal_filters::duration;
use serde::{Deserialize, Serialize};

/// The `[webhook]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhook {
    /// Where events are posted to; nowhere if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<WebhookUrl>,
    /// File with such an address, which for many services is a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url_file: Option<PathBuf>,
    /// File with a token that is shown as `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// How long one attempt may take.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// Attempts after the first, with growing pauses.
    pub retries: u32,
    /// Events that may wait; further ones are dropped.
    pub queue: usize,
}

impl Default for Webhook {
    fn default() -> Self {
        Self { url: None, url_file: None, token_file: None, timeout: Duration::from_secs(5), retries: 6, queue: 1000 }
    }
}

/// An address of HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    /// Over TLS.
    pub tls: bool,
    /// Name or address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Path and query.
    pub path: String,
}

/// The text is not such an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected http://HOST[:PORT]/PATH or https://.., without a user name")]
pub struct WebhookUrlError;

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        let uri: Uri = text.parse().map_err(|_| WebhookUrlError)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(WebhookUrlError),
        };
        let authority = uri.authority().ok_or(WebhookUrlError)?;
        let (host, port) = (authority.host(), authority.port());
        let whole = port.as_ref().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        // A user name or something that is not a port would be left out without a word.
        if whole != authority.as_str() {
            return Err(WebhookUrlError);
        }
        let port = port.map_or(if tls { 443 } else { 80 }, |port| port.as_u16());
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
        if host.is_empty() || !host.chars().all(fits) {
            return Err(WebhookUrlError);
        }
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        Ok(Self { text: text.to_owned(), tls, host: host.to_owned(), port, path: path.to_owned() })
    }
}

postseal_filters::text_serde!(WebhookUrl);

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
