//! Names of charsets, and decoding of text.

pub(crate) mod raw;
pub(crate) mod utf8;

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8};

/// Names of US-ASCII, which encoding_rs treats as windows-1252.
const ASCII: [&str; 6] = ["us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "us", "iso-ir-6"];

/// Charsets that are registered at IANA and occur in mail, but that the Encoding Standard leaves out, or names only to
/// forbid their use.
const UNJUDGED: [&str; 23] = [
    "utf-7", "utf-16", "utf-16be", "utf-16le", "utf-32", "iso-2022-kr", "iso-2022-cn", "iso-2022-cn-ext",
    "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "hz-gb-2312", "cp437", "ibm437", "cp850", "ibm850", "cp852",
    "ibm852", "cp858", "cp865", "viscii", "iso-8859-12", "x-mac-roman",
];

/// The meaning of a charset's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Ascii,
    Utf8,
    Other(&'static Encoding),
    /// A registered charset in which we can't tell right text from wrong text.
    Unjudged,
    Unknown,
}

impl Charset {
    pub(crate) fn named(name: &[u8]) -> Self {
        let name = name.trim_ascii();
        let is = |other: &&str| name.eq_ignore_ascii_case(other.as_bytes());
        if ASCII.iter().any(is) {
            return Self::Ascii;
        }
        if UNJUDGED.iter().any(is) {
            return Self::Unjudged;
        }
        match Encoding::for_label_no_replacement(name) {
            Some(encoding) if encoding == UTF_8 => Self::Utf8,
            Some(encoding) => Self::Other(encoding),
            None => Self::Unknown,
        }
    }

    /// True if each octet is a character, so that next to nothing can be wrong.
    pub(crate) fn is_single_byte(self) -> bool {
        matches!(self, Self::Other(encoding) if encoding.is_single_byte())
    }

    /// Decodes octets. `None` if they are not text in this charset, or if nothing is known of it.
    pub(crate) fn decode(self, octets: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Ascii if !octets.is_ascii() => None,
            Self::Ascii | Self::Utf8 => std::str::from_utf8(octets).ok().map(Cow::Borrowed),
            Self::Other(encoding) => encoding.decode_without_bom_handling_and_without_replacement(octets),
            Self::Unjudged | Self::Unknown => None,
        }
    }
}
