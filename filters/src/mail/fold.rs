//! Lines of a header field (RFC 5322 sections 2.1.1 and 2.2.3). Values have a bare LF at each fold.

use postseal_protocol::HeaderField;

/// The octets that a line should have at most (RFC 5322 section 2.1.1).
const PREFERRED_LINE_OCTETS: usize = 78;

/// The octets that a line may have without its end (RFC 5322 section 2.1.1).
pub(crate) const MAX_LINE_OCTETS: usize = 998;
/// The octets of a value that both MTAs take back unchanged.
pub(crate) const MAX_VALUE_OCTETS: usize = 60_000;

/// The lines of a value, each with its offset.
pub(crate) fn lines(value: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let mut next = 0;
    value.split(|octet| *octet == b'\n').map(move |line| {
        let start = next;
        next += line.len() + 1;
        (start, line)
    })
}

/// The offset of the first continuation line of nothing but white space.
pub(crate) fn blank_line(value: &[u8]) -> Option<usize> {
    lines(value).skip(1).find(|(_, line)| line.trim_ascii().is_empty()).map(|(start, _)| start)
}

/// The value without continuation lines of nothing but white space.
pub(crate) fn without_blank_lines(field: &HeaderField) -> Option<Vec<u8>> {
    let mut lines = field.value.split(|octet| *octet == b'\n');
    let mut out = lines.next()?.to_vec();
    for line in lines.filter(|line| !line.trim_ascii().is_empty()) {
        out.push(b'\n');
        out.extend_from_slice(line);
    }
    Some(out)
}

/// The offset of the first octet too many, in the first line of more than [`MAX_LINE_OCTETS`].
pub(crate) fn long_line(field: &HeaderField) -> Option<usize> {
    // The field's name and the colon stand on the first line.
    let mut before = field.name.len() + 1;
    for (start, line) in lines(&field.value) {
        if before + line.len() > MAX_LINE_OCTETS {
            return Some(start + MAX_LINE_OCTETS.saturating_sub(before));
        }
        before = 0;
    }
    None
}

/// The value with long lines folded at white space. `None` if a single word is too long for a line. Unfolding the
/// result gives back the value, to the octet.
pub(crate) fn refolded(field: &HeaderField) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(field.value.len() + field.value.len() / 32);
    let mut column = field.name.len() + 1;
    for line in field.value.split(|octet| *octet == b'\n') {
        if !out.is_empty() {
            out.push(b'\n');
            column = 0;
        }
        if column + line.len() <= MAX_LINE_OCTETS {
            out.extend_from_slice(line);
        } else {
            refold(line, column, &mut out);
        }
    }
    let folded = HeaderField::new(field.name.clone(), out.clone());
    (long_line(&folded).is_none() && out.len() <= MAX_VALUE_OCTETS).then_some(out)
}

fn refold(line: &[u8], mut column: usize, out: &mut Vec<u8>) {
    let mut rest = line;
    // The first word stays where it is: folding before it would leave a blank line.
    let mut has_word = false;
    while !rest.is_empty() {
        let space = rest.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
        let word = rest.iter().skip(space).take_while(|octet| !matches!(octet, b' ' | b'\t')).count();
        let (token, tail) = rest.split_at(space + word);
        if has_word && space > 0 && word > 0 && column + token.len() > PREFERRED_LINE_OCTETS {
            out.push(b'\n');
            column = 0;
        }
        out.extend_from_slice(token);
        column += token.len();
        has_word |= word > 0;
        rest = tail;
    }
}

#[cfg(test)]
mod tests;
