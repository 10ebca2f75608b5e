//! Takes comments with raw 8-bit text out of fields in which comments mean nothing: Date and MIME-Version. Programs on a
//! German Windows write the name of the zone that way: `(Mitteleuropäische Zeit)`.

use postseal_protocol::HeaderField;

use crate::mail::cursor::TextCursor;
use crate::mail::date::header::cut_behind_zone;

/// The value without its comments that have raw text. In a date, raw text behind the zone is taken out too.
pub(crate) fn without_raw_text(field: &HeaderField) -> Option<Vec<u8>> {
    let value = without_raw_comments(&field.value)?;
    if value.is_ascii() {
        return Some(value);
    }
    cut_behind_zone(&value).filter(|date| date.is_ascii()).map(<[u8]>::to_vec)
}

fn without_raw_comments(value: &[u8]) -> Option<Vec<u8>> {
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
                }
            }
            Some(_) => out.extend_from_slice(cursor.take_while(|octet| octet != b'(')),
        }
    }
}
