//! Private keys: read once from PEM, and used for every message.
//!
//! [`PrivateKey::from_pem`] reads the files that openssl writes, and tolerates everything that openssl tolerates:
//! text around the key, CRLF, a byte order mark. A key in base64 without the lines of PEM is read too. For any other file it returns an error that names the content of the
//! file and the remedy. RSA keys have 1024 to 4096 bits (RFC 8301 section 3.2); a key of less than 2048 bits is
//! [weak](PrivateKey::is_weak).

mod der;
mod pem;
mod small_rsa;

use std::fmt;

use mail_auth::crypto::{Ed25519Key, RsaKey, Sha256, SigningKey as _};
use mail_auth::headers::Writer as _;
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer};

use pem::PemFormat;
use small_rsa::SmallRsaKey;

/// A private key that can sign.
pub struct PrivateKey {
    secret: Secret,
    bits: u32,
}

/// The signature algorithm of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SigningAlgorithm {
    /// RSA (RFC 6376 section 3.3). Comes first: some verifiers look at the first signature only, and not all know
    /// Ed25519.
    Rsa,
    /// Ed25519 (RFC 8463).
    Ed25519,
}

/// Why a file can't be used as a private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No content.
    #[error("the file is empty")]
    Empty,
    /// Something else than PEM.
    #[error("not a PEM private key: no line says -----BEGIN PRIVATE KEY-----")]
    NotPem,
    /// Binary.
    #[error("not a PEM private key but DER; convert it with `openssl pkey -inform DER -in FILE -out FILE.pem`")]
    Der,
    /// PEM of something else.
    #[error("not a PEM private key: it holds {0}")]
    Holds(String),
    /// Needs a passphrase.
    #[error("the private key is encrypted; decrypt it with `openssl pkey -in FILE -out FILE.pem`")]
    Encrypted,
    /// The end line is missing.
    #[error("the private key has no end line: the file is incomplete")]
    Incomplete,
    /// Bad base64 or bad ASN.1.
    #[error("the private key is damaged: {0}")]
    Damaged(&'static str),
    /// A key that DKIM can't use.
    #[error("the private key is {0}, but DKIM signs with RSA or Ed25519")]
    Algorithm(&'static str),
    /// RFC 8301 forbids such keys.
    #[error("the RSA key has {0} bits; verifiers refuse less than 1024, and 2048 is what to use")]
    TooShort(u32),
    /// Verifiers need not take such keys.
    #[error("the RSA key has {0} bits; verifiers refuse more than 4096, and 2048 is what to use")]
    TooLong(u32),
    /// The cryptographic library refuses the key.
    #[error("the private key is refused by the cryptographic library: {0}")]
    Refused(String),
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum SignError {
    /// The key did not sign.
    #[error("the cryptographic library can't sign: {0}")]
    Library(String),
    /// The text that the signature was written into is not that of a DKIM-Signature field.
    #[error("the signature makes no DKIM-Signature field")]
    Field,
}

enum Secret {
    Rsa(Box<RsaKey<Sha256>>),
    SmallRsa(Box<SmallRsaKey>),
    Ed25519(Box<Ed25519Key>),
}

impl PrivateKey {
    /// Reads the first private key in a PEM file.
    ///
    /// # Errors
    /// If the file holds no usable private key. The error names the content that was found instead.
    pub fn from_pem(text: &[u8]) -> Result<Self, KeyError> {
        let (format, der) = pem::private_key(text)?;
        match format {
            PemFormat::Pkcs1 => Self::rsa(&der),
            PemFormat::Ed25519 { public } => {
                let key = Self::ed25519(&der)?;
                if public.is_empty() || public == key.public_key() {
                    Ok(key)
                } else {
                    Err(KeyError::Damaged("its public half does not belong to its private half"))
                }
            }
            PemFormat::Pkcs8 => {
                let (algorithm, key) = der::pkcs8(&der).ok_or(KeyError::Damaged("it is not PKCS#8"))?;
                match algorithm {
                    der::RSA => Self::rsa(key),
                    der::ED25519 => Self::ed25519(&der),
                    other => Err(KeyError::Algorithm(algorithm_name(other))),
                }
            }
        }
    }

    fn rsa(pkcs1: &[u8]) -> Result<Self, KeyError> {
        let parts = der::rsa_private_key(pkcs1).ok_or(KeyError::Damaged("it is not PKCS#1"))?;
        let bits = parts.bits();
        let secret = match bits {
            0..1024 => return Err(KeyError::TooShort(bits)),
            // The library does not sign with less than 2048 bits.
            1024..2048 => {
                let key = SmallRsaKey::new(&parts).ok_or(KeyError::Damaged("its numbers don't fit together"))?;
                Secret::SmallRsa(Box::new(key))
            }
            2048..=4096 => {
                let key = PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(pkcs1));
                let key = RsaKey::from_key_der(key).map_err(|error| KeyError::Refused(error.to_string()))?;
                Secret::Rsa(Box::new(key))
            }
            _ => return Err(KeyError::TooLong(bits)),
        };
        Ok(Self { secret, bits })
    }

    fn ed25519(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let key =
            Ed25519Key::from_pkcs8_maybe_unchecked_der(pkcs8).map_err(|error| KeyError::Refused(error.to_string()))?;
        Ok(Self { secret: Secret::Ed25519(Box::new(key)), bits: 256 })
    }

    /// The signature algorithm.
    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self.secret {
            Secret::Rsa(_) | Secret::SmallRsa(_) => SigningAlgorithm::Rsa,
            Secret::Ed25519(_) => SigningAlgorithm::Ed25519,
        }
    }

    /// Bits of the modulus, or of the curve.
    pub const fn bits(&self) -> u32 {
        self.bits
    }

    /// True for an RSA key of less than 2048 bits: it signs, but some verifiers refuse its signatures.
    pub const fn is_weak(&self) -> bool {
        matches!(self.secret, Secret::SmallRsa(_))
    }

    /// The public key as `p=` has it, before base64: SubjectPublicKeyInfo for RSA (RFC 6376 section 3.6.1), 32 octets
    /// for Ed25519 (RFC 8463 section 4).
    pub fn public_key(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Rsa(key) => der::rsa_public_key_info(&key.public_key()),
            Secret::SmallRsa(key) => der::rsa_public_key_info(key.public_key()),
            Secret::Ed25519(key) => key.public_key(),
        }
    }

    /// The text of the TXT record that publishes the public key.
    pub fn dns_record(&self) -> String {
        let mut record = format!("v=DKIM1; k={}; p=", self.algorithm().key_type()).into_bytes();
        record.write_base64(&self.public_key());
        String::from_utf8_lossy(&record).into_owned()
    }

    /// Signs the canonical header section. Takes 0.24 ms for RSA with 2048 bits, 5 times as long with 4096.
    pub(super) fn sign(&self, input: &[u8]) -> Result<Vec<u8>, SignError> {
        let signature = match &self.secret {
            Secret::Rsa(key) => key.sign(input),
            Secret::Ed25519(key) => key.sign(input),
            Secret::SmallRsa(key) => {
                let refused = || SignError::Library("the signature does not verify".to_owned());
                return key.sign(input).ok_or_else(refused);
            }
        };
        signature.map_err(|error| SignError::Library(error.to_string()))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { secret: _, bits } = self;
        f.debug_struct("PrivateKey").field("algorithm", &self.algorithm()).field("bits", bits).finish_non_exhaustive()
    }
}

impl SigningAlgorithm {
    /// The name in `a=`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "rsa-sha256",
            Self::Ed25519 => "ed25519-sha256",
        }
    }

    /// The name in `k=` of the DNS record.
    pub const fn key_type(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::Ed25519 => "ed25519",
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn algorithm_name(oid: &[u8]) -> &'static str {
    match oid {
        der::EC => "an EC key",
        der::RSA_PSS => "restricted to RSA-PSS",
        der::ED448 => "an Ed448 key",
        der::X25519 | der::X448 => "for key exchange only",
        _ => "of another kind",
    }
}

#[cfg(test)]
mod tests;
