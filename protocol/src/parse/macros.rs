//! Macro packets (`SMFIC_MACRO`).

use bytes::Bytes;
use nom::multi::many0;
use nom::sequence::{pair, terminated};

use super::terminal::{octet, string};
use super::{anything, run};
use crate::error::ParseError;
use crate::macros::MacroList;

/// `macros = OCTET *(string string) [*OCTET]` - command byte, then names and values.
///
/// Both MTAs send lists without a single pair. A name without a value, at the end, is ignored.
pub(crate) fn macro_list(data: &Bytes) -> Result<MacroList, ParseError> {
    let pairs = many0(pair(string, string));
    let (command, pairs) = run(b'D', data, pair(octet, terminated(pairs, anything)))?;
    let part = |text| data.slice_ref(text);
    Ok(MacroList {
        command,
        values: pairs.into_iter().map(|(name, value)| (part(name), part(value))).collect(),
    })
}
