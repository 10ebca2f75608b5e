//! A day, written `2026-11-30`, in UTC.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A day of the Gregorian calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Date {
    text: String,
    /// Since 1970-01-01.
    days: u64,
}

/// The text is not a day.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a day; write it in quotes as \"2026-11-30\"")]
pub struct DateError(String);

impl Date {
    /// Seconds since 1970 at which the day begins.
    pub fn unix_seconds(&self) -> u64 {
        self.days * 86_400
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let days = days(text).ok_or_else(|| DateError(text.to_owned()))?;
        Ok(Self { text: text.to_owned(), days })
    }
}

impl TryFrom<String> for Date {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.text
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn days(text: &str) -> Option<u64> {
    let mut parts = text.split('-').map(|part| {
        part.bytes().all(|octet| octet.is_ascii_digit()).then(|| part.parse::<u64>().ok()).flatten()
    });
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1970..10_000).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // Years begin with March here, so that a leap day is the last of its year.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let before = year * 365 + year / 4 - year / 100 + year / 400;
    Some(before + (153 * month + 2) / 5 + day - 1 - 719_468)
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
