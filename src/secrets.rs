//! The secrets that a configuration names, read from their files.

use std::path::PathBuf;

use postseal_filters::Problem;

use crate::admin::AdminToken;
use crate::config::{ConfigError, LoadedConfig};

/// The token of the admin port, if there is to be one.
///
/// # Errors
/// If the file can't be used.
pub(crate) fn admin_token(loaded: &LoadedConfig) -> Result<Option<AdminToken>, ConfigError> {
    token(loaded, "admin", loaded.config.admin.token_file.as_ref())
}

/// The token that the webhook is shown, if there is to be one.
///
/// # Errors
/// If the file can't be used.
pub(crate) fn webhook_token(loaded: &LoadedConfig) -> Result<Option<String>, ConfigError> {
    let token = token(loaded, "webhook", loaded.config.webhook.token_file.as_ref())?;
    Ok(token.map(|token| token.to_text()))
}

fn token(loaded: &LoadedConfig, section: &str, file: Option<&PathBuf>) -> Result<Option<AdminToken>, ConfigError> {
    let Some(path) = file.map(|file| loaded.resolve(file)) else { return Ok(None) };
    AdminToken::read(&path).map(Some).map_err(|error| {
        let key = vec![section.to_owned(), "token_file".to_owned()];
        loaded.invalid(vec![Problem::error(key, format!("{}: {error}", path.display()))])
    })
}
