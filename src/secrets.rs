//! The secrets that a configuration names, read from their files.

use std::path::PathBuf;

use postseal_filters::Problem;

use crate::admin::{AdminToken, TokenError};
use crate::config::{ConfigError, LoadedConfig};
use crate::regular_file::{self, MAX_TOKEN_FILE, exposed};

/// The token of the admin port, if there is to be one.
///
/// # Errors
/// If the file can't be used.
pub(crate) fn admin_token(loaded: &mut LoadedConfig) -> Result<Option<AdminToken>, ConfigError> {
    let file = loaded.config.admin.token_file.clone();
    secret(loaded, "admin", "token_file", file)
}

/// The token that the webhook is shown, if there is to be one.
///
/// # Errors
/// If the file can't be used.
pub(crate) fn webhook_token(loaded: &mut LoadedConfig) -> Result<Option<String>, ConfigError> {
    let file = loaded.config.webhook.token_file.clone();
    let token = secret(loaded, "webhook", "token_file", file)?;
    Ok(token.map(|token| token.to_text()))
}

fn secret(
    loaded: &mut LoadedConfig, section: &str, name: &str, file: Option<PathBuf>,
) -> Result<Option<AdminToken>, ConfigError> {
    let Some(path) = file.map(|file| loaded.resolve(&file)) else { return Ok(None) };
    let key = vec![section.to_owned(), name.to_owned()];
    let read = regular_file::read(&path, MAX_TOKEN_FILE).map_err(TokenError::from);
    match read.and_then(|content| Ok((AdminToken::parse(&content.bytes)?, content.metadata))) {
        Ok((token, metadata)) => {
            let warning = exposed(&path, name.trim_end_matches("_file"), &metadata);
            loaded.warn(warning.map(|reason| Problem::warning(key, reason)).into_iter().collect());
            Ok(Some(token))
        }
        Err(error) => Err(loaded.invalid(vec![Problem::error(key, format!("{}: {error}", path.display()))])),
    }
}
