//! What filters have changed in a message, before and after.

use std::io::{self, Write};

use postseal_filters::Message;
use postseal_protocol::HeaderField;

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
            let start = text.get(..SHOWN).unwrap_or(text).trim_ascii_end();
            writeln!(out, "{word:11} body of {} octets:{INDENT}{}", text.len(), shown(start))?;
        }
    }
    Ok(())
}

/// Octets as people can read them: lines below each other, and what is not printable ASCII or UTF-8 as a number.
fn shown(octets: &[u8]) -> String {
    let mut out = String::new();
    for chunk in octets.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\n' => out.push_str(INDENT),
                '\r' => {}
                c if c.is_control() && c != '\t' => out.extend(c.escape_default()),
                c => out.push(c),
            }
        }
        for octet in chunk.invalid() {
            out.push_str(&format!("\\x{octet:02x}"));
        }
    }
    out
}

const INDENT: &str = "\n            ";
/// Octets of a body that are shown.
const SHOWN: usize = 400;
