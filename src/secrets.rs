//! The secrets that a configuration names, read from their files.

use std::path::PathBuf;

use postseal_filters::Problem;

use crate::admin::AdminToken;
use crate::config::webhook::{WebhookUrl, WebhookUrlError};
use crate::config::{ConfigError, LoadedConfig};

/// The token of the admin port, if there is to be one.
///
/// # Errors
/// If the file can't be used.
pub(crate) fn admin_token(loaded: &LoadedConfig) -> Result<Option<AdminToken>, ConfigError> {
    secret(loaded, "admin", "token_file", loaded.config.admin.token_file.as_ref())
}

/// The address of the webhook, if it stands in a file.
///
/// # Errors
/// If the file can't be used, or the configuration has an address too.
pub(crate) fn webhook_url(loaded: &LoadedConfig) -> Result<Option<WebhookUrl>, ConfigError> {
    let webhook = &loaded.config.webhook;
    let Some(url) = secret(loaded, "webhook", "url_file", webhook.url_file.as_ref())? else { return Ok(None) };
    let wrong = |reason: String| {
        let key = vec!["webhook".to_owned(), "url_file".to_owned()];
        loaded.invalid(vec![Problem::error(key, reason)])
    };
    if webhook.url.is_some() {
        return Err(wrong("there is a webhook.url too; leave one of them out".to_owned()));
    }
    url.to_text().parse().map(Some).map_err(|error: WebhookUrlError| wrong(format!("holds no URL: {error}")))
}

/// The token that the webhook is shown, if there is to be one.
///
/// # Errors
/// If the file can't be used.
pub(crate) fn webhook_token(loaded: &LoadedConfig) -> Result<Option<String>, ConfigError> {
    let token = secret(loaded, "webhook", "token_file", loaded.config.webhook.token_file.as_ref())?;
    Ok(token.map(|token| token.to_text()))
}

fn secret(
    loaded: &LoadedConfig, section: &str, name: &str, file: Option<&PathBuf>,
) -> Result<Option<AdminToken>, ConfigError> {
    let Some(path) = file.map(|file| loaded.resolve(file)) else { return Ok(None) };
    AdminToken::read(&path).map(Some).map_err(|error| {
        let key = vec![section.to_owned(), name.to_owned()];
        loaded.invalid(vec![Problem::error(key, format!("{}: {error}", path.display()))])
    })
}
