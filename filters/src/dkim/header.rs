//! Canonical form of header fields (RFC 6376 sections 3.4.1 and 3.4.2), from the form in which the MTA shows them: a
//! bare LF at each fold, which the MTA makes CRLF of.
//!
//! White space is space and tab; form feed and vertical tab are text, and so is a CR: the MTA leaves one where it is.

use mail_auth::dkim::Canonicalization;
use postseal_protocol::HeaderField;

/// The field name without the white space that some agents put before the colon; MTAs drop it on delivery.
pub(super) fn name(field: &HeaderField) -> &[u8] {
    let is_text = |byte: &u8| !is_white_space(*byte);
    let end = field.name.iter().rposition(is_text).map_or(0, |last| last + 1);
    field.name.get(..end).unwrap_or_default()
}

/// Appends the canonical form of a field, CRLF included.
pub(super) fn write(rule: Canonicalization, field: &HeaderField, out: &mut Vec<u8>) {
    match rule {
        Canonicalization::Relaxed => {
            out.extend(name(field).iter().map(u8::to_ascii_lowercase));
            out.push(b':');
            let start = out.len();
            for word in field.value.split(|&byte| is_white_space(byte) || byte == b'\n') {
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

fn is_white_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests;
