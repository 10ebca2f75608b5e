//! The flags that say where the configuration comes from.

use std::path::PathBuf;

use clap::Args;

use super::{CommandLineSetting, ConfigError, DEFAULT_FILE, LoadedConfig, load};

/// Where the configuration comes from: the same flags for every command that reads it.
#[derive(Args, Clone, Debug)]
pub struct ConfigFlags {
    /// Configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_FILE, global = true)]
    pub config: PathBuf,
    /// Sets one key over file and environment, such as log.level=debug.
    #[arg(long = "set", value_name = "KEY=VALUE", global = true)]
    pub overrides: Vec<CommandLineSetting>,
}

impl ConfigFlags {
    /// Loads the configuration.
    ///
    /// # Errors
    /// All mistakes found, each with its place.
    pub fn load(&self) -> Result<LoadedConfig, ConfigError> {
        load(Some(&self.config), &self.overrides)
    }
}
