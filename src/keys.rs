//! Signing keys: files, made and read.

pub mod generate;
