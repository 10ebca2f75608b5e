//! Names of charsets, and text in them.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// What a name of a charset means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Ascii,
    Utf8,
    Other(&'static Encoding),
    /// Registered, but we can't tell right from wrong text in it.
    Unjudged,
    Unknown,
}

impl Charset {
    /// Looks a name up.
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

    /// The text of these octets, if they are text in this charset.
    pub(crate) fn decode(self, octets: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Ascii if !octets.is_ascii() => None,
            Self::Ascii | Self::Utf8 => std::str::from_utf8(octets).ok().map(Cow::Borrowed),
            Self::Other(encoding) => encoding.decode_without_bom_handling_and_without_replacement(octets),
            Self::Unjudged | Self::Unknown => None,
        }
    }
}

/// The text of octets of a header field that nobody names a charset for: UTF-8 if they can be that, else what the text of
/// the message is named to be in, else windows-1252 if that is likely, else nothing.
pub(crate) fn guess(octets: &[u8], named: Option<Charset>) -> Option<Cow<'_, str>> {
    // Octets that windows-1252 does not have come out as C1 controls; and U+0085, encoded, would be a hidden line end.
    let is_text = |text: &Cow<'_, str>| !text.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c));
    if let Ok(text) = std::str::from_utf8(octets) {
        return Some(Cow::Borrowed(text)).filter(is_text);
    }
    let charset = match named {
        Some(charset @ Charset::Other(_)) => charset,
        // It might be anything.
        Some(Charset::Unjudged | Charset::Unknown) => return None,
        // In Western text such letters stand alone, or in short runs; in others all of them are such.
        _ if octets.split(u8::is_ascii).any(|run| run.len() > LONGEST_RUN) => return None,
        _ => Charset::Other(WINDOWS_1252),
    };
    // Some of it is UTF-8 and some is not: several programs have written it, and a single-byte charset fits anything.
    let single_byte = matches!(charset, Charset::Other(encoding) if encoding.is_single_byte());
    if single_byte && octets.utf8_chunks().any(|chunk| !chunk.valid().is_ascii()) {
        return None;
    }
    charset.decode(octets).filter(is_text)
}

/// Octets over 127 in a row, in Western text.
const LONGEST_RUN: usize = 3;

/// Names of US-ASCII, which encoding_rs takes for windows-1252.
const ASCII: [&str; 6] = ["us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "us", "iso-ir-6"];

/// Registered at IANA and found in mail, but not in the Encoding Standard, or there for security's sake only.
const UNJUDGED: [&str; 24] = [
    "utf-7",
    "utf-16",
    "utf-16be",
    "utf-16le",
    "utf-32",
    "unknown-8bit",
    "iso-2022-kr",
    "iso-2022-cn",
    "iso-2022-cn-ext",
    "iso-2022-jp-1",
    "iso-2022-jp-2",
    "iso-2022-jp-3",
    "hz-gb-2312",
    "cp437",
    "ibm437",
    "cp850",
    "ibm850",
    "cp852",
    "ibm852",
    "cp858",
    "cp865",
    "viscii",
    "iso-8859-12",
    "x-mac-roman",
];
