//! The check of fields that programs read: addresses, dates, identifiers (RFC 5322 sections 3.3, 3.4 and 3.6.4).
//!
//! From has a check of its own. References and In-Reply-To name the messages of others, so only empty ones are found.

use postseal_protocol::HeaderField;

use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Repair, Spot};
use super::repair::comments::without_raw_comments;
use super::repair::rfc2047;
use crate::mail::address::{AddressError, Mailbox, mailboxes};
use crate::mail::charset::raw::RawCharset;
use crate::mail::date::{header as date, words};
use crate::mail::message_id;
use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};
use crate::message::FieldId;

const FIELDS: [(&str, ReadAs); 22] = [
    ("To", ReadAs::Addresses),
    ("Cc", ReadAs::Addresses),
    ("Bcc", ReadAs::BlindCopies),
    ("Reply-To", ReadAs::Addresses),
    ("Sender", ReadAs::Address),
    ("Resent-From", ReadAs::Addresses),
    ("Resent-To", ReadAs::Addresses),
    ("Resent-Cc", ReadAs::Addresses),
    ("Resent-Bcc", ReadAs::BlindCopies),
    ("Resent-Sender", ReadAs::Address),
    ("Resent-Reply-To", ReadAs::Addresses),
    ("Disposition-Notification-To", ReadAs::Addresses),
    ("Return-Receipt-To", ReadAs::Addresses),
    ("Errors-To", ReadAs::Addresses),
    ("Mail-Followup-To", ReadAs::Addresses),
    ("Mail-Reply-To", ReadAs::Addresses),
    ("In-Reply-To", ReadAs::Others),
    ("References", ReadAs::Others),
    ("Date", ReadAs::Date),
    ("Resent-Date", ReadAs::Date),
    ("Message-ID", ReadAs::MessageId),
    ("Resent-Message-ID", ReadAs::MessageId),
];

/// The meaning of a field for the programs that read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadAs {
    Addresses,
    /// One address.
    Address,
    /// Addresses; the field may be empty (RFC 5322 section 3.6.3).
    BlindCopies,
    Date,
    MessageId,
    /// Identifiers of other messages.
    Others,
}

/// Checks the value of a field.
pub(super) fn check(id: FieldId, field: &HeaderField, findings: &mut CheckFindings) {
    let Some((_, kind)) = FIELDS.iter().find(|(name, _)| field.is(name)) else { return };
    let value = &*field.value;
    let at = |at: usize| Spot::near(value, at);
    let is_addresses = matches!(kind, ReadAs::Addresses | ReadAs::Address);
    let is_void = |octet: &u8| octet.is_ascii_whitespace() || (is_addresses && b",;<>".contains(octet));
    if value.iter().all(is_void) {
        empty(id, field, *kind, findings);
        return;
    }
    match kind {
        ReadAs::Others => {}
        ReadAs::Addresses | ReadAs::Address | ReadAs::BlindCopies => {
            if let Some((offset, what)) = address_fault(value, *kind) {
                let finding = CheckFinding::field(Check::AddressSyntax, field, at(offset), what);
                findings.add(finding.repair(Repair::Value(id, field.clone(), separated)));
            }
        }
        ReadAs::Date => {
            if let Some((offset, what)) = date::fault(value) {
                let finding = CheckFinding::field(Check::DateSyntax, field, at(offset), what);
                findings.add(finding.repair(Repair::Value(id, field.clone(), rewritten_date)));
            }
        }
        ReadAs::MessageId => {
            if let Some((offset, what)) = message_id::fault(value) {
                findings.add(CheckFinding::field(Check::MessageIdSyntax, field, at(offset), what));
            }
        }
    }
}

fn empty(id: FieldId, field: &HeaderField, kind: ReadAs, findings: &mut CheckFindings) {
    let (check, repair) = match kind {
        ReadAs::BlindCopies => return,
        ReadAs::Date => (Check::DateSyntax, Repair::Date(Some(id))),
        ReadAs::MessageId => (Check::MessageIdSyntax, Repair::MessageId(Some(id))),
        ReadAs::Addresses | ReadAs::Address | ReadAs::Others => (Check::EmptyField, Repair::Remove(id)),
    };
    let is_resent = field.name.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"Resent-"));
    let finding = CheckFinding::field(check, field, None, "an empty field");
    // The message was resent at a time that nobody knows.
    let certain = !is_resent || check == Check::EmptyField;
    findings.add(if certain { finding.repair(repair) } else { finding });
}

fn rewritten_date(field: &HeaderField) -> Option<Vec<u8>> {
    let value = &*without_raw_comments(&field.value)?;
    if date::fault(value).is_none() {
        return Some(value.to_vec());
    }
    let cut = || date::cut_behind_zone(value).filter(|date| date.is_ascii()).map(<[u8]>::to_vec);
    let written = |date: String| format!(" {date}").into_bytes();
    let iso = date::from_iso(value).map(written);
    iso.or_else(cut).or_else(|| words::from_words(value).map(written))
}

/// The first fault of a value that has something in it: the octet, and a few words.
fn address_fault(value: &[u8], kind: ReadAs) -> Option<(usize, &'static str)> {
    let found = match mailboxes(value) {
        Ok(found) => found,
        // Raw octets in an address are found by another check, and so are very many addresses.
        Err(AddressError::Encoding(_) | AddressError::TooMany) => return None,
        Err(error) => return Some((error.offset().unwrap_or_default(), "no address can be read")),
    };
    if let Some(at) = open_group(value) {
        return Some((at, "a group without its semicolon"));
    }
    if found.is_empty() && !value.contains(&b':') {
        return Some((0, "no address"));
    }
    if kind == ReadAs::Address && found.len() > 1 {
        return Some((0, "several addresses"));
    }
    let is_encoded = |mailbox: &&Mailbox| mailbox.domain.is_none() && mailbox.local.starts_with("=?");
    if let Some(mailbox) = found.iter().find(is_encoded) {
        return Some((mailbox.range.start, "an encoded-word in place of an address"));
    }
    let loose_dot = found.iter().find(|mailbox| has_loose_dot(value, mailbox));
    if let Some(mailbox) = loose_dot {
        return Some((mailbox.range.start, "an address with a dot too many before its @"));
    }
    let in_name = found.windows(2).find_map(|pair| match pair {
        [name, next] if name.domain.is_none() && next.domain.is_some() => Some(name.range.start),
        _ => None,
    });
    in_name.map(|at| (at, "a name and a comma where an address belongs"))
}

/// True for a local part without quotes that has a dot at an end, or two in a row (RFC 5322 section 3.2.3).
fn has_loose_dot(value: &[u8], mailbox: &Mailbox) -> bool {
    let is_quoted = value.get(mailbox.range.start) == Some(&b'"');
    let Mailbox { local, .. } = mailbox;
    !is_quoted && (local.starts_with('.') || local.ends_with('.') || local.contains(".."))
}

/// The value with the semicolon that ends its group, if the group is empty, or with commas instead of semicolons between
/// addresses outside of groups. `None` if that is not all.
fn separated(field: &HeaderField) -> Option<Vec<u8>> {
    let mut value = field.value.trim_ascii_end().to_vec();
    let mut scanner = QuoteScanner::new(QuotingRules::GroupNames);
    let mut has_group = false;
    for octet in &mut value {
        match (scanner.step(*octet), *octet) {
            (QuotedRole::Open, b':') => has_group = true,
            (QuotedRole::Open, b';') if !has_group => *octet = b',',
            _ => {}
        }
    }
    if has_group && mailboxes(&value).is_ok_and(|found| found.is_empty()) {
        value.push(b';');
    }
    let has_domains = mailboxes(&value).is_ok_and(|found| found.iter().all(|mailbox| mailbox.domain.is_some()));
    let kind = if field.is("Sender") || field.is("Resent-Sender") { ReadAs::Address } else { ReadAs::Addresses };
    (has_domains && address_fault(&value, kind).is_none()).then_some(value)
}

/// The value with its raw text encoded. An address list that nobody could read for its raw octets is looked at again then:
/// it may have faults of form, too, and is mended as a whole.
pub(super) fn encoded(field: &HeaderField, raw: &RawCharset) -> Result<Vec<u8>, &'static str> {
    let encoded = rfc2047::encoded(field, raw)?;
    let is_addresses = |kind: &ReadAs| matches!(kind, ReadAs::Addresses | ReadAs::Address | ReadAs::BlindCopies);
    let kind = FIELDS.iter().find(|(name, kind)| field.is(name) && is_addresses(kind)).map(|(_, kind)| *kind);
    if !kind.is_some_and(|kind| address_fault(&field.value, kind).is_none() && address_fault(&encoded, kind).is_some())
    {
        return Ok(encoded);
    }
    let written = HeaderField::new(field.name.clone(), encoded);
    Ok(separated(&written).unwrap_or_else(|| written.value.to_vec()))
}

/// The place of the colon behind the name of a group that does not end.
fn open_group(value: &[u8]) -> Option<usize> {
    if !value.contains(&b':') {
        return None;
    }
    let mut scanner = QuoteScanner::new(QuotingRules::GroupNames);
    let mut open = None;
    for (at, octet) in value.iter().enumerate() {
        match (scanner.step(*octet), octet) {
            (QuotedRole::Open, b':') => open = Some(at),
            (QuotedRole::Open, b';') => open = None,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests;
