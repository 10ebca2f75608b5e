//! Mail addresses in the log: enough to recognise one, not enough to collect them.

use std::borrow::Cow;

use postseal_filters::visible::is_hidden;

/// Octets of a value in the log. A mailbox has 254 octets at most (RFC 5321 section 4.5.3.1.3), a Message-ID is rarely
/// longer.
const MAX_VALUE_OCTETS: usize = 256;
/// Octets of an escape such as `\u009b`.
const ESCAPE_OCTETS: usize = 6;

/// The first character of the local part, and the domain: `a***@example.com`.
pub fn shorten(address: &[u8]) -> String {
    let text = String::from_utf8_lossy(address);
    let (local, domain) = match text.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (&*text, None),
    };
    let mut short = String::with_capacity(text.len());
    if let Some(first) = local.chars().next() {
        short.push(first);
        short.push_str("***");
    }
    if let Some(domain) = domain {
        short.push('@');
        short.push_str(&clip(domain.as_bytes()));
    }
    short
}

/// A text for people, with every address in it shortened.
pub fn shorten_within(text: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || !c.is_ascii() || "!#$%&'*+/=?^_`{|}~.-\"@".contains(c);
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(part) {
        let (before, tail) = rest.split_at(start);
        let end = tail.find(|c| !part(c)).unwrap_or(tail.len());
        let (word, after) = tail.split_at(end);
        short.push_str(before);
        // A word with nothing before the @ is a pattern for a domain, not an address.
        if word.trim_start_matches('@').contains('@') {
            short.push_str(&shorten(word.as_bytes()));
        } else {
            short.push_str(word);
        }
        rest = after;
    }
    short.push_str(rest);
    short
}

/// Bytes of a message as text of bounded length: its sender decides how long they are.
pub(super) fn clip(bytes: &[u8]) -> Cow<'_, str> {
    let head = match bytes.split_at_checked(MAX_VALUE_OCTETS + 1) {
        Some((head, _)) => head,
        None => bytes,
    };
    match String::from_utf8_lossy(head) {
        Cow::Borrowed(text) => clip_text(text, MAX_VALUE_OCTETS),
        Cow::Owned(text) => Cow::Owned(clip_text(&text, MAX_VALUE_OCTETS).into_owned()),
    }
}

/// A text that takes at most `room` octets in the log, three dots at a cut not counted. An escape counts in full.
pub(super) fn clip_text(text: &str, room: usize) -> Cow<'_, str> {
    let mut left = room;
    for (count, c) in text.chars().enumerate() {
        let octets = if is_hidden(c) || matches!(c, '"' | '\\') { ESCAPE_OCTETS } else { c.len_utf8() };
        let Some(rest) = left.checked_sub(octets) else {
            return Cow::Owned(text.chars().take(count).chain("...".chars()).collect());
        };
        left = rest;
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests;
