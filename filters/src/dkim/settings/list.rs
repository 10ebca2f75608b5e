//! A list of header fields, or the word `default`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::dkim::fields::FieldName;

/// `"default"`, or a list of field names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FieldList {
    /// The default of this version.
    #[default]
    Default,
    /// The listed names.
    Names(Vec<FieldName>),
}

impl FieldList {
    /// The names, unless the default is meant.
    pub fn names(&self) -> Option<&[FieldName]> {
        match self {
            Self::Default => None,
            Self::Names(names) => Some(names),
        }
    }
}

impl Serialize for FieldList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Default => serializer.serialize_str("default"),
            Self::Names(names) => serializer.collect_seq(names.iter().map(FieldName::as_str)),
        }
    }
}

impl<'de> Deserialize<'de> for FieldList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ListVisitor)
    }
}

struct ListVisitor;

impl<'de> de::Visitor<'de> for ListVisitor {
    type Value = FieldList;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"default\" or a list of header field names")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<FieldList, E> {
        match text {
            "default" => Ok(FieldList::Default),
            other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
        }
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<FieldList, A::Error> {
        let mut names = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        Ok(FieldList::Names(names))
    }
}

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
