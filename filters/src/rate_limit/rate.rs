//! Limits as the configuration writes them: `100/1h`, `500MB/1d`, or a list of such limits.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::store::window::MAX_UNITS;
use crate::store::{Limit, MAX_LIMITS_PER_KEY};
use crate::{byte_size, duration, one_or_many};

const MIN_WINDOW: Duration = Duration::from_secs(1);
const MAX_WINDOW: Duration = Duration::from_secs(366 * 86_400);

/// One limit: a number, and the length of the time in which it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    text: Box<str>,
    limit: Limit,
    sized: bool,
}

/// One to four limits, each with a length of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    rates: Vec<Rate>,
    limits: Vec<Limit>,
}

/// The reason why a text is no limit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RateError {
    /// The text has another form.
    #[error("`{0}` is not a limit; write a number, a slash and a time, such as 100/1h or 500MB/1d")]
    Form(String),
    /// The time can't be read.
    #[error("`{0}`: {1}")]
    Window(String, duration::DurationError),
    /// The time can't be used.
    #[error("`{0}`: the time must be at least 1s and at most 366d")]
    WindowSize(String),
    /// The number can't be used.
    #[error("`{0}`: more than can be counted")]
    TooMany(String),
    /// No limit, or more than a key can have.
    #[error("expected 1 to {MAX_LIMITS_PER_KEY} limits")]
    Number,
    /// Two limits for the same time.
    #[error("`{0}` and `{1}` are for the same time; the smaller one is enough")]
    Twice(Box<str>, Box<str>),
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Self, RateError> {
        let form = || RateError::Form(text.to_owned());
        let (number, window) = text.split_once('/').ok_or_else(form)?;
        let number = byte_size::read(number.trim()).ok_or_else(form)?;
        let quota = number.value.filter(|quota| *quota <= MAX_UNITS);
        let quota = quota.ok_or_else(|| RateError::TooMany(text.to_owned()))?;
        let window = duration::parse(window.trim()).map_err(|error| RateError::Window(text.to_owned(), error))?;
        if window < MIN_WINDOW || window > MAX_WINDOW {
            return Err(RateError::WindowSize(text.to_owned()));
        }
        let width = u64::try_from(window.as_millis()).unwrap_or(u64::MAX);
        Ok(Self { text: text.into(), limit: Limit { width, quota }, sized: number.has_unit })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Rates {
    /// Several limits that hold together.
    ///
    /// # Errors
    /// If there are none, too many, or two for the same time.
    pub fn new(rates: Vec<Rate>) -> Result<Self, RateError> {
        if rates.is_empty() || rates.len() > MAX_LIMITS_PER_KEY {
            return Err(RateError::Number);
        }
        for (index, rate) in rates.iter().enumerate() {
            let twin = rates.iter().skip(index + 1).find(|other| other.limit.width == rate.limit.width);
            if let Some(twin) = twin {
                return Err(RateError::Twice(rate.text.clone(), twin.text.clone()));
            }
        }
        let limits = rates.iter().map(|rate| rate.limit).collect();
        Ok(Self { rates, limits })
    }

    /// Reads one or more limits, separated by commas or blanks.
    ///
    /// # Errors
    /// If one of the limits can't be read, or if they don't fit together.
    pub fn parse(text: &str) -> Result<Self, RateError> {
        let words = text.split([',', ' ', '\t']).filter(|word| !word.is_empty());
        Self::new(words.map(str::parse).collect::<Result<_, _>>()?)
    }

    /// The limits in the form that the store takes.
    pub fn limits(&self) -> &[Limit] {
        &self.limits
    }

    /// One of the limits as it was written.
    pub fn text(&self, index: usize) -> &str {
        self.rates.get(index).map_or("", |rate| &rate.text)
    }

    /// True if one of the limits has a unit of size, such as `MB`.
    pub fn is_sized(&self) -> bool {
        self.rates.iter().any(|rate| rate.sized)
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rate) in self.rates.iter().enumerate() {
            write!(f, "{}{rate}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Rates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "expected a limit such as \"100/1h\", or a list of limits";
        let texts = one_or_many::texts(deserializer, expected)?;
        let rates = texts.iter().map(|text| text.parse()).collect::<Result<_, _>>();
        rates.and_then(Self::new).map_err(de::Error::custom)
    }
}

impl Serialize for Rates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.rates.as_slice() {
            [one] => serializer.serialize_str(&one.text),
            several => serializer.collect_seq(several.iter().map(|rate| &rate.text)),
        }
    }
}
