//! Values of the configuration that are one text or a list of texts.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// The texts. For any other value, `expected` is the error.
pub(crate) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D, expected: &'static str,
) -> Result<Vec<String>, D::Error> {
    match OneOrMany::deserialize(deserializer) {
        Ok(OneOrMany::One(text)) => Ok(vec![text]),
        Ok(OneOrMany::Many(texts)) => Ok(texts),
        Err(_) => Err(D::Error::custom(expected)),
    }
}
