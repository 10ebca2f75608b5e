//! Turns raw 8-bit text into encoded-words (RFC 2047), in text for people and in display names only.
//!
//! Words with 8-bit text are encoded, and the white space between two such words; everything else stays as it is, to the
//! octet. The charset is UTF-8. A character is never cut, an encoded-word has at most 75 characters, and its line at most
//! 76. Decoding the result gives the text that was there before. In an address field the addresses must be the same before and
//! after, or the field is not changed.

use std::borrow::Cow;

use encoding_rs::ISO_2022_JP;
use encoding_rs::mem::decode_latin1;
use postseal_protocol::HeaderField;

use super::{NOT_CERTAIN, UNKNOWN_CHARSET};
use crate::mail::address::{Mailbox, mailboxes};
use crate::mail::charset::raw::{RawCharset, is_text};
use crate::mail::cursor::TextCursor;
use crate::mail::encoded_word::misnamed::misnamed;
use crate::mail::encoded_word::write::{EncodedWordWriter, SpacedWord, WordSurroundings};
use crate::mail::encoded_word::{EncodedWord, has_half_word, words as words_of};
use crate::mail::field_kind::{FieldKind, is_control};
use crate::mail::fold::MAX_VALUE_OCTETS;
use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};

/// The value with its 8-bit text encoded.
///
/// # Errors
/// The reason why no new value is certain to be right.
pub(crate) fn encoded(field: &HeaderField, raw: &RawCharset) -> Result<Vec<u8>, &'static str> {
    // Hidden in an encoded-word, a control character would be an attack.
    if field.value.iter().any(|octet| is_control(*octet)) || has_half_word(&field.value) {
        return Err(NOT_CERTAIN);
    }
    match raw.read(&field.value) {
        Some(text) => encoded_text(field, &text).ok_or(NOT_CERTAIN),
        None if std::str::from_utf8(&field.value).is_ok_and(|text| !is_text(text)) => Err(NOT_CERTAIN),
        // If the field could be repaired with any text in place of this one, only the charset is missing.
        None => Err(encoded_text(field, &decode_latin1(&field.value)).map_or(NOT_CERTAIN, |_| UNKNOWN_CHARSET)),
    }
}

/// The value with raw ISO-2022-JP encoded, which is text between escape sequences (RFC 1468). `None` if the value has other
/// control characters, or is not in that charset to the octet.
pub(crate) fn from_jis(field: &HeaderField) -> Option<Vec<u8>> {
    if field.value.iter().any(|octet| is_control(*octet) && *octet != 0x1b) || has_half_word(&field.value) {
        return None;
    }
    let text = ISO_2022_JP.decode_without_bom_handling_and_without_replacement(&field.value)?;
    let decoded = HeaderField::new(field.name.clone(), text.to_string());
    let is_jis = !text.is_ascii() && !decoded.value.iter().any(|octet| is_control(*octet));
    encoded_text(&decoded, &text).filter(|_| is_jis)
}

/// The value without the line ends at the end of encoded-words that no text follows; empty if there is nothing else.
/// `None` if another word hides a control character.
pub(crate) fn without_line_end(field: &HeaderField) -> Option<Vec<u8>> {
    let value = &*field.value;
    let in_address_list = FieldKind::of(field) == FieldKind::Address;
    let has_raw_text = value.iter().any(|octet| !octet.is_ascii() || *octet == 0x1b);
    let (mut out, mut done) = (Vec::with_capacity(value.len()), 0);
    for word in words_of(value).filter(EncodedWord::hides_control) {
        let new = word.without_line_end()?;
        // Raw text beside a word is not encoded, and would be if the word were gone.
        let hides_raw_text = has_raw_text && (word.is_glued(value) || new.is_empty());
        if hides_raw_text || !word.ends_text(value, in_address_list) {
            return None;
        }
        let before = value.get(done..word.start)?;
        let before = if new.is_empty() { without_white_space(before) } else { before };
        out.extend_from_slice(before);
        out.extend_from_slice(&new);
        done = word.start + word.length;
    }
    out.extend_from_slice(without_white_space(value.get(done..)?));
    if in_address_list {
        return mailboxes(&out).is_ok_and(|found| !found.is_empty()).then_some(out);
    }
    Some(out)
}

/// The text without the white space that it ends with. A form feed is no white space in a field.
fn without_white_space(mut text: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t' | b'\n'] = text {
        text = rest;
    }
    text
}

/// The value with the right charset named for encoded-words that are UTF-8.
///
/// # Errors
/// The reason why no new value is certain to be right.
pub(crate) fn renamed(field: &HeaderField, raw: &RawCharset) -> Result<Vec<u8>, &'static str> {
    with_new_names(field, raw.misnamed).ok_or(NOT_CERTAIN)
}

fn with_new_names(field: &HeaderField, others: bool) -> Option<Vec<u8>> {
    let value = std::str::from_utf8(&field.value).ok()?;
    let mut writer = EncodedWordWriter::new(field.name.len() + 1, value.len());
    let mut quotes = QuoteScanner::new(QuotingRules::QuotedStrings);
    let (mut done, mut scanned) = (0, 0);
    let unstructured = FieldKind::of(field) == FieldKind::Unstructured;
    for words in misnamed(&field.value) {
        value.get(scanned..words.start)?.chars().for_each(|c| {
            quotes.step(c);
        });
        scanned = words.start;
        // In quotes no word is decoded, and no line may be folded.
        let Some(text) = words.text(others).filter(|_| unstructured || !quotes.in_quotes()) else { continue };
        let before = value.get(done..words.start)?;
        let (plain, space) = before.split_at(before.trim_end_matches(is_space).len());
        writer.verbatim(plain);
        writer.encode(space, text);
        done = words.end;
    }
    if done == 0 {
        return None;
    }
    writer.verbatim(value.get(done..)?);
    let out = writer.into_octets();
    let same = FieldKind::of(field) != FieldKind::Address || same_addresses(&field.value, &out);
    (same && out.len() <= MAX_VALUE_OCTETS && out.is_ascii()).then_some(out)
}

fn encoded_text(field: &HeaderField, text: &str) -> Option<Vec<u8>> {
    let mut writer = EncodedWordWriter::new(field.name.len() + 1, text.len());
    // The name of a list is written like the name of a mailbox (RFC 2919 section 3).
    let kind = if field.is("List-Id") { FieldKind::Address } else { FieldKind::of(field) };
    match kind {
        FieldKind::Unstructured => writer.tokens(&words(text), WordSurroundings::Value)?,
        FieldKind::Address => addresses(text, &mut writer)?,
        FieldKind::Structured | FieldKind::Trace => return None,
    }
    let out = writer.into_octets();
    if kind == FieldKind::Address && !same_addresses(&field.value, &out) {
        return None;
    }
    (out.len() <= MAX_VALUE_OCTETS && out.is_ascii()).then_some(out)
}

fn words(text: &str) -> Vec<SpacedWord<'_>> {
    let plain = |space, raw| SpacedWord { space, raw, text: Cow::Borrowed(raw) };
    tokens(text, |rest| rest.find(is_space).unwrap_or(rest.len()), plain)
}

/// The words of a phrase. White space in quotes does not end a word.
///
/// ```text
/// phrase  = 1*word / obs-phrase         ; RFC 5322 section 3.2.5
/// word    = atom / quoted-string
/// ```
fn phrase(text: &str) -> Vec<SpacedWord<'_>> {
    tokens(text, end_of_word, |space, raw| SpacedWord { space, raw, text: unquoted(raw) })
}

fn tokens<'a>(
    text: &'a str, end: impl Fn(&str) -> usize, make: impl Fn(&'a str, &'a str) -> SpacedWord<'a>,
) -> Vec<SpacedWord<'a>> {
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (space, tail) = rest.split_at(rest.find(|c| !is_space(c)).unwrap_or(rest.len()));
        let (raw, tail) = tail.split_at(end(tail));
        out.push(make(space, raw));
        rest = tail;
    }
    out
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn end_of_word(text: &str) -> usize {
    let mut scanner = QuoteScanner::new(QuotingRules::QuotedStrings);
    text.find(|c| scanner.step(c) == QuotedRole::Open && is_space(c)).unwrap_or(text.len())
}

fn unquoted(raw: &str) -> Cow<'_, str> {
    if !raw.contains(['"', '\n']) {
        return Cow::Borrowed(raw);
    }
    let mut scanner = QuoteScanner::new(QuotingRules::QuotedStrings);
    let is_content = |c: &char| match scanner.step(*c) {
        QuotedRole::Mark => false,
        QuotedRole::Escaped => true,
        QuotedRole::Open | QuotedRole::Hidden => !matches!(c, '\n' | '\r'),
    };
    Cow::Owned(raw.chars().filter(is_content).collect())
}

/// Encodes the display names, the names of groups, and the comments of a list of addresses.
///
/// ```text
/// mailbox  = ([display-name] [CFWS] "<" addr-spec ">" [CFWS]) / addr-spec      ; RFC 5322 section 3.4
/// group    = display-name ":" [group-list] ";" [CFWS]
/// ```
fn addresses(text: &str, writer: &mut EncodedWordWriter) -> Option<()> {
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, end) = piece(rest)?;
        let (before, tail) = rest.split_at(end);
        match piece {
            AddressListPiece::Phrase => writer.tokens(&phrase(before), WordSurroundings::Phrase)?,
            AddressListPiece::Comment => {
                let inside = before.strip_prefix('(')?.strip_suffix(')')?;
                // Comments may nest, and have quoted pairs.
                if !inside.is_ascii() && inside.contains(['(', ')', '\\']) {
                    return None;
                }
                writer.verbatim("(");
                writer.tokens(&words(inside), WordSurroundings::Comment)?;
                writer.verbatim(")");
            }
            AddressListPiece::Rest if before.is_ascii() => writer.address(before),
            AddressListPiece::Rest => return None,
        }
        rest = tail;
    }
    Some(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AddressListPiece {
    /// The text in front of a `<`, or of the `:` of a group.
    Phrase,
    Comment,
    /// Addresses, and the text between them.
    Rest,
}

/// The piece that a list of addresses begins with, and the end of that piece.
fn piece(text: &str) -> Option<(AddressListPiece, usize)> {
    match text.chars().next()? {
        '(' => return Some((AddressListPiece::Comment, end_of_comment(text)?)),
        '<' => return Some((AddressListPiece::Rest, text.find('>')? + 1)),
        ',' | ';' | ':' => return Some((AddressListPiece::Rest, 1)),
        _ => {}
    }
    let mut scanner = QuoteScanner::new(QuotingRules::QuotedStrings);
    for (at, c) in text.char_indices() {
        match c {
            _ if scanner.step(c) != QuotedRole::Open => {}
            '<' | ':' => return Some((AddressListPiece::Phrase, at)),
            ',' | ';' => return Some((AddressListPiece::Rest, at)),
            // A comment follows either a phrase or an address without a display name.
            '(' => {
                let (before, _) = text.split_at(at);
                let piece = if before.contains('@') { AddressListPiece::Rest } else { AddressListPiece::Phrase };
                return Some((piece, at));
            }
            _ => {}
        }
    }
    (!scanner.in_quotes()).then_some((AddressListPiece::Rest, text.len()))
}

fn end_of_comment(text: &str) -> Option<usize> {
    let mut cursor = TextCursor::new(text.as_bytes());
    cursor.comment().map(|()| cursor.at())
}

fn same_addresses(before: &[u8], after: &[u8]) -> bool {
    let same = |(one, other): (&Mailbox, &Mailbox)| one.local == other.local && one.domain == other.domain;
    match (mailboxes(before), mailboxes(after)) {
        (Ok(before), Ok(after)) => before.len() == after.len() && before.iter().zip(&after).all(same),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
