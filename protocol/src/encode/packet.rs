//! The frame around the data of a packet.

use bytes::{BufMut, BytesMut};

use super::error::EncodeError;
use crate::frame::{HEAD_OCTETS, LENGTH_OCTETS, MAX_DATA_OCTETS};

/// Writes one packet whose data comes from `data`. After an error, `out` is as it was.
pub(crate) fn packet(
    code: u8, what: &'static str, out: &mut BytesMut, data: impl FnOnce(&mut BytesMut) -> Result<(), EncodeError>,
) -> Result<(), EncodeError> {
    let start = out.len();
    out.put_u32(0);
    out.put_u8(code);
    let written = data(out).and_then(|()| set_length(what, out, start));
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Sets the length field of the packet that begins at `start` and ends with `out`.
fn set_length(what: &'static str, out: &mut BytesMut, start: usize) -> Result<(), EncodeError> {
    let length = out.len() - start - HEAD_OCTETS;
    match u32::try_from(length) {
        Ok(data) if length <= MAX_DATA_OCTETS => {
            #[expect(clippy::indexing_slicing, reason = "the head was written before the data")]
            out[start..start + LENGTH_OCTETS].copy_from_slice(&(data + 1).to_be_bytes());
            Ok(())
        }
        _ => Err(EncodeError::TooLong { what, length }),
    }
}

/// Writes a packet without data.
pub(crate) fn bare(code: u8, out: &mut BytesMut) -> Result<(), EncodeError> {
    packet(code, "packet", out, |_| Ok(()))
}
