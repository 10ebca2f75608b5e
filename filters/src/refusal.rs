//! Replies that tell a sender why a message is refused.

use postseal_protocol::{Reply, Verdict};

/// 550 5.7.1: not authorized (RFC 3463 section 3.8).
pub(crate) fn refusal(text: &str) -> Verdict {
    Reply::new(550, (5, 7, 1), printable(text)).map_or(Verdict::Reject, Verdict::Reply)
}

/// Makes a text that may hold parts of the message fit for a reply.
pub(crate) fn printable(text: &str) -> String {
    let visible = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().take(Reply::MAX_LINE_OCTETS).map(visible).collect()
}
