//! Signing keys: how their files are made, read, and read again when they change.

mod directory;
pub mod generate;
mod held;
pub mod listing;
mod notice;
mod ring;
mod store;

pub use notice::{KeyEvent, Notice};
pub use store::{KeyFolders, KeyStore, OpenedKeys, Refresh};
