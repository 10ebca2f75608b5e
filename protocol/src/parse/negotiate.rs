//! Offers and the answers to them (`SMFIC_OPTNEG`).

use bytes::Bytes;
use nom::Parser;
use nom::combinator::map_opt;
use nom::error::context;
use nom::multi::many0;
use nom::sequence::{pair, terminated};

use super::error::ParseError;
use super::rule::{Parsed, octets, run, string, u32};
use crate::macros::Stage;
use crate::negotiate::{ActionFlags, Negotiated, Offer, ProtocolFlags};

/// ```text
/// O | version: u32 | actions: u32 | protocol steps: u32 | octets |
/// ```
/// Newer MTAs may append more, which is ignored.
pub(super) fn offer(data: &Bytes) -> Result<Offer, ParseError> {
    run(b'O', data, terminated(masks, octets))
}

/// ```text
/// O | version: u32 | actions: u32 | protocol steps: u32 | stage: u32 | macro names 00 |*
/// ```
/// A stage and its names follow each other, once for each macro list.
pub(super) fn answer(data: &Bytes) -> Result<Negotiated, ParseError> {
    let (offer, lists) = run(b'O', data, pair(masks, many0(macro_list)))?;
    let lists = lists.into_iter().map(|(stage, names)| (stage, data.slice_ref(names)));
    Ok(Negotiated {
        version: offer.version,
        actions: offer.actions,
        protocol: offer.protocol,
        macros: lists.collect(),
    })
}

/// `| version: u32 | actions: u32 | protocol steps: u32 |`
fn masks(input: &[u8]) -> Parsed<'_, Offer> {
    (u32, u32, u32)
        .map(|(version, actions, protocol)| Offer {
            version,
            actions: ActionFlags::from_bits_retain(actions),
            protocol: ProtocolFlags::from_bits_retain(protocol),
        })
        .parse(input)
}

/// `| stage: u32 | macro names 00 |` - names separated by spaces
fn macro_list(input: &[u8]) -> Parsed<'_, (Stage, &[u8])> {
    pair(context("a macro stage", map_opt(u32, Stage::from_wire_number)), string).parse(input)
}
