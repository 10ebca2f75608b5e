//! Addresses of listeners: `inet:HOST:PORT`, `inet6:[ADDR]:PORT`, `unix:/path`, and Sendmail's `inet:PORT@HOST` and
//! `local:/path`; `fd:NAME` takes a socket that systemd holds open.
//!
//! Nothing is resolved here: a host may be a name, which is looked up when the listener is bound.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;

/// `sun_path` has 108 bytes; some are kept for the temporary name that a socket is bound under.
const MAX_PATH_OCTETS: usize = 96;

/// Where a listener waits for MTAs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListenAddress {
    /// TCP; the host is a name, an IPv4 address, or an IPv6 address without brackets.
    Inet {
        /// Name or address.
        host: String,
        /// Port; 0 lets the system choose.
        port: u16,
    },
    /// TCP over IPv6 only; the host is a name or an address without brackets.
    Inet6 {
        /// Name or address.
        host: String,
        /// Port; 0 lets the system choose.
        port: u16,
    },
    /// A unix socket at an absolute path.
    Unix(PathBuf),
    /// A socket that systemd passes, by its `FileDescriptorName=`.
    Systemd(String),
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListenAddressError {
    /// No known word before the colon.
    #[error("`{0}` does not begin with inet:, inet6:, unix:, local: or fd:")]
    Scheme(String),
    /// A port alone would listen on every interface.
    #[error("`{0}` names no host; write inet:127.0.0.1:{1} for this machine, inet:0.0.0.0:{1} for every network")]
    Host(String, u16),
    /// Neither HOST:PORT nor PORT@HOST.
    #[error("`{0}` has no port; write HOST:PORT")]
    PortMissing(String),
    /// A port that is no number up to 65535.
    #[error("`{0}` is not a port")]
    Port(String),
    /// Something that is neither a host name nor an address.
    #[error("`{0}` is neither a host name nor an IP address")]
    HostName(String),
    /// An IPv6 address without brackets.
    #[error("put the IPv6 address in brackets: [{0}]")]
    Brackets(Ipv6Addr),
    /// `inet6:` with an IPv4 address.
    #[error("{0} is an IPv4 address; write inet: before it")]
    Family(Ipv4Addr),
    /// A relative path.
    #[error("`{0}` is not an absolute path")]
    Relative(String),
    /// A path that is too long for a unix socket.
    #[error("the path has {0} bytes, a unix socket's at most {MAX_PATH_OCTETS}")]
    PathLength(usize),
    /// Not the name of a socket unit's descriptor.
    #[error("`{0}` is not a descriptor name")]
    Descriptor(String),
}

impl FromStr for ListenAddress {
    type Err = ListenAddressError;

    fn from_str(text: &str) -> Result<Self, ListenAddressError> {
        if text.starts_with('/') {
            return unix(text);
        }
        let (scheme, rest) = text.split_once(':').ok_or_else(|| ListenAddressError::Scheme(text.to_owned()))?;
        match scheme {
            "inet" => host_and_port(rest).map(|(host, port)| Self::Inet { host, port }),
            "inet6" => {
                let (host, port) = host_and_port(rest)?;
                match host.parse() {
                    Ok(ipv4) => Err(ListenAddressError::Family(ipv4)),
                    Err(_) => Ok(Self::Inet6 { host, port }),
                }
            }
            "unix" | "local" => unix(rest),
            "fd" => {
                // systemd.socket(5): printable ASCII without a colon, at most 255 characters.
                let fits = |c: char| c.is_ascii_graphic() && c != ':';
                let good = !rest.is_empty() && rest.len() <= 255 && rest.chars().all(fits);
                if good {
                    Ok(Self::Systemd(rest.to_owned()))
                } else {
                    Err(ListenAddressError::Descriptor(rest.to_owned()))
                }
            }
            _ => Err(ListenAddressError::Scheme(text.to_owned())),
        }
    }
}

postseal_filters::text_serde!(ListenAddress);

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Inet { host, port } => ("inet", host, port),
            Self::Inet6 { host, port } => ("inet6", host, port),
            Self::Unix(path) => return write!(f, "unix:{}", path.display()),
            Self::Systemd(name) => return write!(f, "fd:{name}"),
        };
        if host.contains(':') { write!(f, "{scheme}:[{host}]:{port}") } else { write!(f, "{scheme}:{host}:{port}") }
    }
}

fn unix(path: &str) -> Result<ListenAddress, ListenAddressError> {
    if !path.starts_with('/') {
        return Err(ListenAddressError::Relative(path.to_owned()));
    }
    if path.len() > MAX_PATH_OCTETS {
        return Err(ListenAddressError::PathLength(path.len()));
    }
    Ok(ListenAddress::Unix(path.into()))
}

/// Reads `HOST:PORT` or Sendmail's `PORT@HOST`.
fn host_and_port(text: &str) -> Result<(String, u16), ListenAddressError> {
    let (host, digits) = match text.split_once('@') {
        Some((port, host)) => (host, port),
        None => match text.rsplit_once(':') {
            Some(pair) => pair,
            None => match text.parse() {
                Ok(port) => return Err(ListenAddressError::Host(text.to_owned(), port)),
                Err(_) => return Err(ListenAddressError::PortMissing(text.to_owned())),
            },
        },
    };
    let port = digits.parse().map_err(|_| ListenAddressError::Port(digits.to_owned()))?;
    if host.is_empty() || host == "*" {
        return Err(ListenAddressError::Host(text.to_owned(), port));
    }
    Ok((host_name(host)?, port))
}

fn host_name(text: &str) -> Result<String, ListenAddressError> {
    let bad = || ListenAddressError::HostName(text.to_owned());
    if let Some(inner) = text.strip_prefix('[') {
        let address = inner.strip_suffix(']').ok_or_else(bad)?;
        let address: Ipv6Addr = address.parse().map_err(|_| bad())?;
        return Ok(address.to_string());
    }
    if let Ok(address) = text.parse() {
        return Err(ListenAddressError::Brackets(address));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if text.chars().all(fits) { Ok(text.to_owned()) } else { Err(bad()) }
}

#[cfg(test)]
mod tests;
