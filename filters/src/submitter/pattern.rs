//! Values of conditions: one, or a list of them.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::mail::letter_case::{folded, folded_octets};
use crate::network::Network;
use crate::one_or_many;

/// A text in which `*` stands for any run of characters, also none. Letters match in either case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TextPattern {
    text: String,
    /// In small letters, between the stars; one part if there is no star.
    parts: Vec<String>,
}

/// Names or patterns, of which one must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Vec<TextPattern>);

/// Networks, of which one must contain the address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl TextPattern {
    /// Reads a pattern.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let parts = folded(&text).split('*').map(str::to_owned).collect();
        Self { text, parts }
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// True if there is no star in it.
    pub fn is_plain(&self) -> bool {
        self.parts.len() == 1
    }

    /// Number of stars.
    pub fn stars(&self) -> usize {
        self.parts.len().saturating_sub(1)
    }

    /// True if the value matches. Takes time in proportion to the length of the value for each star.
    pub fn matches(&self, value: &[u8]) -> bool {
        // The walk compares ASCII letters in either case.
        let value = if value.is_ascii() { Cow::Borrowed(value) } else { folded_octets(value) };
        let fixed_octets: usize = self.parts.iter().map(String::len).sum();
        value.len() >= fixed_octets && self.walk(&value, |_| ())
    }

    /// The texts that the stars stand for, if the value matches. Each is as short as possible, from the left.
    pub fn captures<'a>(&self, value: &'a str) -> Option<Vec<&'a str>> {
        let folded = folded(value);
        let mut gaps = Vec::with_capacity(self.stars());
        let matches = self.walk(folded.as_bytes(), |gap| gaps.push(gap));
        // Small letters may take more or fewer octets, but they are as many.
        let mut rest = value;
        let mut capture = |(part, gap): (&String, &[u8])| {
            (_, rest) = split_characters(rest, part.chars().count())?;
            let (captured, behind) = split_characters(rest, std::str::from_utf8(gap).ok()?.chars().count())?;
            rest = behind;
            Some(captured)
        };
        let captures: Option<Vec<_>> = self.parts.iter().zip(gaps).map(&mut capture).collect();
        captures.filter(|_| matches)
    }

    /// Calls `gap` with the text that each star stands for, until the value no longer matches.
    fn walk<'a>(&self, value: &'a [u8], mut gap: impl FnMut(&'a [u8])) -> bool {
        let Some((first, rest)) = self.parts.split_first() else { return false };
        let Some((last, middle)) = rest.split_last() else {
            return value.eq_ignore_ascii_case(first.as_bytes());
        };
        let Some(mut left) = strip_prefix(value, first.as_bytes()) else { return false };
        // A part taken at the first place where it fits leaves the longest rest for the parts behind it.
        for part in middle {
            let part = part.as_bytes();
            let fits =
                |at| left.split_at_checked(at).and_then(|(before, rest)| Some((before, strip_prefix(rest, part)?)));
            let Some((before, behind)) = (0..=left.len()).find_map(fits) else { return false };
            gap(before);
            left = behind;
        }
        let Some((between, end)) = left.len().checked_sub(last.len()).and_then(|at| left.split_at_checked(at)) else {
            return false;
        };
        gap(between);
        end.eq_ignore_ascii_case(last.as_bytes())
    }
}

/// The rest of the value behind the prefix, if the value begins with the prefix.
#[inline]
fn strip_prefix<'a>(value: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = value.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// The text before and behind so many characters.
fn split_characters(text: &str, count: usize) -> Option<(&str, &str)> {
    text.split_at_checked(text.char_indices().nth(count).map_or(text.len(), |(at, _)| at))
}

impl Names {
    /// True if one of them matches.
    pub fn contain(&self, value: &[u8]) -> bool {
        self.0.iter().any(|pattern| pattern.matches(value))
    }

    /// The patterns.
    pub fn iter(&self) -> impl Iterator<Item = &TextPattern> {
        self.0.iter()
    }
}

impl<S: Into<String>> FromIterator<S> for Names {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(TextPattern::new).collect())
    }
}

impl Networks {
    /// True if the address lies in one of them.
    pub fn contain(&self, ip: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(ip))
    }

    /// The networks.
    pub fn iter(&self) -> impl Iterator<Item = &Network> {
        self.0.iter()
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Self {
        Self(networks.into_iter().collect())
    }
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = one_or_many::texts(deserializer, "expected text in quotes, or a list of such texts")?;
    if texts.is_empty() {
        return Err(de::Error::custom("is empty, and so would match nobody; leave the key out to match everybody"));
    }
    if texts.iter().any(|text| text.trim_ascii().is_empty()) {
        return Err(de::Error::custom("has an empty text in it, which matches nobody"));
    }
    Ok(texts.into_iter().map(|text| text.trim_ascii().to_owned()).collect())
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(texts(deserializer)?.into_iter().collect())
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(TextPattern::as_str))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let networks = texts(deserializer)?.into_iter().map(|text| text.parse());
        networks.collect::<Result<_, _>>().map_err(de::Error::custom)
    }
}

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ToString::to_string))
    }
}
