//! Settings from the command line, `--set KEY=VALUE`.

use std::str::FromStr;

use super::KeyPath;

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
