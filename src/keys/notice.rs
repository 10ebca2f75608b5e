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
        /// The users that can.
        exposure: &'static str,
        /// The permissions.
        mode: u32,
    },
    /// A private key under a name that is not looked for.
    Stray {
        /// The name that the file would have to have.
        wanted: String,
    },
    /// The key directory holds no key.
    NoKeys,
    /// There are too many warnings to show each of them.
    More {
        /// Those that are not shown.
        count: usize,
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
        use KeyEvent::{Broken, Exposed, More, NoKeys, OpenFolder, Stray, Weak};
        matches!(
            self.event,
            Broken { .. } | Exposed { .. } | OpenFolder { .. } | Stray { .. } | NoKeys | More { .. } | Weak { .. }
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
            Self::Stray { wanted } => {
                write!(f, "holds a private key that is not used: its name is not that of a key; call it {wanted}")
            }
            Self::NoKeys => f.write_str(
                "holds no key; a key is DOMAIN/SELECTOR.pem or SELECTOR._domainkey.DOMAIN.pem, and `postseal keygen` \
                 makes one",
            ),
            Self::More { count } => write!(f, "{count} more warnings about its files and folders are not shown"),
            Self::Weak { reason } => f.write_str(reason),
        }
    }
}
