//! Loads the configuration: reads the layers, makes types of them, and checks what only shows in the whole.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use figment::value::Value;
use postseal_filters::{dkim, header_checks, sender};

use super::layers::Layers;
use super::problem::{self, ConfigError, Problem};
use super::store::StoreUrl;
use super::{Config, KeyPath, check, effective, extract};
use crate::admin::AdminToken;
use crate::keys::{KeyFolders, KeyProblem, KeyStore};
use crate::store::redis::Login;
use crate::watch::Watch;

/// The file read if none is named.
pub const DEFAULT_FILE: &str = "/etc/postseal/postseal.toml";

/// A setting from the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLineSetting {
    /// What is set.
    pub key: KeyPath,
    /// To what, in the notation of environment variables.
    pub text: String,
}

impl FromStr for CommandLineSetting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, text) = text.split_once('=').ok_or("write KEY=VALUE, such as log.level=debug")?;
        Ok(Self { key: KeyPath::new(key.trim().split('.')), text: text.trim().to_owned() })
    }
}

/// A good configuration, and what is known about it.
pub struct LoadedConfig {
    /// The settings.
    pub config: Config,
    /// What an operator should look at, though it works.
    pub warnings: Vec<Problem>,
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
    path: &Path,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    overrides: &[CommandLineSetting],
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
    let findings = check::check(&config);
    let located = |findings: Vec<check::ConfigFinding>| -> Vec<Problem> {
        findings.into_iter().map(|finding| layers.problem(finding.key, finding.reason)).collect()
    };
    if !findings.errors.is_empty() {
        return Err(sorted(located(findings.errors)));
    }
    let warnings = located(findings.warnings);
    Ok(LoadedConfig { config, warnings, path: path.to_owned(), files, layers })
}

fn sorted(mut problems: Vec<Problem>) -> ConfigError {
    problem::sort(&mut problems);
    ConfigError::Invalid(problems)
}

impl LoadedConfig {
    /// Reads the keys that the configuration names; nothing if it signs nothing. What is unwise about them is added to
    /// the warnings.
    ///
    /// # Errors
    /// Every listed key that can't be used.
    pub fn open_keys(&mut self) -> Result<Option<(dkim::DkimPlan, KeyStore)>, ConfigError> {
        let Some(settings) = &self.config.dkim else { return Ok(None) };
        let located = |problems: Vec<KeyProblem>| -> Vec<Problem> {
            let located =
                |problem: KeyProblem| self.layers.problem(KeyPath::new(problem.key), problem.reason);
            problems.into_iter().map(located).collect()
        };
        let plan = settings.plan().map_err(|errors| {
            let problem = |error: dkim::SettingsError| KeyProblem { key: error.key, reason: error.reason };
            sorted(located(errors.into_iter().map(problem).collect()))
        })?;
        let opened = KeyStore::open(settings, &plan, &KeyFolders::of(&self.path));
        let opened = opened.map_err(|errors| sorted(located(errors)))?;
        self.warnings.extend(located(opened.warnings));
        Ok(Some((plan, opened.store)))
    }

    /// Reads the token of the admin port, if there is to be one.
    ///
    /// # Errors
    /// If the file is no good.
    pub fn open_token(&self) -> Result<Option<AdminToken>, ConfigError> {
        let Some(file) = &self.config.admin.token_file else { return Ok(None) };
        let path = self.path.parent().unwrap_or_else(|| Path::new("")).join(file);
        let token = AdminToken::read(&path).map_err(|error| {
            let key = KeyPath::new(["admin", "token_file"]);
            ConfigError::invalid(self.layers.problem(key, format!("{}: {error}", path.display())))
        });
        token.map(Some)
    }

    /// Reads password and certificates for the store, if it is Redis.
    ///
    /// # Errors
    /// If a file is no good.
    pub fn open_store_login(&self) -> Result<Option<Login>, ConfigError> {
        let Some(StoreUrl::Redis(url)) = &self.config.store.url else { return Ok(None) };
        let base = self.path.parent().unwrap_or_else(|| Path::new(""));
        let login = Login::load(url, &self.config.store, base).map_err(|error| {
            ConfigError::invalid(self.layers.problem(KeyPath::new(["store", error.key]), error.reason))
        });
        login.map(Some)
    }

    /// Reads the token that the webhook is shown, if there is to be one.
    ///
    /// # Errors
    /// If the file is no good.
    pub fn open_webhook_token(&self) -> Result<Option<String>, ConfigError> {
        let Some(file) = &self.config.webhook.token_file else { return Ok(None) };
        let path = self.path.parent().unwrap_or_else(|| Path::new("")).join(file);
        let token = AdminToken::read(&path).map_err(|error| {
            let key = KeyPath::new(["webhook", "token_file"]);
            ConfigError::invalid(self.layers.problem(key, format!("{}: {error}", path.display())))
        });
        token.map(|token| Some(token.to_text()))
    }

    /// Reads a table file that a key of the configuration names; a relative path begins at the directory of the
    /// configuration file. The file is watched from now on, even if it can't be read now.
    ///
    /// # Errors
    /// If there is no such file, or no text in it.
    pub fn read_table(&mut self, key: &KeyPath, file: &Path) -> Result<(PathBuf, String), Problem> {
        let path = self.path.parent().unwrap_or_else(|| Path::new("")).join(file);
        match self.files.read(&path, false) {
            Ok(text) => Ok((path, text)),
            Err(error) => {
                Err(self.layers.problem(key.clone(), format!("{} can't be read: {error}", path.display())))
            }
        }
    }

    /// A finding about a key, with the place where it was set.
    pub fn problem(&self, key: KeyPath, reason: impl Into<String>) -> Problem {
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
