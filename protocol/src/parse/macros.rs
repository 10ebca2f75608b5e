//! Macro packets (`SMFIC_MACRO`).

use bytes::Bytes;
use nom::multi::many0;
use nom::sequence::{pair, terminated};

use super::error::ParseError;
use super::rule::{octet, octets, run, string};
use crate::macros::MacroList;

/// `D | command byte: 1 octet | name 00 | value 00 |* octets |`
/// Both MTAs send lists without a single pair. A name without a value, at the end, is ignored.
pub(crate) fn macro_list(data: &Bytes) -> Result<MacroList, ParseError> {
    let pairs = many0(pair(string, string));
    let (command, pairs) = run(b'D', data, pair(octet, terminated(pairs, octets)))?;
    let part = |text| data.slice_ref(text);
    Ok(MacroList { command, values: pairs.into_iter().map(|(name, value)| (part(name), part(value))).collect() })
}
