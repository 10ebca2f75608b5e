//! The layers of the configuration, merged: file, environment, flags. Defaults lie below all of them, in the types.
//!
//! Every variable and every flag is a layer of its own, so that a value can be traced to the one it came from.

use std::ffi::OsString;
use std::path::Path;

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Tag, Value};
use figment::{Figment, Metadata, Profile, Provider};

use postseal_filters::Problem;

use super::KeyPath;
use super::command_line::CommandLineSetting;
use super::document::Document;
use super::problem::{ConfigError, LocatedProblem};
use super::source::ValueSource;

/// What the name of a variable begins with.
const PREFIX: &str = "POSTSEAL__";

/// The configured values, unchecked.
pub(super) struct Layers {
    figment: Figment,
    document: Document,
    settings: Vec<Setting>,
    values: Value,
}

/// One value from outside the file.
struct Setting {
    source: ValueSource,
    key: KeyPath,
    text: String,
}

impl Layers {
    /// Puts the other layers over the text of the file.
    pub(super) fn new(
        path: &Path, text: String, environment: impl IntoIterator<Item = (OsString, OsString)>,
        overrides: &[CommandLineSetting],
    ) -> Result<Self, ConfigError> {
        let document = Document::parse(path, text).map_err(ConfigError::invalid)?;
        let mut settings: Vec<_> = environment.into_iter().filter_map(variable).collect();
        // Sorts the variables so that a table is set before its entries.
        settings.sort_by(|a, b| a.key.cmp(&b.key));
        settings.extend(overrides.iter().map(flag));

        let layers = settings
            .iter()
            .enumerate()
            .map(|(index, setting)| Layer { name: index.to_string(), values: Ok(setting.values()) });
        let file = Layer {
            name: "file".to_owned(),
            values: Toml::string(document.text())
                .data()
                .map(|mut profiles| profiles.remove(&Profile::Default).unwrap_or_default()),
        };
        let figment = layers.fold(Figment::from(file), |below, layer| below.merge(layer));
        let values = figment.find_value("").map_err(|error| {
            let source = document.locate(&KeyPath::default());
            ConfigError::invalid(LocatedProblem::new(source, KeyPath::default(), error.to_string()))
        })?;
        Ok(Self { figment, document, settings, values })
    }

    pub(super) fn values(&self) -> &Value {
        &self.values
    }

    pub(super) fn source(&self, key: &KeyPath) -> ValueSource {
        match key.find(&self.values) {
            Some(value) => self.source_of(value.tag(), key),
            None => ValueSource::Default,
        }
    }

    /// Findings with the places where their keys were set.
    pub(super) fn located(&self, problems: Vec<Problem>) -> Vec<LocatedProblem> {
        let located = |problem: Problem| self.problem(KeyPath::new(problem.key), problem.reason);
        problems.into_iter().map(located).collect()
    }

    /// A finding about a key. If nobody set it, it is reported where the table around it was set.
    pub(super) fn problem(&self, key: KeyPath, reason: impl Into<String>) -> LocatedProblem {
        let mut nearest = key.clone();
        while key_missing(&nearest, &self.values) {
            nearest = nearest.parent().unwrap_or_default();
        }
        let source = match nearest.find(&self.values) {
            Some(value) if !nearest.is_root() => self.source_of(value.tag(), &nearest),
            _ => self.document.locate(&KeyPath::default()),
        };
        let value = key.find(&self.values).and_then(shown);
        LocatedProblem { source, key, value, reason: reason.into() }
    }

    /// The text of the variable or flag that set this very key.
    pub(super) fn text(&self, key: &KeyPath) -> Option<&str> {
        let setting = self.setting(key.find(&self.values)?.tag())?;
        (setting.key == *key).then_some(setting.text.as_str())
    }

    fn source_of(&self, tag: Tag, key: &KeyPath) -> ValueSource {
        match self.setting(tag) {
            Some(setting) => setting.source.clone(),
            None => self.document.locate(key),
        }
    }

    fn setting(&self, tag: Tag) -> Option<&Setting> {
        let metadata = self.figment.get_metadata(tag)?;
        self.settings.get(metadata.name.parse::<usize>().ok()?)
    }
}

impl Setting {
    /// The value, inside the tables that its key names.
    fn values(&self) -> Dict {
        // Numbers, booleans, lists and tables as in TOML, everything else is text.
        let value = self.text.parse().unwrap_or_else(|never| match never {});
        let nested = self
            .key
            .steps()
            .iter()
            .rev()
            .fold(value, |value: Value, step| Value::from(Dict::from([(step.clone(), value)])));
        nested.into_dict().unwrap_or_default()
    }
}

/// `POSTSEAL__LIMITS__IDLE_TIMEOUT` sets `limits.idle_timeout`.
fn variable((name, text): (OsString, OsString)) -> Option<Setting> {
    let name = name.into_string().ok()?;
    let key = KeyPath::new(name.strip_prefix(PREFIX)?.split("__").map(str::to_ascii_lowercase));
    Some(Setting { source: ValueSource::Variable(name), key, text: text.to_string_lossy().into_owned() })
}

fn flag(flag: &CommandLineSetting) -> Setting {
    Setting { source: ValueSource::Flag(flag.key.to_string()), key: flag.key.clone(), text: flag.text.clone() }
}

fn key_missing(key: &KeyPath, values: &Value) -> bool {
    !key.is_root() && key.find(values).is_none()
}

/// A value that fits on a line; tables and lists don't.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(_, text) => Some(format!("{text:?}")),
        Value::Char(_, char) => Some(format!("{:?}", char.to_string())),
        Value::Bool(_, value) => Some(value.to_string()),
        Value::Num(_, number) => number
            .to_i128()
            .map(|number| number.to_string())
            .or_else(|| number.to_u128().map(|number| number.to_string()))
            .or_else(|| number.to_f64().map(|number| number.to_string())),
        Value::Empty(..) | Value::Dict(..) | Value::Array(..) => None,
    }
}

/// A provider whose values can be told by its name.
struct Layer {
    name: String,
    values: figment::Result<Dict>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        self.values.clone().map(|values| Profile::Default.collect(values))
    }
}
