//! What is wrong with a configuration: every finding with its place, key, value and reason.

use std::fmt;
use std::path::PathBuf;

use super::KeyPath;
use super::secret;
use super::source::ValueSource;
use crate::regular_file::FileError;

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocatedProblem {
    /// Where the value was set.
    pub source: ValueSource,
    /// The key.
    pub key: KeyPath,
    /// The value, if it is short enough to show.
    pub value: Option<String>,
    /// The mistake, with advice.
    pub reason: String,
}

impl LocatedProblem {
    pub(super) fn new(source: ValueSource, key: KeyPath, reason: impl Into<String>) -> Self {
        Self { source, key, value: None, reason: reason.into() }
    }
}

impl fmt::Display for LocatedProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.source != ValueSource::Default {
            write!(f, "{}: ", self.source)?;
        }
        if !self.key.is_root() {
            write!(f, "{}", self.key)?;
            if let Some(value) = &self.value {
                write!(f, " = {}", secret::masked_value(&self.key, value))?;
            }
            f.write_str(": ")?;
        }
        f.write_str(&secret::masked_reason(&self.key, &self.reason))
    }
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read the configuration {}: {source}; give another file with --config FILE", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
    /// Loading did not come to an end.
    #[error("{0}")]
    Unfinished(String),
    /// The configuration is wrong.
    #[error("{}", lines(.0))]
    Invalid(Vec<LocatedProblem>),
}

impl ConfigError {
    pub(super) fn invalid(problem: LocatedProblem) -> Self {
        Self::Invalid(vec![problem])
    }

    /// What is wrong, one by one; nothing if the file couldn't even be read.
    pub fn problems(&self) -> &[LocatedProblem] {
        match self {
            Self::Read { .. } | Self::Unfinished(_) => &[],
            Self::Invalid(problems) => problems,
        }
    }
}

/// Puts findings in the order of the file; those that stand nowhere in particular come last.
pub(super) fn sort(problems: &mut [LocatedProblem]) {
    problems.sort_by_key(|problem| match problem.source {
        ValueSource::File { position: Some(position), .. } => position,
        _ => (usize::MAX, 0),
    });
}

fn lines(problems: &[LocatedProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
