//! Paths with ESMTP arguments (`SMFIC_MAIL`, `SMFIC_RCPT`).

use bytes::Bytes;
use nom::combinator::verify;
use nom::error::context;
use nom::multi::many0;
use nom::sequence::pair;

use super::error::ParseError;
use super::rule::{run, string};
use crate::command::Address;
use crate::frame::Frame;

/// Maximum number of ESMTP arguments: more than fit into an SMTP command line that any MTA takes.
const MAX_ESMTP_ARGUMENTS: usize = 1_024;

/// `M or R | path 00 | argument 00 |*`
/// The number of arguments is bounded.
pub(super) fn address(frame: &Frame) -> Result<Address, ParseError> {
    let arguments = context(
        "no more than 1,024 arguments",
        verify(many0(string), |list: &Vec<_>| list.len() <= MAX_ESMTP_ARGUMENTS),
    );
    let (path, arguments) = run(frame.code, &frame.data, pair(string, arguments))?;
    let part = |text| frame.data.slice_ref(text);
    Ok(Address { path: part(path), arguments: arguments.into_iter().map(part).collect::<Vec<Bytes>>() })
}
