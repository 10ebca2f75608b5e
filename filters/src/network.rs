//! Networks in CIDR notation, such as `10.0.0.0/8` and `::1/128`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// The bits ahead of an IPv4 address that is mapped into IPv6 (RFC 4291 section 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// An address range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

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
    /// The network of so many leading bits that an address lies in; the address alone if it has fewer bits.
    pub fn around(ip: IpAddr, bits: u8) -> Self {
        let ip = ip.to_canonical();
        Self(IpNet::new(ip, bits).map_or_else(|_| IpNet::from(ip), |network| network.trunc()))
    }

    /// Leading bits that all its addresses share.
    pub fn bits(&self) -> u8 {
        self.0.prefix_len()
    }

    /// The bits of a network of one address.
    pub fn longest(&self) -> u8 {
        self.0.max_prefix_len()
    }

    /// The first address.
    pub fn first(&self) -> IpAddr {
        self.0.network()
    }

    /// True if the address lies within. IPv4 mapped into IPv6 is compared as IPv4.
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.0.contains(&ip.to_canonical())
    }
}

/// IPv4 mapped into IPv6 as IPv4, as addresses are compared.
fn canonical(network: IpNet) -> IpNet {
    let bits = network.prefix_len().checked_sub(MAPPED_BITS);
    let mapped = bits.and_then(|bits| IpNet::new(network.addr().to_canonical(), bits).ok());
    mapped.filter(|mapped| mapped.addr().is_ipv4() && network.addr().is_ipv6()).unwrap_or(network)
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(ip, bits)| (ip, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| NetworkError::Address(address.to_owned()))?;
        let network = match prefix {
            None => IpNet::from(address.to_canonical()),
            Some(prefix) => {
                let network = prefix.parse().ok().and_then(|bits| IpNet::new(address, bits).ok());
                canonical(network.ok_or_else(|| NetworkError::Prefix(prefix.to_owned()))?)
            }
        };
        if network.trunc() != network {
            return Err(NetworkError::HostBits(text.to_owned(), Self(network.trunc())));
        }
        Ok(Self(network))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests;
