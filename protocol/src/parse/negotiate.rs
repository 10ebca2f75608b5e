//! Offers and the answers to them (`SMFIC_OPTNEG`).

use bytes::Bytes;
use nom::Parser;
use nom::combinator::map_opt;
use nom::error::context;
use nom::multi::many0;
use nom::sequence::{pair, terminated};

use super::terminal::{string, u32};
use super::{Parsed, anything, run};
use crate::error::ParseError;
use crate::macros::Stage;
use crate::negotiate::{ActionFlags, Negotiated, Offer, ProtocolFlags};

/// `offer = masks *OCTET` - what newer MTAs may append is ignored
pub(super) fn offer(data: &Bytes) -> Result<Offer, ParseError> {
    run(b'O', data, terminated(masks, anything))
}

/// `answer = masks *macro-list`
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

/// `masks = u32 u32 u32` - version, actions, protocol steps
fn masks(input: &[u8]) -> Parsed<'_, Offer> {
    (u32, u32, u32)
        .map(|(version, actions, protocol)| Offer {
            version,
            actions: ActionFlags::from_bits_retain(actions),
            protocol: ProtocolFlags::from_bits_retain(protocol),
        })
        .parse(input)
}

/// `macro-list = u32 string` - stage, and names separated by spaces
fn macro_list(input: &[u8]) -> Parsed<'_, (Stage, &[u8])> {
    pair(context("a macro stage", map_opt(u32, Stage::from_wire_number)), string).parse(input)
}
