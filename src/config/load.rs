//! Loads the configuration: reads the layers, makes types of them, and checks what only shows in the whole.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use figment::value::Value;
use postseal_filters::{Problem, dkim, header_checks, sender};

use super::check::Plans;
use super::command_line::CommandLineSetting;
use super::layers::Layers;
use super::problem::{self, ConfigError, LocatedProblem};
use super::{Config, KeyPath, check, effective, extract};
use crate::watch::Watch;

/// The file read if none is named.
pub const DEFAULT_FILE: &str = "/etc/postseal/postseal.toml";

/// A configuration without mistakes, its warnings and its files.
pub struct LoadedConfig {
    /// The settings.
    pub config: Config,
    /// What the sections of filters mean, as far as that needs no file.
    pub(crate) plans: Plans,
    /// What an operator should look at, though it works.
    pub warnings: Vec<LocatedProblem>,
    /// The file.
    pub path: PathBuf,
    /// What was read, and can be watched.
    pub(crate) files: Watch,
    layers: Layers,
}

/// Loads the configuration from the file (or [`DEFAULT_FILE`]), the environment, and the flags.
///
/// # Errors
/// All mistakes found, each with its place.
pub fn load(path: Option<&Path>, overrides: &[CommandLineSetting]) -> Result<LoadedConfig, ConfigError> {
    load_from(path.unwrap_or_else(|| Path::new(DEFAULT_FILE)), std::env::vars_os(), overrides)
}

/// Loads the configuration in a given environment.
///
/// # Errors
/// All mistakes found, each with its place.
pub fn load_from(
    path: &Path, environment: impl IntoIterator<Item = (OsString, OsString)>, overrides: &[CommandLineSetting],
) -> Result<LoadedConfig, ConfigError> {
    let mut files = Watch::default();
    let text = files.read(path, true);
    let text = text.map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    let layers = Layers::new(path, text, environment, overrides)?;
    let every = Config {
        header_checks: Some(header_checks::HeaderCheckSettings::default()),
        dkim: Some(dkim::DkimSettings::default()),
        sender: Some(sender::SenderSettings::default()),
        ..Config::default()
    };
    let known = Value::serialize(every).unwrap_or_else(|_| Value::from(false));
    let config: Config = extract::extract(&layers, &known).map_err(sorted)?;
    let (plans, warnings) = check::check(&config).map_err(|errors| sorted(layers.located(errors)))?;
    let warnings = layers.located(warnings);
    Ok(LoadedConfig { config, plans, warnings, path: path.to_owned(), files, layers })
}

fn sorted(mut problems: Vec<LocatedProblem>) -> ConfigError {
    problem::sort(&mut problems);
    ConfigError::Invalid(problems)
}

impl LoadedConfig {
    /// A file that the configuration names; a relative path begins at the directory of the configuration file.
    pub fn resolve(&self, file: &Path) -> PathBuf {
        self.path.parent().unwrap_or_else(|| Path::new("")).join(file)
    }

    /// Reads a table file that a key of the configuration names; a relative path begins at the directory of the
    /// configuration file. The file is watched from now on, even if it can't be read now.
    ///
    /// # Errors
    /// If there is no such file, or no text in it.
    pub fn read_table(&mut self, key: &KeyPath, file: &Path) -> Result<(PathBuf, String), LocatedProblem> {
        let path = self.resolve(file);
        match self.files.read(&path, false) {
            Ok(text) => Ok((path, text)),
            Err(error) => Err(self.layers.problem(key.clone(), format!("{}: {error}", path.display()))),
        }
    }

    /// The error that says what is wrong with settings, each with the place where it was set.
    pub fn invalid(&self, errors: Vec<Problem>) -> ConfigError {
        sorted(self.layers.located(errors))
    }

    /// Adds to the warnings what is unwise about settings, each with the place where it was set.
    pub fn warn(&mut self, warnings: Vec<Problem>) {
        self.warnings.extend(self.layers.located(warnings));
    }

    /// A finding about a key, with the place where it was set.
    pub fn problem(&self, key: KeyPath, reason: impl Into<String>) -> LocatedProblem {
        self.layers.problem(key, reason)
    }

    /// Writes the settings in force as TOML, each with where it was set.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_effective(&self, out: &mut dyn io::Write) -> io::Result<()> {
        effective::write(&self.config, |key| self.layers.source(key), out)
    }
}
