//! The form of values in the name of a counter, `RULE:VALUE,VALUE`.
//!
//! Counters, overrides, ramps and changes by hand all take their values through this file, so that one name means one
//! counter. Letters are in small form: most servers do not distinguish users by case, and a thief must not get a new
//! counter for each spelling of a name. An octet that is not plain is written `%xx`. A name that is too long ends in
//! a hash, so that a sender cannot create very long names.

use std::fmt::Write;
use std::net::IpAddr;

use crate::mail::letter_case::folded_octets;
use crate::network::Network;
use crate::store::MAX_KEY_OCTETS;

/// A tilde and a hash of 16 digits at the end of a long name.
const HASH_OCTETS: usize = 17;
/// The octets of a name that may stand as they are.
const PLAIN: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789.@_-+=:/#*";

/// The number of leading bits of an address that stand for one client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prefixes {
    pub(super) ipv4: u8,
    pub(super) ipv6: u8,
}

/// The value in small letters, with `%xx` for each octet that is not plain. Blanks around the value do not count.
pub(super) fn plain(value: &[u8]) -> String {
    let value = folded_octets(value.trim_ascii());
    let mut out = String::with_capacity(value.len());
    for octet in &*value {
        match PLAIN.contains(octet) {
            true => out.push(char::from(*octet)),
            false => drop(write!(out, "%{octet:02x}")),
        }
    }
    out
}

/// The network that counts as one client.
pub(super) fn network(ip: IpAddr, prefixes: Prefixes) -> Network {
    let ip = ip.to_canonical();
    Network::around(ip, if ip.is_ipv4() { prefixes.ipv4 } else { prefixes.ipv6 })
}

/// The client's network; a network of one address is written as the address.
pub(super) fn client(ip: IpAddr, prefixes: Prefixes) -> String {
    let network = network(ip, prefixes);
    if network.bits() == network.longest() { ip.to_canonical().to_string() } else { network.to_string() }
}

/// The name of a counter.
pub(super) fn counter_name(rule: &str, values: &[String]) -> String {
    let mut name = format!("{rule}:{}", values.join(","));
    if name.len() > MAX_KEY_OCTETS {
        let hash = fnv(name.as_bytes());
        // All octets are ASCII, so that any of them may be the last.
        name.truncate(MAX_KEY_OCTETS - HASH_OCTETS);
        let _ = write!(name, "~{hash:016x}");
    }
    name
}

/// True if the text is the name of a counter that ends in a hash. No plain value has a tilde.
pub(super) fn is_hashed_name(text: &str) -> bool {
    let hash = text.get(MAX_KEY_OCTETS - HASH_OCTETS..).filter(|_| text.len() == MAX_KEY_OCTETS);
    let hash = hash.and_then(|end| end.strip_prefix('~'));
    hash.is_some_and(|hash| hash.bytes().all(|octet| octet.is_ascii_hexdigit() && !octet.is_ascii_uppercase()))
}

/// FNV-1a. The hash must be the same in every version and on every machine. It need not be secure: a collision gains
/// nothing, since the two would only share a limit.
fn fnv(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}
