//! Events of key files, for the log.

use std::fmt;
use std::path::PathBuf;

/// An event of a key file, reported once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The file or directory.
    pub path: PathBuf,
    /// The event.
    pub event: KeyEvent,
}

/// An event of a key file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyEvent {
    /// A key is in use that was not there before.
    Loaded,
    /// Another key is in use under the same name.
    Replaced,
    /// The file is gone, and the key with it.
    Removed,
    /// The file can't be used.
    Broken {
        /// Why.
        reason: String,
        /// The key that was read from it before stays in use.
        kept: bool,
    },
    /// The file is good again and has the key that was kept.
    Recovered,
    /// Other users than the owner can do too much to the private key.
    Exposed {
        /// What they can do.
        exposure: &'static str,
        /// The permissions.
        mode: u32,
    },
    /// Other users can add, replace and remove the files of a folder of keys.
    OpenFolder {
        /// Who can.
        exposure: &'static str,
        /// The permissions.
        mode: u32,
    },
    /// The key works, but receivers may not accept it.
    Weak {
        /// Why.
        reason: String,
    },
}

impl Notice {
    /// True if an operator should do something about it.
    pub const fn is_warning(&self) -> bool {
        matches!(
            self.event,
            KeyEvent::Broken { .. } | KeyEvent::Exposed { .. } | KeyEvent::OpenFolder { .. } | KeyEvent::Weak { .. }
        )
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.event)
    }
}

impl fmt::Display for KeyEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded => f.write_str("key loaded"),
            Self::Replaced => f.write_str("key replaced"),
            Self::Removed => f.write_str("key removed"),
            Self::Broken { reason, kept: false } => f.write_str(reason),
            Self::Broken { reason, kept: true } => write!(f, "{reason}; its last good key stays in use"),
            Self::Recovered => f.write_str("is good again"),
            Self::Exposed { exposure, mode } => write!(f, "{exposure} the private key (mode {mode:04o})"),
            Self::OpenFolder { exposure, mode } => {
                write!(f, "{exposure} this folder, and so the keys in it (mode {mode:04o})")
            }
            Self::Weak { reason } => f.write_str(reason),
        }
    }
}
