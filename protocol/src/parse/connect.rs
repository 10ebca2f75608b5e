//! The client's address (`SMFIC_CONNECT`).
//!
//! An address that can't be read is no reason to end a dialogue: the client is unknown then, as it is where the MTA says
//! so. What must hold is the structure of the packet.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use nom::Parser;
use nom::combinator::map;
use nom::sequence::pair;

use super::terminal::{octet, string, u16};
use super::{Parsed, anything, run};
use crate::command::{Connect, Peer};
use crate::error::ParseError;

/// `connect = string peer` - host name and address
pub(super) fn connect(data: &Bytes) -> Result<Connect, ParseError> {
    let (hostname, place) = run(b'C', data, pair(string, place))?;
    Ok(Connect {
        hostname: data.slice_ref(hostname),
        peer: match place {
            Place::Inet(port, text) => {
                ip(text).map_or(Peer::Unknown, |ip| Peer::Inet(SocketAddr::new(ip, port)))
            }
            Place::Unix(path) => Peer::Unix(data.slice_ref(path)),
            Place::Unknown => Peer::Unknown,
        },
    })
}

/// An address as it is written.
enum Place<'a> {
    Inet(u16, &'a [u8]),
    Unix(&'a [u8]),
    Unknown,
}

/// `peer = ("4" / "6") u16 string / "L" u16 string / OCTET *OCTET` - family, port, address
fn place(input: &[u8]) -> Parsed<'_, Place<'_>> {
    let (input, family) = octet(input)?;
    match family {
        b'4' | b'6' => map(pair(u16, string), |(port, text)| Place::Inet(port, text)).parse(input),
        b'L' => map(pair(u16, string), |(_, path)| Place::Unix(path)).parse(input),
        // Nothing follows `U`, but some write a port and an address all the same.
        _ => map(anything, |_| Place::Unknown).parse(input),
    }
}

/// `ip = ["["] ["IPv6:"] (IPv4 / IPv6) ["%" zone] ["]"]` - the family byte is not trusted: Sendmail and Postfix disagree
/// on mapped addresses
fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = text.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(text);
    let text = match text.split_first_chunk::<5>() {
        Some((prefix, address)) if prefix.eq_ignore_ascii_case(b"IPv6:") => address,
        _ => text,
    };
    let text = text.split(|octet| *octet == b'%').next().unwrap_or(text);
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
