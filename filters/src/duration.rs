//! Durations with a unit: `50ms`, `8s`, `5m`, `2h`, `7d`, `2w`, or several such as `1h30m`.
//!
//! For serde: `#[serde(with = "duration")]` on a [`Duration`], `#[serde(with = "duration::optional")]` on an
//! `Option<Duration>`, which reads and writes `none` too. A number without a unit is refused: seconds and milliseconds
//! are too easily taken for each other.

use std::fmt;
use std::time::Duration;

use serde::{Deserializer, Serializer, de};

const UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// A number alone.
    #[error("`{0}` has no unit; write {0}s for seconds")]
    Unit(String),
    /// Anything else that can't be read.
    #[error("`{0}` is not a duration; write a number and ms, s, m, h, d or w, such as 8s or 1h30m")]
    Form(String),
    /// More than can be counted.
    #[error("`{0}` is too long")]
    TooLong(String),
}

/// Reads a duration.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationError::Unit(text.to_owned()));
    }
    let form = || DurationError::Form(text.to_owned());
    let mut total = 0u64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(form());
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(form)?;
        let (digits, tail) = rest.split_at_checked(end).ok_or_else(form)?;
        let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end).ok_or_else(form)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(form)?;
        if digits.is_empty() {
            return Err(form());
        }
        let part = digits.parse().ok().and_then(|number: u64| number.checked_mul(*factor));
        let sum = part.and_then(|part| total.checked_add(part));
        total = sum.ok_or_else(|| DurationError::TooLong(text.to_owned()))?;
        rest = tail;
    }
    Ok(Duration::from_millis(total))
}

/// Shows a duration in the largest unit that divides it.
pub fn show(duration: Duration) -> String {
    let millis = duration.as_millis();
    let exact = |(_, factor): &&(&str, u64)| millis > 0 && millis.is_multiple_of(u128::from(*factor));
    match UNITS.iter().find(exact) {
        Some((unit, factor)) => format!("{}{unit}", millis / u128::from(*factor)),
        None => "0s".to_owned(),
    }
}

/// For `#[serde(with = "duration")]`.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(DurationText)?.parse_with(parse)
}

/// For `#[serde(with = "duration")]`.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&show(*duration))
}

/// For `#[serde(with = "duration::optional")]`: `none` is [`None`].
pub mod optional {
    use super::{Deserializer, Duration, DurationError, DurationText, Serializer, parse, show};

    /// For `#[serde(with = "duration::optional")]`.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let read =
            |text: &str| -> Result<_, DurationError> { if text == "none" { Ok(None) } else { parse(text).map(Some) } };
        deserializer.deserialize_any(DurationText)?.parse_with(read)
    }

    /// For `#[serde(with = "duration::optional")]`.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.serialize_str(&show(*duration)),
            None => serializer.serialize_str("none"),
        }
    }
}

/// Takes a text, or a number so that the answer can name the missing unit.
struct DurationText;

/// The text or number that [`DurationText`] has read.
struct DurationFound(String);

impl DurationFound {
    fn parse_with<T, E: de::Error>(self, read: impl Fn(&str) -> Result<T, DurationError>) -> Result<T, E> {
        read(&self.0).map_err(E::custom)
    }
}

impl de::Visitor<'_> for DurationText {
    type Value = DurationFound;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration in quotes, such as \"8s\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<DurationFound, E> {
        Ok(DurationFound(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<DurationFound, E> {
        Ok(DurationFound(number.to_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<DurationFound, E> {
        Ok(DurationFound(number.to_string()))
    }
}

#[cfg(test)]
mod tests;
