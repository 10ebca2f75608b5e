//! RSA keys of 1024 to 2047 bits, which the cryptographic library verifies but does not sign with.
//!
//! Some domains still publish such keys, and RFC 8301 section 3.2 permits them. RSASSA-PKCS1-v1_5 (RFC 8017 section
//! 8.2) is deterministic, so one exponentiation is enough, and it takes the same time for every secret. Each
//! signature is verified before it is returned: a wrong signature could reveal the key.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd};
use mail_auth::crypto::{HashImpl as _, Sha256};

use super::der::RsaNumbers;

/// DigestInfo of SHA-256 up to the hash (RFC 8017 section 9.2, note 1).
const DIGEST_INFO: &[u8] = b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

pub(super) struct SmallRsaKey {
    modulus: BoxedMontyParams,
    private_exponent: BoxedUint,
    public_exponent: BoxedUint,
    length: usize,
    precision: u32,
    public_key: Vec<u8>,
}

impl SmallRsaKey {
    /// `None` if the numbers do not make a key.
    pub(super) fn new(numbers: &RsaNumbers<'_>) -> Option<Self> {
        let precision = numbers.bits().next_multiple_of(64);
        let number = |octets: &[u8]| BoxedUint::from_be_slice(octets, precision).ok();
        let modulus = Odd::new(number(numbers.modulus)?).into_option()?;
        let key = Self {
            modulus: BoxedMontyParams::new(modulus),
            private_exponent: number(numbers.private_exponent)?,
            public_exponent: number(numbers.public_exponent)?,
            length: numbers.modulus.len(),
            precision,
            public_key: numbers.public_key(),
        };
        key.sign(b"a test").is_some().then_some(key)
    }

    /// RSAPublicKey in DER.
    pub(super) fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// `None` if the signature does not verify.
    pub(super) fn sign(&self, input: &[u8]) -> Option<Vec<u8>> {
        let encoded = BoxedUint::from_be_slice(&self.encode(input)?, self.precision).ok()?;
        let signature = self.montgomery(&encoded).pow(&self.private_exponent).retrieve();
        let public_bits = self.public_exponent.bits();
        let verified = self.montgomery(&signature).pow_bounded_exp(&self.public_exponent, public_bits);
        if verified.retrieve() != encoded {
            return None;
        }
        let octets = signature.to_be_bytes();
        octets.get(octets.len().checked_sub(self.length)?..).map(<[u8]>::to_vec)
    }

    fn montgomery(&self, number: &BoxedUint) -> BoxedMontyForm {
        BoxedMontyForm::new(number.clone(), &self.modulus)
    }

    /// EMSA-PKCS1-v1_5 (RFC 8017 section 9.2) with SHA-256.
    fn encode(&self, input: &[u8]) -> Option<Vec<u8>> {
        let hash = Sha256::digest(input);
        let padding = self.length.checked_sub(DIGEST_INFO.len() + hash.as_ref().len() + 3)?;
        Some([b"\0\x01", &vec![0xff; padding][..], b"\0", DIGEST_INFO, hash.as_ref()].concat())
    }
}
