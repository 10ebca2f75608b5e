//! The changes that filters made to a message, before and after.

use std::io::{self, Write};

use postseal_filters::Message;
use postseal_filters::visible::is_hidden;
use postseal_protocol::HeaderField;

const INDENT: &str = "\n            ";
/// Octets of a body that are shown.
const MAX_SHOWN_OCTETS: usize = 400;

/// Shows each field that was changed as it was and as it is, and how the body begins if it was replaced.
pub(super) fn write(message: &Message, body: &[u8], out: &mut dyn Write) -> io::Result<()> {
    for (before, after) in message.fields.edited() {
        for (word, field) in [("before", before), ("after", after)] {
            if let Some(HeaderField { name, value }) = field {
                writeln!(out, "{word:11} {}:{}", shown(name), shown(value))?;
            }
        }
    }
    if let Some(new) = message.new_body() {
        for (word, text) in [("before", body), ("after", new)] {
            let start = text.split_at_checked(MAX_SHOWN_OCTETS).map_or(text, |(start, _)| start).trim_ascii_end();
            writeln!(out, "{word:11} body of {} octets:{INDENT}{}", text.len(), shown(start))?;
        }
    }
    Ok(())
}

/// Octets as readable text: lines below each other, control characters and octets that are not UTF-8 as numbers.
fn shown(octets: &[u8]) -> String {
    let mut out = String::new();
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str(INDENT),
                '\r' => {}
                c if is_hidden(c) && c != '\t' => out.extend(c.escape_default()),
                c => out.push(c),
            }
        }
        for octet in chunk.invalid() {
            out.push_str(&format!("\\x{octet:02x}"));
        }
    }
    out
}
