//! Makes a private key, and shows its DNS record as a zone file has it.

use std::fmt::Write as _;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use encodify::base64::{LineEnding, STANDARD};

/// What kind of key to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyType {
    /// RSA with 2048 bits: every receiver verifies it.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits: signs five times slower than 2048, and not every receiver verifies it.
    Rsa4096,
    /// Ed25519: few receivers verify it, so only beside an RSA key.
    Ed25519,
}

impl KeyType {
    /// The letter that our default selectors begin with.
    pub const fn letter(self) -> char {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => 's',
            Self::Ed25519 => 'e',
        }
    }
}

/// The library failed; it gives no reason.
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library could not make a key")]
pub struct GenerateError(#[from] Unspecified);

/// Makes a private key: PKCS#8 in PEM.
///
/// # Errors
/// If there is no randomness or no memory.
pub fn generate(algorithm: KeyType) -> Result<String, GenerateError> {
    let key: Pkcs8V1Der<'_> = match algorithm {
        KeyType::Rsa2048 => KeyPair::generate(KeySize::Rsa2048)?.as_der()?,
        KeyType::Rsa3072 => KeyPair::generate(KeySize::Rsa3072)?.as_der()?,
        KeyType::Rsa4096 => KeyPair::generate(KeySize::Rsa4096)?.as_der()?,
        KeyType::Ed25519 => Ed25519KeyPair::generate()?.as_der()?,
    };
    let body = STANDARD.wrapped(64, LineEnding::Lf).encode(key.as_ref());
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n"))
}

/// A TXT record in the form of a zone file. One string of it has at most 255 bytes (RFC 1035 section 3.3).
pub fn zone_record(selector: &str, domain: &str, record: &str) -> String {
    let mut zone = format!("{selector}._domainkey.{domain}. IN TXT (");
    let mut rest = record;
    while !rest.is_empty() {
        let (part, tail) = rest.split_at(rest.floor_char_boundary(255));
        let _ = write!(zone, "\n    \"{part}\"");
        rest = tail;
    }
    zone.push_str(" )");
    zone
}

#[cfg(test)]
mod tests;
