//! Networks in CIDR notation, such as `10.0.0.0/8` and `::1/128`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// Neither IPv4 nor IPv6.
    #[error("`{0}` is not an IP address")]
    Address(String),
    /// A prefix length that is no number or too long for the address.
    #[error("`/{0}` is not a prefix length for this address")]
    Prefix(String),
    /// Bits set behind the prefix: a typing mistake in most cases.
    #[error("`{0}` has bits set behind its prefix; did you mean {1}?")]
    HostBits(String, Network),
}

impl Network {
    /// The network of so many leading bits that an address lies in.
    pub fn around(ip: IpAddr, bits: u8) -> Self {
        let ip = ip.to_canonical();
        let bits = bits.min(if ip.is_ipv4() { 32 } else { 128 });
        Self { address: masked(ip, bits), bits }
    }

    /// Leading bits that all its addresses share.
    pub fn bits(&self) -> u8 {
        self.bits
    }

    /// The bits of a network of one address.
    pub fn longest(&self) -> u8 {
        if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// True if the address lies within. IPv4 mapped into IPv6 is compared as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.address.is_ipv4() == ip.is_ipv4() && masked(ip, self.bits) == self.address
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address(address.to_owned()))?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let bits = match prefix {
            None => longest,
            Some(prefix) => prefix
                .parse()
                .ok()
                .filter(|bits| *bits <= longest)
                .ok_or_else(|| NetworkError::Prefix(prefix.to_owned()))?,
        };
        let network = Self { address: masked(address, bits), bits };
        if network.address == address {
            Ok(network)
        } else {
            Err(NetworkError::HostBits(text.to_owned(), network))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

fn masked(ip: IpAddr, bits: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            IpAddr::V4((ip.to_bits() & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            IpAddr::V6((ip.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contains_by_prefix_and_family() {
        for (network, inside, outside) in [
            ("127.0.0.0/8", "127.1.2.3", "128.0.0.1"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
            ("::1/128", "::1", "::2"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("10.0.0.0/8", "::ffff:10.1.2.3", "::ffff:11.1.2.3"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!network.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, message) in [
            ("localhost", "`localhost` is not an IP address"),
            ("10.0.0.0/33", "`/33` is not a prefix length for this address"),
            ("10.0.0.1/8", "`10.0.0.1/8` has bits set behind its prefix; did you mean 10.0.0.0/8?"),
        ] {
            assert_eq!(text.parse::<Network>().unwrap_err().to_string(), message);
        }
    }
}
