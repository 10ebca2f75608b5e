//! Lines of a header field (RFC 5322 sections 2.1.1 and 2.2.3). Values have a bare LF at each fold.

use postseal_protocol::HeaderField;

use crate::mail::charset::Charset;

/// Octets of a line without its end (RFC 5322 section 2.1.1).
pub(crate) const LONGEST: usize = 998;
/// Longest value that both MTAs take back as it is.
pub(crate) const LONGEST_VALUE: usize = 60_000;

/// Where the first continuation line of nothing but white space begins.
pub(crate) fn blank_line(value: &[u8]) -> Option<usize> {
    let mut at = memchr::memchr(b'\n', value)? + 1;
    for line in value.get(at..)?.split(|octet| *octet == b'\n') {
        if line.trim_ascii().is_empty() {
            return Some(at);
        }
        at += line.len() + 1;
    }
    None
}

/// The value without such lines.
pub(crate) fn without_blank_lines(field: &HeaderField, _: Option<Charset>) -> Option<Vec<u8>> {
    let mut lines = field.value.split(|octet| *octet == b'\n');
    let mut out = lines.next()?.to_vec();
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        out.push(b'\n');
        out.extend_from_slice(line);
    }
    Some(out)
}

/// Where the first line that is too long has its first octet too many.
pub(crate) fn long_line(field: &HeaderField) -> Option<usize> {
    let mut before = field.name.len() + 1;
    let mut at = 0;
    for line in field.value.split(|octet| *octet == b'\n') {
        if before + line.len() > LONGEST {
            return Some(at + LONGEST.saturating_sub(before));
        }
        at += line.len() + 1;
        before = 0;
    }
    None
}

/// The value with lines that are too long folded at white space; nothing if a word is too long itself. To unfold it
/// gives what was there before, to the octet.
pub(crate) fn refolded(field: &HeaderField, _: Option<Charset>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(field.value.len() + field.value.len() / 32);
    let mut column = field.name.len() + 1;
    for line in field.value.split(|octet| *octet == b'\n') {
        if !out.is_empty() {
            out.push(b'\n');
            column = 0;
        }
        if column + line.len() <= LONGEST {
            out.extend_from_slice(line);
        } else {
            refold(line, column, &mut out);
        }
    }
    let folded = HeaderField::new(field.name.clone(), out.clone());
    (long_line(&folded).is_none() && out.len() <= LONGEST_VALUE).then_some(out)
}

fn refold(line: &[u8], mut column: usize, out: &mut Vec<u8>) {
    let mut rest = line;
    // A line must not become blank, so the first word stays where it is.
    let mut has_word = false;
    while !rest.is_empty() {
        let space = rest.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
        let word = rest.iter().skip(space).take_while(|octet| !matches!(octet, b' ' | b'\t')).count();
        let (token, tail) = rest.split_at_checked(space + word).unwrap_or((rest, &[]));
        if has_word && space > 0 && word > 0 && column + token.len() > WISHED {
            out.push(b'\n');
            column = 0;
        }
        out.extend_from_slice(token);
        column += token.len();
        has_word |= word > 0;
        rest = tail;
    }
}

/// Where lines should end (RFC 5322 section 2.1.1).
const WISHED: usize = 78;

#[cfg(test)]
mod tests;
