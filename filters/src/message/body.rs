//! What is known of a message's body.

use bytes::Bytes;

/// The body, as far as the pipeline keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// No filter asked for it whole; it was streamed and forgotten.
    NotBuffered,
    /// The whole body, with CRLF line ends.
    Whole(Bytes),
    /// Longer than every filter's limit: streamed and forgotten.
    TooLarge,
}
