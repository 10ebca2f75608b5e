//! `[log]`: the log on stdout.

use serde::{Deserialize, Serialize};

use super::ByteSize;

/// The `[log]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// One JSON object a line, or text for people.
    pub format: LogFormat,
    /// The least important level that is still written.
    pub level: Level,
    /// Writes mail addresses in full at every level, not only at `debug`.
    pub addresses: bool,
    /// The octets of one line; lists and texts that are longer are cut.
    pub line_size: ByteSize,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Json, level: Level::Info, addresses: false, line_size: ByteSize::new(8 << 10) }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(expecting = "enum Format", rename_all = "snake_case")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Text for people.
    Text,
}

/// The importance of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What stops the service or loses a function of it.
    Error,
    /// What an operator should act on.
    Warn,
    /// One line per message, and changes of state.
    Info,
    /// Every step of a message, with full addresses.
    Debug,
    /// Every packet.
    Trace,
}
