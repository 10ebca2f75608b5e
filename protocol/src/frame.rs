//! Packets: a length (u32, big-endian), one command byte, and data.
//!
//! [`cut`] takes the next packet off a buffer without copying, [`put`] writes one. The length is checked before anything
//! else is done with it, and no memory is reserved for what has not arrived.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::error::FrameError;

/// Most data bytes of a packet that every MTA and tool takes (libmilter `MILTER_MAX_DATA_SIZE`).
pub const MAX_DATA: usize = 65_535;

/// Default limit for the length field of a packet that is received: the largest data size that any MTA negotiates
/// (1 MiB) and the command byte.
pub const DEFAULT_LIMIT: usize = (1 << 20) + 1;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The command byte.
    pub code: u8,
    /// What follows it.
    pub data: Bytes,
}

/// Takes the next packet off the front of `input`; `None` if it has not arrived in full.
///
/// # Errors
/// If the length field is 0 or more than `limit`. `input` is left as it is: the stream can't be read on.
pub fn cut(input: &mut BytesMut, limit: usize) -> Result<Option<Frame>, FrameError> {
    let Some(length) = input.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length);
    if length == 0 {
        return Err(FrameError::Empty);
    }
    let data_length = match usize::try_from(length) {
        Ok(length) if length <= limit => length - 1,
        _ => return Err(FrameError::TooLong { length, limit }),
    };
    if input.len() - 4 <= data_length {
        return Ok(None);
    }
    input.advance(4);
    let code = input.get_u8();
    let data = if data_length == 0 { Bytes::new() } else { input.split_to(data_length).freeze() };
    Ok(Some(Frame { code, data }))
}

/// Writes one packet as it is. The length is not limited: a fake MTA may have to break the rules.
pub fn put(code: u8, data: &[u8], out: &mut BytesMut) {
    out.reserve(5 + data.len());
    out.put_u32(u32::try_from(data.len() + 1).unwrap_or(u32::MAX));
    out.put_u8(code);
    out.put_slice(data);
}

#[cfg(test)]
mod tests;
