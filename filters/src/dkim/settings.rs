//! The `[dkim]` section of the configuration.
//!
//! Single values are checked as they are read. [`DkimSettings::plan`] checks how they fit together, and its result
//! makes the filter. The section names key files; the daemon reads them.

mod list;
mod plan;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use mail_auth::dkim::Canonicalization;
use serde::{Deserialize, Deserializer, Serialize, de};

use super::pattern::{Identity, Pattern, SigningDomain, SigningPatternError};
use crate::duration;
use crate::mail::address::SelectorName;
use crate::pipeline::OnError;
use crate::refuse_on::RefuseOn;

pub use list::FieldList;
pub use plan::{DkimPlan, PlannedRule, Signing};

/// The `[dkim]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DkimSettings {
    /// Header fields to sign: `"default"`, or a list with From in it.
    pub headers: FieldList,
    /// Header fields that nobody may add: `"default"`, which is every signed field that the message has and the most
    /// important ones that it lacks, or a list.
    pub oversign: FieldList,
    /// Canonical forms of header and body: `relaxed/relaxed`, `relaxed/simple`, `simple/relaxed` or `simple/simple`.
    pub canonicalization: Canonicalizations,
    /// How long a signature is valid, or `none`. A short time makes replay harder.
    #[serde(with = "duration::optional")]
    pub expiry: Option<Duration>,
    /// When an outgoing message has a From domain without a key.
    pub on_missing_key: UnsignedPolicy,
    /// When signing fails, or when none of the keys of a domain can be read: the filter's
    /// [`OnError`] in the pipeline.
    pub on_error: OnError,
    /// When there is no From field, or no address with a domain in it. Sendmail adds a missing From field only after
    /// filters, so refuse only where no such mail is expected.
    pub on_from_missing: UnsignedPolicy,
    /// When there are several From fields.
    pub on_from_multiple_fields: UnsignedPolicy,
    /// When there are several addresses in the From field: legal, though some of the largest receivers refuse it.
    pub on_from_multiple_addresses: UnsignedPolicy,
    /// When a field that is to be signed is there so often that the signature would become too long.
    pub on_too_many_fields: UnsignedPolicy,
    /// The roles of listeners on which the `on_` settings above refuse or defer mail, `on_error` excepted. On other listeners
    /// such mail passes unsigned.
    pub refuse_on: RefuseOn,
    /// Sign messages with octets that MTAs change: NUL, and CR or LF that are not together.
    pub sign_unsafe_octets: bool,
    /// Directory with `DOMAIN/SELECTOR.pem` for each key.
    pub key_dir: Option<PathBuf>,
    /// Entries of `key_dir` itself that are read. A directory with more is no directory of keys.
    pub key_dir_max_domains: usize,
    /// Entries of the folder of one domain that are read. A folder with more is not used.
    pub key_dir_max_selectors: usize,
    /// How often key files are checked for changes.
    #[serde(with = "duration")]
    pub key_refresh: Duration,
    /// Decide and log, but sign and refuse nothing.
    pub shadow: bool,
    /// `[[dkim.domain]]`: the signing domain and keys for each From domain or address.
    pub domain: Vec<DomainSettings>,
}

impl Default for DkimSettings {
    fn default() -> Self {
        Self {
            headers: FieldList::Default,
            oversign: FieldList::Default,
            canonicalization: Canonicalizations::default(),
            expiry: Some(Duration::from_secs(7 * 86_400)),
            on_missing_key: UnsignedPolicy::Pass,
            on_error: OnError::Tempfail,
            on_from_missing: UnsignedPolicy::Pass,
            on_from_multiple_fields: UnsignedPolicy::Reject,
            on_from_multiple_addresses: UnsignedPolicy::Pass,
            on_too_many_fields: UnsignedPolicy::Reject,
            refuse_on: RefuseOn::default(),
            sign_unsafe_octets: false,
            key_dir: None,
            key_dir_max_domains: 200_000,
            key_dir_max_selectors: 100,
            key_refresh: Duration::from_secs(10),
            shadow: false,
            domain: Vec::new(),
        }
    }
}

/// A `[[dkim.domain]]`. If several fit a From address, the longest counts. Several with the same `domain` or `address` all
/// sign, each as another domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct DomainSettings {
    /// From domain: `example.com`, `.example.com` for all below it, or `*`.
    #[serde(deserialize_with = "domain_pattern")]
    pub domain: Option<Pattern>,
    /// A single From address instead.
    #[serde(deserialize_with = "address_pattern")]
    pub address: Option<Pattern>,
    /// Domain that signs, `d=`; the domain above unless given. `*` is the domain in From, as is the default for
    /// `domain = "*"` with keys.
    pub signing_domain: Option<SigningDomain>,
    /// Identity, `i=`: `@example.com` or `list@example.com`, within the signing domain.
    pub identity: Option<Identity>,
    /// Keys, each making one signature. Without any, those of the signing domain in `key_dir`.
    pub keys: Vec<KeySettings>,
}

/// A private key file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// Selector, `s=`: the public key is published at `SELECTOR._domainkey.DOMAIN`.
    pub selector: SelectorName,
    /// Private key in PEM.
    pub file: PathBuf,
}

/// The treatment of a message that can't be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(expecting = "enum Policy", rename_all = "snake_case")]
pub enum UnsignedPolicy {
    /// It goes on unsigned.
    Pass,
    /// 4xx: the client tries again.
    Tempfail,
    /// 5xx.
    Reject,
}

/// Canonical forms of header and body, `c=`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Canonicalizations {
    /// The form of the header fields.
    pub header: Canonicalization,
    /// The form of the body.
    pub body: Canonicalization,
}

/// Neither `relaxed` nor `simple`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not relaxed/relaxed, relaxed/simple, simple/relaxed or simple/simple")]
pub struct CanonicalizationError;

impl FromStr for Canonicalizations {
    type Err = CanonicalizationError;

    fn from_str(text: &str) -> Result<Self, CanonicalizationError> {
        let rule = |name| match name {
            "relaxed" => Ok(Canonicalization::Relaxed),
            "simple" => Ok(Canonicalization::Simple),
            _ => Err(CanonicalizationError),
        };
        let (header, body) = text.split_once('/').ok_or(CanonicalizationError)?;
        Ok(Self { header: rule(header)?, body: rule(body)? })
    }
}

impl fmt::Display for Canonicalizations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |rule| match rule {
            Canonicalization::Relaxed => "relaxed",
            Canonicalization::Simple => "simple",
        };
        write!(f, "{}/{}", name(self.header), name(self.body))
    }
}

crate::text_serde!(Canonicalizations);

fn domain_pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pattern>, D::Error> {
    pattern(deserializer, Pattern::from_domain)
}

fn address_pattern<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pattern>, D::Error> {
    pattern(deserializer, Pattern::from_address)
}

fn pattern<'de, D: Deserializer<'de>>(
    deserializer: D, read: impl Fn(&str) -> Result<Pattern, SigningPatternError>,
) -> Result<Option<Pattern>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| read(&text)).transpose().map_err(de::Error::custom)
}

#[cfg(test)]
mod tests;
