//! Names of charsets, and decoding of text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// In Western languages accented letters come in runs of at most three octets over 127. A longer run means another
/// charset, so windows-1252 is no likely guess.
const MAX_WESTERN_RUN_OCTETS: usize = 3;

/// Names of US-ASCII, which encoding_rs treats as windows-1252.
const ASCII: [&str; 6] = ["us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "us", "iso-ir-6"];

/// Charsets that are registered at IANA and occur in mail, but that the Encoding Standard leaves out, or names only to
/// forbid their use.
const UNJUDGED: [&str; 24] = [
    "utf-7", "utf-16", "utf-16be", "utf-16le", "utf-32", "unknown-8bit", "iso-2022-kr", "iso-2022-cn",
    "iso-2022-cn-ext", "iso-2022-jp-1", "iso-2022-jp-2", "iso-2022-jp-3", "hz-gb-2312", "cp437", "ibm437", "cp850",
    "ibm850", "cp852", "ibm852", "cp858", "cp865", "viscii", "iso-8859-12", "x-mac-roman",
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

/// Decodes the octets of a header field, for which no charset is named: as UTF-8 if they are valid UTF-8, else in the
/// charset that the message names for its text, else as windows-1252 if that is likely, else not at all.
pub(crate) fn guess(octets: &[u8], named: Option<Charset>) -> Option<Cow<'_, str>> {
    // The decoder turns octets that windows-1252 does not have into C1 controls. And U+0085 is a line end to some readers:
    // an encoded-word would hide it.
    let is_text = |text: &Cow<'_, str>| !text.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c));
    if let Ok(text) = std::str::from_utf8(octets) {
        return Some(Cow::Borrowed(text)).filter(is_text);
    }
    let charset = match named {
        Some(charset @ Charset::Other(_)) => charset,
        // The octets might be anything.
        Some(Charset::Unjudged | Charset::Unknown) => return None,
        _ if octets.split(u8::is_ascii).any(|run| run.len() > MAX_WESTERN_RUN_OCTETS) => return None,
        _ => Charset::Other(WINDOWS_1252),
    };
    // A mixture of UTF-8 and other octets was written by several programs. A single-byte charset would fit all of it, so
    // the fit would prove nothing.
    let single_byte = matches!(charset, Charset::Other(encoding) if encoding.is_single_byte());
    if single_byte && octets.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) {
        return None;
    }
    charset.decode(octets).filter(is_text)
}
