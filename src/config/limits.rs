//! `[limits]`: what one connection may use, and how many there may be.

use std::time::Duration;

use postseal_filters::duration;
use postseal_filters::message::DEFAULT_HEADER_EDITS;
use postseal_filters::report::DEFAULT_REASONS;
use serde::{Deserialize, Serialize};

use super::ByteSize;

/// The `[limits]` section.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct BoundsConfig {
    /// Open connections, all listeners together; one more is closed at once.
    pub connections: usize,
    /// Data of one milter packet from the MTA.
    pub packet_size: ByteSize,
    /// All header fields of a message together.
    pub header_size: ByteSize,
    /// Header fields of a message.
    pub header_fields: usize,
    /// Header fields of a message that may be changed or deleted.
    pub header_edits: usize,
    /// Reasons of a message that are kept for the log and the status page.
    pub reasons: usize,
    /// Recipients of a message.
    pub recipients: usize,
    /// Reverse-path and recipients of a message together, with their arguments.
    pub envelope_size: ByteSize,
    /// How long an MTA may say nothing. Postfix and Sendmail keep a connection while an SMTP client is idle.
    #[serde(with = "duration")]
    pub idle_timeout: Duration,
    /// How long a packet that has begun may take to arrive.
    #[serde(with = "duration")]
    pub frame_timeout: Duration,
    /// How long the filters may take for one command before the end of the message.
    #[serde(with = "duration")]
    pub filter_timeout: Duration,
    /// How long the filters may take at the end of the message.
    #[serde(with = "duration")]
    pub end_of_message_timeout: Duration,
    /// How long a shutdown waits for messages in flight.
    #[serde(with = "duration")]
    pub drain_timeout: Duration,
    /// How long a shutdown leaves a connection between messages open, if systemd holds its socket.
    #[serde(with = "duration")]
    pub drain_idle: Duration,
}

impl Default for BoundsConfig {
    fn default() -> Self {
        Self {
            connections: 1000,
            packet_size: ByteSize::new(1 << 20),
            header_size: ByteSize::new(1 << 20),
            header_fields: 10_000,
            header_edits: DEFAULT_HEADER_EDITS,
            reasons: DEFAULT_REASONS,
            recipients: 10_000,
            envelope_size: ByteSize::new(4 << 20),
            idle_timeout: Duration::from_secs(7210),
            frame_timeout: Duration::from_secs(60),
            filter_timeout: Duration::from_secs(8),
            end_of_message_timeout: Duration::from_secs(120),
            drain_timeout: Duration::from_secs(10),
            drain_idle: Duration::from_secs(3),
        }
    }
}
