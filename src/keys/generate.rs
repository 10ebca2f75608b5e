//! Makes a private key, and the DNS record that publishes its public half (RFC 6376 section 3.6.1, RFC 8463).

use std::fmt::Write as _;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use encodify::base64::{LineEnding, STANDARD};

/// What kind of key to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Algorithm {
    /// RSA with 2048 bits: every receiver verifies it.
    Rsa2048,
    /// RSA with 3072 bits.
    Rsa3072,
    /// RSA with 4096 bits: signs five times slower than 2048, and not every receiver verifies it.
    Rsa4096,
    /// Ed25519: few receivers verify it, so only beside an RSA key.
    Ed25519,
}

impl Algorithm {
    /// The letter that our default selectors begin with.
    pub const fn letter(self) -> char {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => 's',
            Self::Ed25519 => 'e',
        }
    }

    /// The name of the key type in DNS.
    const fn key_type(self) -> &'static str {
        match self {
            Self::Rsa2048 | Self::Rsa3072 | Self::Rsa4096 => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// A new key.
pub struct NewKey {
    /// The private key: PKCS#8 in PEM.
    pub pem: String,
    /// The text of the TXT record.
    pub record: String,
}

/// The library failed, and won't say why.
#[derive(Debug, thiserror::Error)]
#[error("the cryptographic library could not make a key")]
pub struct GenerateError(#[from] Unspecified);

/// Makes a key.
///
/// # Errors
/// If there is no randomness or no memory.
pub fn generate(algorithm: Algorithm) -> Result<NewKey, GenerateError> {
    let (private, public) = match algorithm {
        Algorithm::Rsa2048 => rsa_key(KeySize::Rsa2048)?,
        Algorithm::Rsa3072 => rsa_key(KeySize::Rsa3072)?,
        Algorithm::Rsa4096 => rsa_key(KeySize::Rsa4096)?,
        Algorithm::Ed25519 => ed25519_key()?,
    };
    let record = format!("v=DKIM1; k={}; p={}", algorithm.key_type(), STANDARD.encode(&public));
    Ok(NewKey { pem: pem(&private), record })
}

/// A TXT record in the form of a zone file. One string of it has at most 255 bytes (RFC 1035 section 3.3).
pub fn zone_record(selector: &str, domain: &str, record: &str) -> String {
    let mut zone = format!("{selector}._domainkey.{domain}. IN TXT (");
    let mut rest = record;
    while !rest.is_empty() {
        let (part, tail) = rest.split_at_checked(255).unwrap_or((rest, ""));
        let _ = write!(zone, "\n    \"{part}\"");
        rest = tail;
    }
    zone.push_str(" )");
    zone
}

/// The key in PKCS#8, and the public key as SubjectPublicKeyInfo.
fn rsa_key(size: KeySize) -> Result<(Vec<u8>, Vec<u8>), Unspecified> {
    let key = rsa::KeyPair::generate(size)?;
    let private: Pkcs8V1Der<'_> = key.as_der()?;
    let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
    Ok((private.as_ref().to_vec(), public.as_ref().to_vec()))
}

/// The key in PKCS#8, and the bare public key, which is what RFC 8463 section 3 wants in DNS.
fn ed25519_key() -> Result<(Vec<u8>, Vec<u8>), Unspecified> {
    let key = Ed25519KeyPair::generate()?;
    let private: Pkcs8V1Der<'_> = key.as_der()?;
    Ok((private.as_ref().to_vec(), key.public_key().as_ref().to_vec()))
}

fn pem(der: &[u8]) -> String {
    let body = STANDARD.wrapped(64, LineEnding::Lf).encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}-----END PRIVATE KEY-----\n")
}

#[cfg(test)]
mod tests;
