//! Why a value can't be sent.

use crate::frame::MAX_DATA_OCTETS;

/// Content that can't be sent: an MTA would misread it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// More data than fits into a packet.
    #[error("{what} of {length} octets, more than the {max} of a packet", max = MAX_DATA_OCTETS)]
    TooLong {
        /// The item that is too long.
        what: &'static str,
        /// Octets of data.
        length: usize,
    },
    /// An octet that the item can't contain.
    #[error("{what} with octet 0x{octet:02x}")]
    Octet {
        /// The item that contains the octet.
        what: &'static str,
        /// The octet.
        octet: u8,
    },
    /// A line break in a header value without white space after it: the rest would become another field.
    #[error("header value with a line break that is no fold")]
    NotAFold,
    /// An item that must not be empty.
    #[error("empty {0}")]
    Empty(&'static str),
    /// Occurrence 0 of a header field. Occurrences are counted from 1, and both MTAs take 0 for 1.
    #[error("header occurrence 0: they are counted from 1")]
    Occurrence,
}

impl EncodeError {
    /// A label for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "encode_too_long",
            Self::Octet { .. } => "encode_octet",
            Self::NotAFold => "encode_not_a_fold",
            Self::Empty(_) => "encode_empty",
            Self::Occurrence => "encode_occurrence",
        }
    }
}
