//! The secrets that a configuration names, read from their files.

use std::path::PathBuf;

use postseal_filters::Problem;

use crate::admin::{AdminToken, TokenError};
use crate::config::webhook::{WebhookUrl, WebhookUrlError};
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

/// The address of the webhook, if it stands in a file.
///
/// # Errors
/// If the file can't be used, or the configuration has an address too.
pub(crate) fn webhook_url(loaded: &mut LoadedConfig) -> Result<Option<WebhookUrl>, ConfigError> {
    let file = loaded.config.webhook.url_file.clone();
    let Some(url) = secret(loaded, "webhook", "url_file", file)? else { return Ok(None) };
    let wrong = |reason: String| {
        let key = vec!["webhook".to_owned(), "url_file".to_owned()];
        loaded.invalid(vec![Problem::error(key, reason)])
    };
    if loaded.config.webhook.url.is_some() {
        return Err(wrong("there is a webhook.url too; leave one of them out".to_owned()));
    }
    url.to_text().parse().map(Some).map_err(|error: WebhookUrlError| wrong(format!("holds no URL: {error}")))
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
