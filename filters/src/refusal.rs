//! Replies that tell a sender why a message is refused.

use postseal_protocol::{Reply, Verdict};

use crate::visible::visible;

/// 550 5.7.1: not authorized (RFC 3463 section 3.8).
pub(crate) fn refusal(text: &str) -> Verdict {
    Reply::new(550, (5, 7, 1), printable(text)).map_or(Verdict::Reject, Verdict::Reply)
}

/// Makes a text that may hold parts of the message fit for a reply: hidden characters become escapes, what else is not
/// ASCII becomes a question mark.
pub(crate) fn printable(text: &str) -> String {
    let ascii = |c: char| if c.is_ascii() { c } else { '?' };
    visible(text).chars().take(Reply::MAX_LINE_OCTETS).map(ascii).collect()
}
