//! Offers (`SMFIC_OPTNEG`).

use bytes::Bytes;
use nom::Parser;
use nom::sequence::terminated;

use super::error::ParseError;
use super::rule::{Parsed, octets, run, u32};
use crate::negotiate::{ActionFlags, Offer, ProtocolFlags};

/// `O | version: u32 | actions: u32 | protocol steps: u32 | octets |`
/// Newer MTAs may append more, which is ignored.
pub(super) fn offer(data: &Bytes) -> Result<Offer, ParseError> {
    run(b'O', data, terminated(masks, octets))
}

/// `| version: u32 | actions: u32 | protocol steps: u32 |`
pub(crate) fn masks(input: &[u8]) -> Parsed<'_, Offer> {
    (u32, u32, u32)
        .map(|(version, actions, protocol)| Offer {
            version,
            actions: ActionFlags::from_bits_retain(actions),
            protocol: ProtocolFlags::from_bits_retain(protocol),
        })
        .parse(input)
}
