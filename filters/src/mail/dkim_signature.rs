//! The tags of a DKIM-Signature field that say what the signature covers (RFC 6376 section 3.5).
//!
//! ```text
//! tag-list  =  tag-spec *( ";" tag-spec ) [ ";" ]                         ; RFC 6376 section 3.2
//! tag-spec  =  [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]
//! ```
//!
//! Nothing is verified here: the public key is in DNS.

use std::collections::HashMap;

use super::address::DomainName;

/// Algorithms whose signatures count (RFC 8301 section 3.1, RFC 8463).
const ALGORITHMS: [&[u8]; 2] = [b"rsa-sha256", b"ed25519-sha256"];

/// A signature that a verifier would check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignatureTags {
    /// `d=`
    pub(crate) domain: DomainName,
    /// The canonicalization of the header section is relaxed.
    pub(crate) relaxed: bool,
    /// `x=`, in seconds since 1970.
    pub(crate) expires: Option<u64>,
    /// `h=`, in lower case: each name once, with the number of times that it is there.
    pub(crate) names: HashMap<Vec<u8>, usize>,
}

impl SignatureTags {
    /// Reads the value of a field. `None` if no verifier would accept such a signature.
    pub(crate) fn parse(value: &[u8]) -> Option<Self> {
        let tags = tags(value)?;
        let tag = |name: &[u8]| tags.get(name).map(Vec::as_slice);
        if tag(b"v")? != b"1"
            || !ALGORITHMS.contains(&tag(b"a")?)
            || [b"s", b"b", &b"bh"[..]].iter().any(|name| tag(name).is_none_or(<[u8]>::is_empty))
        {
            return None;
        }
        let domain = domain(tag(b"d")?)?;
        if let Some(identity) = tag(b"i") {
            let at = identity.iter().rposition(|octet| *octet == b'@')?;
            let of_identity = self::domain(identity.get(at + 1..)?)?;
            if !of_identity.is_within(&domain) {
                return None;
            }
        }
        if tag(b"q").is_some_and(|methods| !methods.split(|octet| *octet == b':').any(|method| method == b"dns/txt")) {
            return None;
        }
        let number = |name| tag(name).map_or(Some(None), |value| number(value).map(Some));
        let _length = number(b"l")?;
        let mut names = HashMap::new();
        for name in tag(b"h")?.split(|octet| *octet == b':') {
            *names.entry(name.to_ascii_lowercase()).or_default() += 1;
        }
        names.contains_key(&b"from"[..]).then_some(())?;
        Some(Self { domain, relaxed: is_relaxed(tag(b"c"))?, expires: number(b"x")?, names })
    }
}

/// The value of a DKIM-Signature field as its own signature covers it: without the value of `b=` (section 3.7).
pub(crate) fn without_signature(value: &[u8]) -> Vec<u8> {
    let specs = value.split(|octet| *octet == b';').map(|spec| match spec.iter().position(|octet| *octet == b'=') {
        Some(at) if spec.split_at(at).0.trim_ascii() == b"b" => spec.split_at(at + 1).0,
        _ => spec,
    });
    specs.collect::<Vec<_>>().join(&b';')
}

/// The tags by name, with their values without white space. `None` if the list is malformed or a tag is there twice.
fn tags(value: &[u8]) -> Option<HashMap<&[u8], Vec<u8>>> {
    let mut tags = HashMap::new();
    let value = value.trim_ascii();
    for spec in value.strip_suffix(b";").unwrap_or(value).split(|octet| *octet == b';') {
        let (name, value) = spec.split_at_checked(spec.iter().position(|octet| *octet == b'=')?)?;
        let name = name.trim_ascii();
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic);
        let value = value.iter().skip(1).copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
        if !is_name || tags.insert(name, value).is_some() {
            return None;
        }
    }
    Some(tags)
}

fn domain(name: &[u8]) -> Option<DomainName> {
    std::str::from_utf8(name).ok()?.parse().ok()
}

fn number(digits: &[u8]) -> Option<u64> {
    let all_digits = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    // A number that is too large for us is too large for any clock and any body.
    all_digits.then(|| std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(u64::MAX))
}

/// Reads `c=`, which is simple unless the tag says otherwise.
fn is_relaxed(tag: Option<&[u8]>) -> Option<bool> {
    let tag = tag.unwrap_or(b"simple");
    let mut forms = tag.split(|octet| *octet == b'/');
    let (header, body, more) = (forms.next()?, forms.next().unwrap_or(b"simple"), forms.next());
    let known = |form: &[u8]| matches!(form, b"simple" | b"relaxed");
    (known(header) && known(body) && more.is_none()).then_some(header == b"relaxed")
}

#[cfg(test)]
mod tests;
