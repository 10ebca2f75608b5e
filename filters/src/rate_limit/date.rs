//! A day, written `2026-11-30`, in UTC.

use std::fmt;
use std::str::FromStr;

use crate::mail::date;

/// A day of the Gregorian calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Date {
    text: String,
    /// Seconds since 1970 at which the day begins.
    seconds: u64,
}

/// The text is not a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day; write it in quotes as \"2026-11-30\"")]
pub struct DateError(String);

impl Date {
    /// Seconds since 1970 at which the day begins.
    pub fn unix_seconds(&self) -> u64 {
        self.seconds
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let seconds = date::day(text).ok_or_else(|| DateError(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), seconds })
    }
}

crate::text_serde!(Date);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
