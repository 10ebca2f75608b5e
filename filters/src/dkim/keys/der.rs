//! As much of DER as private keys need: the algorithm, the length and the public half of a key.

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
const OBJECT_IDENTIFIER: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// rsaEncryption, 1.2.840.113549.1.1.1
pub(super) const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
/// id-RSASSA-PSS, 1.2.840.113549.1.1.10
pub(super) const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
/// id-ecPublicKey, 1.2.840.10045.2.1
pub(super) const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";

/// id-X25519, 1.3.101.110
pub(super) const X25519: &[u8] = b"\x2b\x65\x6e";
/// id-X448, 1.3.101.111
pub(super) const X448: &[u8] = b"\x2b\x65\x6f";
/// id-Ed25519, 1.3.101.112
pub(super) const ED25519: &[u8] = b"\x2b\x65\x70";
/// id-Ed448, 1.3.101.113
pub(super) const ED448: &[u8] = b"\x2b\x65\x71";

/// The numbers of an RSA key that signing needs, without leading zeros.
pub(super) struct RsaNumbers<'a> {
    pub(super) modulus: &'a [u8],
    pub(super) public_exponent: &'a [u8],
    pub(super) private_exponent: &'a [u8],
}

impl RsaNumbers<'_> {
    pub(super) fn bits(&self) -> u32 {
        let zeros = self.modulus.first().map_or(0, |first| first.leading_zeros());
        u32::try_from(self.modulus.len()).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(zeros)
    }

    /// RSAPublicKey (RFC 8017 appendix A.1.1).
    pub(super) fn public_key(&self) -> Vec<u8> {
        let numbers = [unsigned(self.modulus), unsigned(self.public_exponent)].concat();
        element(SEQUENCE, &numbers)
    }
}

/// PrivateKeyInfo (RFC 5958 section 2): algorithm and key.
pub(super) fn pkcs8(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut info = DerReader(DerReader(der).read(SEQUENCE)?);
    info.read(INTEGER)?;
    let mut algorithm = DerReader(info.read(SEQUENCE)?);
    Some((algorithm.read(OBJECT_IDENTIFIER)?, info.read(OCTET_STRING)?))
}

/// PrivateKeyInfo around an Ed25519 key (RFC 8410 section 7).
pub(super) fn ed25519_pkcs8(seed: &[u8]) -> Vec<u8> {
    let version = element(INTEGER, &[0]);
    let algorithm = element(SEQUENCE, &element(OBJECT_IDENTIFIER, ED25519));
    let key = element(OCTET_STRING, &element(OCTET_STRING, seed));
    element(SEQUENCE, &[version, algorithm, key].concat())
}

/// RSAPrivateKey (RFC 8017 appendix A.1.2).
pub(super) fn rsa_private_key(der: &[u8]) -> Option<RsaNumbers<'_>> {
    let mut key = DerReader(DerReader(der).read(SEQUENCE)?);
    key.read(INTEGER)?;
    Some(RsaNumbers {
        modulus: key.read_unsigned()?,
        public_exponent: key.read_unsigned()?,
        private_exponent: key.read_unsigned()?,
    })
}

/// SubjectPublicKeyInfo (RFC 5280 section 4.1, RFC 3279 section 2.3.1) around an RSAPublicKey.
pub(super) fn rsa_public_key_info(public_key: &[u8]) -> Vec<u8> {
    let algorithm = element(SEQUENCE, &[element(OBJECT_IDENTIFIER, RSA), element(NULL, &[])].concat());
    // The first octet of a bit string counts unused bits.
    let key = element(BIT_STRING, &[b"\0", public_key].concat());
    element(SEQUENCE, &[algorithm, key].concat())
}

struct DerReader<'a>(&'a [u8]);

impl<'a> DerReader<'a> {
    /// The content of the next element, if it has this tag.
    fn read(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        if first >= 0x80 {
            let (octets, tail) = rest.split_at_checked(usize::from(first & 0x7f))?;
            if octets.is_empty() || octets.len() > 4 {
                return None;
            }
            length = octets.iter().fold(0, |length, &octet| length << 8 | usize::from(octet));
            rest = tail;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (found == tag).then_some(content)
    }

    fn read_unsigned(&mut self) -> Option<&'a [u8]> {
        let number = self.read(INTEGER)?;
        let start = number.iter().position(|&octet| octet != 0)?;
        number.get(start..)
    }
}

fn unsigned(number: &[u8]) -> Vec<u8> {
    // The highest bit is the sign.
    let negative = number.first().is_some_and(|&first| first >= 0x80);
    element(INTEGER, &[if negative { b"\0" } else { &b""[..] }, number].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let octets = content.len().to_be_bytes();
    let mut length = &octets[..];
    while let [0, rest @ ..] = length
        && !rest.is_empty()
    {
        length = rest;
    }
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | length.len() as u8);
    }
    out.extend_from_slice(length);
    out.extend_from_slice(content);
    out
}
