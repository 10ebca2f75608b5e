//! Packets: the units of the byte stream, the same in both directions.
//!
//! `| length: u32, big-endian | code: 1 octet | data: length - 1 octets |`
//!
//! [`cut`] takes the next packet off a buffer without copying, [`put`] writes one. The length is checked before it is
//! used, and no memory is reserved for data that has not arrived.

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Maximum octets of data in a packet that every MTA and tool takes (libmilter `MILTER_MAX_DATA_SIZE`).
pub const MAX_DATA_OCTETS: usize = 65_535;

/// Default maximum of the length field of a received packet: the largest data size that any MTA negotiates (1 MiB) and
/// the command byte.
pub const MAX_RECEIVED_OCTETS: usize = (1 << 20) + 1;

/// Octets ahead of a packet's data: length and code.
pub(crate) const HEAD_OCTETS: usize = LENGTH_OCTETS + 1;

/// Octets of a packet's length field.
pub(crate) const LENGTH_OCTETS: usize = 4;

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The byte of the command or action.
    pub code: u8,
    /// The octets after the code.
    pub data: Bytes,
}

/// The stream can't be cut into packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A packet without a command byte.
    #[error("packet of length 0")]
    Empty,
    /// A packet that is larger than allowed.
    #[error("packet of length {length}, more than the limit of {max}")]
    TooLong {
        /// The length field.
        length: u32,
        /// The largest length that is allowed.
        max: usize,
    },
}

impl FrameError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Empty => "frame_empty",
            Self::TooLong { .. } => "frame_too_long",
        }
    }
}

/// Takes the next packet off the front of `input`; `None` if it has not arrived in full.
///
/// # Errors
/// If the length field is 0 or more than `max`. `input` is unchanged then, and the rest of the stream can't be read.
pub fn cut(input: &mut BytesMut, max: usize) -> Result<Option<Frame>, FrameError> {
    let Some(length) = input.first_chunk::<LENGTH_OCTETS>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*length);
    if length == 0 {
        return Err(FrameError::Empty);
    }
    let data_length = match usize::try_from(length) {
        Ok(length) if length <= max => length - 1,
        _ => return Err(FrameError::TooLong { length, max }),
    };
    if input.len() - LENGTH_OCTETS <= data_length {
        return Ok(None);
    }
    input.advance(LENGTH_OCTETS);
    let code = input.get_u8();
    let data = if data_length == 0 { Bytes::new() } else { input.split_to(data_length).freeze() };
    Ok(Some(Frame { code, data }))
}

/// Writes one packet as it is. More than [`MAX_DATA_OCTETS`] are allowed: a fake MTA may have to break that bound.
///
/// # Panics
/// If `data` is 4 GiB or more, which no length field can express.
#[expect(clippy::expect_used, reason = "a wrong length would put the stream out of step")]
pub fn put(code: u8, data: &[u8], out: &mut BytesMut) {
    let length = u32::try_from(data.len() + 1).expect("less than 4 GiB of data");
    out.reserve(HEAD_OCTETS + data.len());
    out.put_u32(length);
    out.put_u8(code);
    out.put_slice(data);
}

#[cfg(test)]
mod tests;
