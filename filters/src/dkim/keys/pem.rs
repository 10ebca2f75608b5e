//! Finds the private key in a PEM file (RFC 7468, RFC 1421), or else names the content of the file.
//!
//! A file of nothing but base64 is a key too, as other software writes it: the 32 octets of an Ed25519 key (dkimpy), these
//! and the public key behind them (rspamd), or the DER that a PEM file has between its lines.

use rustls_pki_types::pem::{PemObject as _, SectionKind};

use super::{KeyError, der};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const DER_SEQUENCE: &[u8] = b"\x30\x82";
const SECTION_BEGIN: &[u8] = b"-----BEGIN PRIVATE KEY-----\n";
const SECTION_END: &[u8] = b"-----END PRIVATE KEY-----\n";
/// RFC 8032 section 5.1.5.
const ED25519_OCTETS: usize = 32;

/// The ASN.1 type in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PemFormat {
    /// RSAPrivateKey (RFC 8017 appendix A.1.2).
    Pkcs1,
    /// PrivateKeyInfo (RFC 5958).
    Pkcs8,
    /// The same around an Ed25519 key that stood alone, perhaps with its public half.
    Ed25519 {
        /// The public half, if the file had one.
        public: Vec<u8>,
    },
}

/// The first private key in the file.
pub(super) fn private_key(text: &[u8]) -> Result<(PemFormat, Vec<u8>), KeyError> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    if text.trim_ascii().is_empty() {
        return Err(KeyError::Empty);
    }
    let mut other = None;
    let mut lines = text.split(|byte| matches!(byte, b'\r' | b'\n')).map(<[u8]>::trim_ascii);
    while let Some(line) = lines.next() {
        let Some(label) = label(line, b"-----BEGIN ") else { continue };
        match label {
            b"PRIVATE KEY" => return decoded(PemFormat::Pkcs8, label, &mut lines),
            b"RSA PRIVATE KEY" => return decoded(PemFormat::Pkcs1, label, &mut lines),
            b"ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            _ => other = other.or(Some(label)),
        }
    }
    Err(match other {
        Some(b"EC PRIVATE KEY" | b"EC PARAMETERS") => KeyError::Algorithm("an EC key"),
        Some(b"DSA PRIVATE KEY") => KeyError::Algorithm("a DSA key"),
        Some(b"OPENSSH PRIVATE KEY") => KeyError::Holds("an OpenSSH key; make one with `postseal keygen`".to_owned()),
        Some(label) => KeyError::Holds(what(label)),
        None if text.starts_with(DER_SEQUENCE) => KeyError::Der,
        None if text.trim_ascii().starts_with(b"v=DKIM1") => KeyError::Holds("a DNS record".to_owned()),
        None => return unlabelled(text),
    })
}

/// A key in base64 without the lines around it.
fn unlabelled(text: &[u8]) -> Result<(PemFormat, Vec<u8>), KeyError> {
    let text: Vec<u8> = text.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    let padding = "=".repeat(text.len().wrapping_neg() % 4);
    let padded = [text.as_slice(), padding.as_bytes()].concat();
    let section = [SECTION_BEGIN, padded.as_slice(), b"\n", SECTION_END].concat();
    let Ok((_, octets)) = <(SectionKind, Vec<u8>)>::from_pem_slice(&section) else { return Err(KeyError::NotPem) };
    if let Some((seed, public)) = octets.split_first_chunk::<ED25519_OCTETS>()
        && (public.is_empty() || public.len() == ED25519_OCTETS)
    {
        return Ok((PemFormat::Ed25519 { public: public.to_vec() }, der::ed25519_pkcs8(seed)));
    }
    if der::pkcs8(&octets).is_some() {
        return Ok((PemFormat::Pkcs8, octets));
    }
    if der::rsa_private_key(&octets).is_some() {
        return Ok((PemFormat::Pkcs1, octets));
    }
    Err(KeyError::NotPem)
}

fn what(label: &[u8]) -> String {
    match label {
        b"CERTIFICATE" | b"X509 CERTIFICATE" | b"TRUSTED CERTIFICATE" => "a certificate".to_owned(),
        b"CERTIFICATE REQUEST" | b"NEW CERTIFICATE REQUEST" => "a certificate request".to_owned(),
        b"PUBLIC KEY" | b"RSA PUBLIC KEY" => "a public key".to_owned(),
        other => format!("{:?}", String::from_utf8_lossy(other)),
    }
}

fn label<'a>(line: &'a [u8], start: &[u8]) -> Option<&'a [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

/// The content of a section whose first line has been read.
fn decoded<'a>(
    format: PemFormat, begun: &[u8], lines: &mut impl Iterator<Item = &'a [u8]>,
) -> Result<(PemFormat, Vec<u8>), KeyError> {
    // A section in the form that the decoder expects. The decoder takes the same time for every secret.
    let mut section = SECTION_BEGIN.to_vec();
    for line in lines {
        if label(line, b"-----END ") == Some(begun) {
            section.extend_from_slice(SECTION_END);
            let (_, der) = <(SectionKind, Vec<u8>)>::from_pem_slice(&section)
                .map_err(|_| KeyError::Damaged("its base64 can't be decoded"))?;
            return Ok((format, der));
        }
        if line.starts_with(b"-----") {
            break;
        }
        if line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        // Other lines with a colon are RFC 1421 header fields.
        if !line.contains(&b':') {
            section.extend_from_slice(line);
            section.push(b'\n');
        }
    }
    Err(KeyError::Incomplete)
}
