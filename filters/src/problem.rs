//! What is wrong or unwise in the settings of a filter: one kind of finding for all sections of the configuration.

use std::fmt;

/// A finding about a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", ShownKey(key))]
pub struct Problem {
    /// Whether the configuration can be used all the same.
    pub severity: Severity,
    /// The way to the value, from the outside in; elements of lists by their number from 0.
    pub key: Vec<String>,
    /// The mistake, with advice.
    pub reason: String,
}

/// Whether a configuration with a problem can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// The configuration works, but the setting is unwise.
    Warning,
}

/// The problems of one section of the configuration, in the order in which they were found.
#[derive(Debug)]
pub struct Problems {
    section: &'static [&'static str],
    list: Vec<Problem>,
}

impl Problem {
    /// An error.
    pub fn error(key: Vec<String>, reason: impl Into<String>) -> Self {
        Self { severity: Severity::Error, key, reason: reason.into() }
    }

    /// A warning.
    pub fn warning(key: Vec<String>, reason: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, key, reason: reason.into() }
    }
}

impl Problems {
    /// No problem yet, in a section with this key; the keys given to the other methods are relative to the section.
    pub fn of(section: &'static [&'static str]) -> Self {
        Self { section, list: Vec::new() }
    }

    /// Adds an error.
    pub fn error<S: AsRef<str>>(&mut self, key: impl IntoIterator<Item = S>, reason: impl Into<String>) {
        self.list.push(Problem::error(self.full_key(key), reason));
    }

    /// Adds a warning.
    pub fn warning<S: AsRef<str>>(&mut self, key: impl IntoIterator<Item = S>, reason: impl Into<String>) {
        self.list.push(Problem::warning(self.full_key(key), reason));
    }

    /// Adds an error about a key of an element of a list.
    pub fn error_in(&mut self, list: &str, index: usize, name: &str, reason: impl Into<String>) {
        self.error([list, &index.to_string(), name], reason);
    }

    /// Adds a warning about a key of an element of a list.
    pub fn warning_in(&mut self, list: &str, index: usize, name: &str, reason: impl Into<String>) {
        self.warning([list, &index.to_string(), name], reason);
    }

    /// Takes over what is wrong with another section; what was made of that section, if nothing is.
    pub fn unwrap_plan<T>(&mut self, plan: Result<T, Vec<Problem>>) -> Option<T> {
        plan.map_err(|problems| self.list.extend(problems)).ok()
    }

    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// The value that was made of the settings, and the warnings.
    ///
    /// # Errors
    /// The errors, if there are any.
    pub fn finish<T>(self, value: T) -> Result<(T, Vec<Problem>), Vec<Problem>> {
        let is_error = |problem: &Problem| problem.severity == Severity::Error;
        let (errors, warnings): (Vec<_>, Vec<_>) = self.list.into_iter().partition(is_error);
        if errors.is_empty() { Ok((value, warnings)) } else { Err(errors) }
    }

    fn full_key<S: AsRef<str>>(&self, key: impl IntoIterator<Item = S>) -> Vec<String> {
        let section = self.section.iter().map(|step| (*step).to_owned());
        section.chain(key.into_iter().map(|step| step.as_ref().to_owned())).collect()
    }
}

struct ShownKey<'a>(&'a [String]);

impl fmt::Display for ShownKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step.parse::<usize>() {
                Ok(index) => write!(f, "[{index}]")?,
                Err(_) if depth > 0 => write!(f, ".{step}")?,
                Err(_) => f.write_str(step)?,
            }
        }
        Ok(())
    }
}
