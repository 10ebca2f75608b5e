//! The client's address (`SMFIC_CONNECT`).
//!
//! An address that can't be read is no reason to end a dialogue: the client is then unknown, as if the MTA had said so.
//! Only the structure of the packet must be right.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use nom::Parser;
use nom::combinator::map;
use nom::sequence::pair;

use super::error::ParseError;
use super::rule::{Parsed, octet, octets, run, string, u16};
use crate::command::{Connect, Peer};

/// ```text
/// C | host name 00 | family `4` or `6`: 1 octet | port: u16 | address 00 |
///   | host name 00 | family `L`: 1 octet        | port: u16 | path 00 |
///   | host name 00 | family `U` or any other    | octets |
/// ```
pub(super) fn connect(data: &Bytes) -> Result<Connect, ParseError> {
    let (hostname, peer) = run(b'C', data, pair(string, peer))?;
    Ok(Connect {
        hostname: data.slice_ref(hostname),
        peer: match peer {
            PeerText::Inet(port, text) => ip(text).map_or(Peer::Unknown, |ip| Peer::Inet(SocketAddr::new(ip, port))),
            PeerText::Unix(path) => Peer::Unix(data.slice_ref(path)),
            PeerText::Unknown => Peer::Unknown,
        },
    })
}

/// A client's address as the MTA writes it.
enum PeerText<'a> {
    Inet(u16, &'a [u8]),
    Unix(&'a [u8]),
    Unknown,
}

/// `peer = ("4" / "6") u16 string / "L" u16 string / octet octets`
fn peer(input: &[u8]) -> Parsed<'_, PeerText<'_>> {
    let (input, family) = octet(input)?;
    match family {
        b'4' | b'6' => map(pair(u16, string), |(port, text)| PeerText::Inet(port, text)).parse(input),
        b'L' => map(pair(u16, string), |(_, path)| PeerText::Unix(path)).parse(input),
        // Nothing should follow `U`, but some MTAs write a port and an address all the same.
        _ => map(octets, |_| PeerText::Unknown).parse(input),
    }
}

/// `ip = ["["] ["IPv6:"] (IPv4 / IPv6) ["%" zone] ["]"]`
///
/// The family byte does not decide: Sendmail and Postfix disagree about IPv4 addresses mapped into IPv6.
fn ip(text: &[u8]) -> Option<IpAddr> {
    let text = text.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(text);
    let text = match text.split_first_chunk::<5>() {
        Some((prefix, address)) if prefix.eq_ignore_ascii_case(b"IPv6:") => address,
        _ => text,
    };
    let zone = text.iter().position(|octet| *octet == b'%').unwrap_or(text.len());
    let (address, _) = text.split_at(zone);
    std::str::from_utf8(address).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
