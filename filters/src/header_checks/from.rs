//! The check of the From field: one field, with an address that names the author (RFC 5322 section 3.6.2, RFC 6854).

use super::check::Check;
use super::finding::{CheckFinding, CheckFindings, Spot};
use super::section::HeaderSection;
use crate::mail::address::mailboxes;
use crate::mail::quoted::{QuoteScanner, QuotedRole, QuotingRules};

/// Checks the From field. A missing From is found by [`Check::MissingField`].
pub(super) fn check(section: &HeaderSection<'_>, findings: &mut CheckFindings) {
    let Some(from) = section.first("From") else { return };
    let value = &*from.value;
    let mut add = |at: Option<usize>, what| {
        let spot = at.and_then(|at| Spot::of(value, at));
        findings.add(CheckFinding::field(Check::FromAddress, from, spot, what));
    };
    if section.repeated("From").is_none() {
        add(None, "several From fields");
    }
    match mailboxes(value) {
        Err(error) => add(error.offset(), "no address can be read"),
        Ok(found) if found.is_empty() => add(None, "no address"),
        Ok(found) => {
            if let Some(mailbox) = found.iter().find(|mailbox| mailbox.domain.is_none()) {
                add(Some(mailbox.range.start), "an address without a domain");
            }
            if found.len() > 1 && section.count("Sender") == 0 {
                add(None, "several addresses, and no Sender field");
            }
        }
    }
    if let Some(at) = group(value) {
        add(Some(at), "a group instead of an address");
    }
}

/// The place of the colon behind a group's name: outside of quotes, comments, angle brackets and domain literals.
fn group(value: &[u8]) -> Option<usize> {
    let mut scanner = QuoteScanner::new(QuotingRules::GroupNames);
    value.iter().position(|octet| scanner.step(*octet) == QuotedRole::Open && *octet == b':')
}

#[cfg(test)]
mod tests;
