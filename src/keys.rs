//! Signing keys: how their files are made, read, and read again when they change.

mod directory;
mod folder;
pub mod generate;
mod held;
pub mod listing;
mod notice;
mod ring;
mod store;
mod stray;

pub use notice::{KeyEvent, Notice};
pub use store::{KeyFolders, KeyStore, OpenedKeys, Refresh};
