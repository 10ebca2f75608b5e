//! Limits that override those of a rule for some keys. They are found by the whole key, by one of its values, by the
//! domain of a value, or by the client's network.

use std::collections::HashMap;

use super::key::{KeyFacts, NULL_SENDER};
use super::rate::Rates;
use super::settings::OverrideRates;
use super::typed::TypedKey;
use crate::network::{Network, NetworkError};

/// The overrides of a rule.
#[derive(Clone, Debug, Default)]
pub(super) struct Overrides {
    by_value: HashMap<Box<str>, OverrideRates>,
    by_network: Vec<(Network, OverrideRates)>,
}

impl Overrides {
    /// Adds an override, by a key as a person has typed it.
    ///
    /// # Errors
    /// If no message can have such a key, or if there is an override for it already.
    pub(super) fn insert(&mut self, key: TypedKey<'_>, text: &str, value: OverrideRates) -> Result<(), String> {
        let new = match text.trim().parse::<Network>() {
            Ok(network) => {
                let new = self.by_network.iter().all(|(other, _)| *other != network);
                self.by_network.push((network, value));
                new
            }
            Err(NetworkError::Address(_)) => {
                let values = key.override_values(text).map_err(|error| error.to_string())?;
                let known = values.iter().any(|key| self.by_value.contains_key(key.as_str()));
                self.by_value.extend(values.into_iter().map(|key| (key.into(), value.clone())));
                !known
            }
            Err(error) => return Err(error.to_string()),
        };
        if new { Ok(()) } else { Err("stands there twice, perhaps in different letters".to_owned()) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &OverrideRates> {
        self.by_value.values().chain(self.by_network.iter().map(|(_, value)| value))
    }

    /// The override for a key: that of the whole key, or else of the first value that has one, or else of the
    /// client's network. `Some(None)` means that the key has no limit.
    pub(super) fn find(&self, values: &[String], facts: &KeyFacts<'_>) -> Option<Option<&Rates>> {
        let found = if self.by_value.is_empty() { None } else { self.by_value(values) };
        let found = found.or_else(|| {
            let ip = facts.submitter.client?;
            let fits = self.by_network.iter().filter(|(network, _)| network.contains(ip));
            fits.max_by_key(|(network, _)| network.bits()).map(|(_, value)| value)
        });
        found.map(|OverrideRates(rates)| rates.as_ref())
    }

    fn by_value(&self, values: &[String]) -> Option<&OverrideRates> {
        if values.len() > 1
            && let Some(found) = self.by_value.get(values.join(",").as_str())
        {
            return Some(found);
        }
        values.iter().find_map(|value| self.by_value.get(value.as_str()).or_else(|| self.by_domain(value)))
    }

    /// Finds `user@mail.example.com` by `@mail.example.com`, or else by `.example.com`; a domain by `.example.com`; a
    /// null sender by `<>`.
    fn by_domain(&self, value: &str) -> Option<&OverrideRates> {
        if value.starts_with(NULL_SENDER) {
            return self.by_value.get(NULL_SENDER);
        }
        let with_at = value.rfind('@').and_then(|at| value.get(at..));
        let exact = with_at.and_then(|domain| self.by_value.get(domain));
        let domain = with_at.and_then(|domain| domain.strip_prefix('@')).unwrap_or(value);
        let mut parents = domain.match_indices('.').filter_map(|(dot, _)| domain.get(dot..));
        exact.or_else(|| parents.find_map(|parent| self.by_value.get(parent)))
    }
}

/// Reads a table of overrides: each line has a key and its limits, and `#` begins a remark. Calls `found` with the
/// number of each line and its entry or mistake.
pub(super) fn read_table(text: &str, mut found: impl FnMut(usize, Result<(&str, OverrideRates), String>)) {
    for (number, line) in text.lines().enumerate() {
        let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
        if line.is_empty() {
            continue;
        }
        let entry = line.split_once([' ', '\t']).ok_or_else(|| format!("`{line}` has no limit behind its key"));
        let entry = entry.and_then(|(key, limits)| {
            OverrideRates::parse(limits).map(|limits| (key, limits)).map_err(|error| error.to_string())
        });
        found(number + 1, entry);
    }
}
