//! From merged values to types, with every mistake reported, not only the first.
//!
//! Deserializing stops at the first mistake. The mistake is noted, the value it is about is taken out, and the rest is
//! tried again.

use std::collections::BTreeSet;

use figment::error::{Actual, Kind};
use figment::value::{Dict, Value};
use serde::de::DeserializeOwned;

use super::KeyPath;
use super::layers::Layers;
use super::problem::LocatedProblem;
use super::suggest;

/// Makes a `T` of the values.
///
/// # Errors
/// All mistakes.
pub(super) fn extract<T: DeserializeOwned>(layers: &Layers, known: &Value) -> Result<T, Vec<LocatedProblem>> {
    let mut out = Extraction { layers, problems: Vec::new(), removed: BTreeSet::new(), texts: BTreeSet::new() };
    loop {
        let values = out.pruned(layers.values(), &KeyPath::default());
        match values.deserialize() {
            Ok(whole) if out.problems.is_empty() => return Ok(whole),
            Ok(_) => return Err(out.problems),
            Err(error) => {
                for error in error {
                    if !out.note(error, known) {
                        return Err(out.problems);
                    }
                }
            }
        }
    }
}

struct Extraction<'a> {
    layers: &'a Layers,
    problems: Vec<LocatedProblem>,
    /// Values that have been taken out.
    removed: BTreeSet<KeyPath>,
    /// Values of variables and flags that look like a number and are taken as text.
    texts: BTreeSet<KeyPath>,
}

impl Extraction<'_> {
    /// Notes a mistake and takes its subject out; false if nothing is left to try.
    fn note(&mut self, error: figment::Error, known: &Value) -> bool {
        let key = self.original(&error.path);
        let reason = match error.kind {
            Kind::UnknownField(name, expected) => suggest::unknown_key(&key, &name, expected, known),
            Kind::UnknownVariant(name, expected) => suggest::unknown_word(&name, expected),
            Kind::MissingField(name) => {
                let missing = key.then(&name);
                // The value was taken out because it is wrong, which has been reported. It is not reported as missing too.
                if !self.removed.contains(&missing) {
                    self.problems.push(self.layers.problem(missing, "is required"));
                }
                return self.remove(key);
            }
            Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
                if self.layers.text(&key).is_some() && self.texts.insert(key.clone()) {
                    return true;
                }
                format!("expected {}, found {}", wanted(&expected), kind(&found))
            }
            Kind::Message(reason) => reason,
            other => other.to_string(),
        };
        self.problems.push(self.layers.problem(key.clone(), reason));
        self.remove(key)
    }

    fn remove(&mut self, key: KeyPath) -> bool {
        !key.is_root() && self.removed.insert(key)
    }

    /// The values that are left.
    fn pruned(&self, value: &Value, here: &KeyPath) -> Value {
        let tag = value.tag();
        match value {
            Value::Dict(_, dict) => {
                let kept = dict.iter().map(|(name, value)| (name, value, here.then(name)));
                let kept = kept.filter(|(_, _, key)| !self.removed.contains(key));
                let dict: Dict = kept.map(|(name, value, key)| (name.clone(), self.pruned(value, &key))).collect();
                Value::Dict(tag, dict)
            }
            Value::Array(_, list) => {
                let kept = list.iter().enumerate().map(|(index, value)| (value, here.then(index)));
                let kept = kept.filter(|(_, key)| !self.removed.contains(key));
                Value::Array(tag, kept.map(|(value, key)| self.pruned(value, &key)).collect())
            }
            other => match self.layers.text(here) {
                Some(text) if self.texts.contains(here) => Value::String(tag, text.to_owned()),
                _ => other.clone(),
            },
        }
    }

    /// The key before elements of lists were taken out, which moves the indexes of later ones.
    fn original(&self, path: &[String]) -> KeyPath {
        path.iter().fold(KeyPath::default(), |here, step| {
            let list = here.find(self.layers.values()).and_then(Value::as_array);
            let (Some(list), Ok(index)) = (list, step.parse::<usize>()) else { return here.then(step) };
            let kept = (0..list.len()).filter(|index| !self.removed.contains(&here.then(index)));
            here.then(kept.clone().nth(index).unwrap_or(index))
        })
    }
}

/// The type that serde expects, in words of TOML.
fn wanted(expected: &str) -> &str {
    match expected {
        "usize" | "u64" | "u32" | "u16" | "u8" => "a whole number",
        "a boolean" => "true or false",
        "a string" | "string" => "text in quotes",
        "a sequence" => "a list in [ ]",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}

/// The type of the value that was found. The value itself is shown elsewhere.
fn kind(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Signed(number) if *number < 0 => "a number below 0",
        Actual::Unsigned(_) | Actual::Signed(_) => "a number",
        Actual::Float(_) => "a fraction",
        Actual::Str(_) | Actual::Char(_) => "text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        _ => "something else",
    }
}
