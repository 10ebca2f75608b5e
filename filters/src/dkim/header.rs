//! Canonical form of header fields (RFC 6376 sections 3.4.1 and 3.4.2).
//!
//! The MTA shows a field with a bare LF at each fold, and sends CRLF there. White space is space and tab. Form feed and
//! vertical tab are text, and so is a CR, which the MTA leaves in its place.

use mail_auth::dkim::Canonicalization;
use postseal_protocol::HeaderField;

/// The field name without the white space that some agents put before the colon. MTAs drop it on delivery.
pub(super) fn name(field: &HeaderField) -> &[u8] {
    let mut name = &field.name[..];
    while let [before @ .., b' ' | b'\t'] = name {
        name = before;
    }
    name
}

/// Appends the canonical form of a field, CRLF included.
pub(super) fn write(rule: Canonicalization, field: &HeaderField, out: &mut Vec<u8>) {
    match rule {
        Canonicalization::Relaxed => {
            out.extend(name(field).iter().map(u8::to_ascii_lowercase));
            out.push(b':');
            let start = out.len();
            for word in field.value.split(|byte| matches!(byte, b' ' | b'\t' | b'\n')) {
                if !word.is_empty() {
                    if out.len() > start {
                        out.push(b' ');
                    }
                    out.extend_from_slice(word);
                }
            }
        }
        Canonicalization::Simple => {
            out.extend_from_slice(name(field));
            for (at, line) in field.value.split(|&byte| byte == b'\n').enumerate() {
                out.extend_from_slice(if at == 0 { b":" } else { b"\r\n" });
                out.extend_from_slice(line);
            }
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests;
