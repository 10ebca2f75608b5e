//! The postseal daemon: everything that touches the world, around the filters and the protocol.
//!
//! A library besides the program, so that tests can start the service in their own process.

pub mod admin;
pub mod clock;
pub mod command;
pub mod config;
pub mod connection;
pub mod daemon;
pub mod descriptors;
pub mod health;
pub mod http_client;
pub mod keys;
pub mod listener;
pub mod log;
pub mod message_file;
pub mod metrics;
pub mod notify;
pub mod rate_limit;
pub mod registry;
pub mod regular_file;
pub mod reload;
mod secrets;
pub mod services;
mod stamp;
pub mod status;
pub mod store;
pub mod stream;
pub mod tls;
pub mod trace;
mod watch;
pub mod webhook;
