//! The login for a server: password and certificates, from files.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;

use crate::config::store::{RedisUrl, StoreConfig};
use crate::regular_file::{self, MAX_PASSWORD_FILE};
use crate::tls::client_config;

/// User, password, database and TLS configuration for the connections of a store.
#[derive(Clone, Default)]
pub struct Login {
    pub(super) tls: Option<Arc<ClientConfig>>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) database: u32,
}

/// A file of the login that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LoginError {
    /// The key of `[store]`.
    pub key: &'static str,
    /// What is wrong.
    pub reason: String,
}

impl Login {
    /// Reads the files that the settings name; relative paths begin at `base`.
    ///
    /// # Errors
    /// If a file can't be used.
    pub fn load(url: &RedisUrl, settings: &StoreConfig, base: &Path) -> Result<Self, LoginError> {
        let fault = |key| move |reason| LoginError { key, reason };
        let password = match &settings.password_file {
            Some(file) => Some(password(&base.join(file)).map_err(fault("password_file"))?),
            None => url.password.clone(),
        };
        let ca_file = settings.ca_file.as_ref().map(|file| base.join(file));
        let tls = match url.tls {
            true => Some(client_config(ca_file.as_deref()).map_err(fault("ca_file"))?),
            false => None,
        };
        Ok(Self { tls, user: url.user.clone(), password, database: url.database })
    }
}

/// The first line of a file.
fn password(file: &Path) -> Result<String, String> {
    let text = regular_file::read_text(file, MAX_PASSWORD_FILE);
    let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
    match text.lines().next().map(str::trim_end).filter(|line| !line.is_empty()) {
        Some(password) => Ok(password.to_owned()),
        None => Err(format!("{} holds no password in its first line", file.display())),
    }
}
