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
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-11-22", 20_779),
            ("2100-03-01", 47_541),
        ] {
            assert_eq!(text.parse::<Date>().unwrap().unix_seconds(), days * 86_400, "{text}");
        }
        for text in
            ["", "2026-02-29", "2026-13-01", "2026-1", "26-11-22", "2026-11-22-1", "2026-+1-02", "1969-12-31"]
        {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
