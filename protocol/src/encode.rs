//! Values to packets: [`action`] for what a filter answers, [`command`] for what an MTA says.
//!
//! Both append to one buffer, and leave it as it was if the value can't be sent. What a filter sends is checked for all
//! that the MTAs are known to misread; what an MTA sends only for what would break the packet, because tests need odd
//! messages.

use bytes::{BufMut, BytesMut};

use crate::error::EncodeError;
use crate::frame::MAX_DATA;

mod action;
mod command;
mod text;

pub use action::action;
pub use command::command;

/// Writes one packet whose data comes from `data`.
fn packet(
    code: u8,
    what: &'static str,
    out: &mut BytesMut,
    data: impl FnOnce(&mut BytesMut) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let start = out.len();
    out.put_u32(0);
    out.put_u8(code);
    let result = data(out).and_then(|()| {
        let length = out.len() - start - 5;
        if length > MAX_DATA {
            return Err(EncodeError::TooLong { what, length });
        }
        Ok(u32::try_from(length + 1).unwrap_or(u32::MAX))
    });
    match result {
        Ok(length) => {
            if let Some(field) = out.get_mut(start..start + 4) {
                field.copy_from_slice(&length.to_be_bytes());
            }
            Ok(())
        }
        Err(error) => {
            out.truncate(start);
            Err(error)
        }
    }
}

/// Writes a packet without data.
fn bare(code: u8, out: &mut BytesMut) -> Result<(), EncodeError> {
    packet(code, "packet", out, |_| Ok(()))
}

#[cfg(test)]
mod tests;
