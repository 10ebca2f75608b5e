//! Takes comments with raw 8-bit text out of fields in which comments mean nothing: Date and MIME-Version. Programs on a
//! German Windows write the name of the zone that way: `(Mitteleuropäische Zeit)`.

use postseal_protocol::HeaderField;

use crate::mail::cursor::TextCursor;
use crate::mail::date::header::cut_behind_zone;
use crate::mail::fold;

/// The value without its comments that have raw text. In a date, raw text behind the zone is taken out too.
pub(crate) fn without_raw_text(field: &HeaderField) -> Option<Vec<u8>> {
    let value = without_raw_comments(&field.value)?;
    let value = if value.is_ascii() { value } else { cut_behind_zone(&value)?.to_vec() };
    let new = HeaderField::new(field.name.clone(), value.clone());
    let certain = value.is_ascii() && !value.trim_ascii().is_empty();
    (certain && fold::long_line(&new, fold::MAX_SENT_LINE_OCTETS).is_none()).then_some(value)
}

/// The value without its comments that have raw text.
pub(crate) fn without_raw_comments(value: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = TextCursor::new(value);
    let mut out: Vec<u8> = Vec::with_capacity(value.len());
    loop {
        let start = cursor.at();
        match cursor.peek() {
            None => return Some(out),
            Some(b'(') => {
                cursor.comment()?;
                let comment = value.get(start..cursor.at())?;
                if comment.is_ascii() {
                    out.extend_from_slice(comment);
                } else {
                    // No white space is left at the end of a line.
                    out.truncate(out.trim_ascii_end().len());
                    if cursor.peek().is_some_and(|next| !next.is_ascii_whitespace()) {
                        out.push(b' ');
                    }
                }
            }
            Some(_) => out.extend_from_slice(cursor.take_while(|octet| octet != b'(')),
        }
    }
}
