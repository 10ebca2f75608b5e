//! Whether the signatures and the reverse-path of a message are aligned with From (RFC 7489 section 3.1).
//!
//! [`AlignmentFilter`] stands behind the signer and looks at the message as it will leave. In relaxed mode, two
//! domains are aligned if they have the same organizational domain; in strict mode, if they are the same.
//! Organizational domains come from the Public Suffix List, which is compiled in. The filter asks no DNS, so it knows
//! neither the DMARC record of the domain nor whether SPF will pass. A null reverse-path is aligned with nothing:
//! receivers then look at the HELO name, which is the MTA's.

use std::borrow::Cow;

use async_trait::async_trait;
use postseal_protocol::{Address, Verdict};

use super::reason::Code;
use crate::connection::Directions;
use crate::filter::{Context, Filter, FilterError, FilterSession, Needs};
use crate::mail::address::{AddrSpec, mailboxes, organizational_domain};
use crate::message::Message;
use crate::refusal::refusal;
use crate::refuse_on::RefuseOn;
use crate::report::{Alignment, AlignmentMode};

/// The addresses in all From fields that are looked at. A message with more is aligned with nothing.
const MAX_FROM_ADDRESSES: usize = 1000;

/// The check before a message leaves.
pub struct AlignmentFilter {
    /// The roles of listeners on which messages that are not aligned are refused; `None` if no message is.
    pub require_on: Option<RefuseOn>,
}

impl AlignmentFilter {
    /// The name in reason codes and metrics.
    pub const NAME: &str = "alignment";
}

impl Filter for AlignmentFilter {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn needs(&self) -> Needs {
        Needs { directions: Directions::OUTGOING, ..Needs::default() }
    }

    fn reasons(&self) -> Vec<Cow<'static, str>> {
        Code::ALIGNMENT.map(|code| code.as_str().into()).to_vec()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(AlignmentSession { require_on: self.require_on.clone() })
    }
}

struct AlignmentSession {
    require_on: Option<RefuseOn>,
}

#[async_trait]
impl FilterSession for AlignmentSession {
    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        // Sendmail adds a missing From, with the reverse-path in it, after all filters.
        let Some(from) = from_domains(message) else { return Ok(Verdict::Continue) };
        let signatures: Vec<_> = cx.report.signatures.iter().map(|note| note.domain.to_string()).collect();
        let envelope = envelope_domain(message);
        let alignment = Alignment {
            dkim: weakest(&from, |from| best(from, &signatures)),
            envelope: weakest(&from, |from| best(from, envelope.as_slice())),
        };
        cx.report.alignment = Some(alignment);
        if alignment.dkim.is_some() {
            return Ok(Verdict::Continue);
        }
        if alignment.envelope.is_some() {
            cx.note(Code::EnvelopeOnly.as_str());
            return Ok(Verdict::Continue);
        }
        let from = from.first().cloned().unwrap_or_default();
        let detail = format!("neither a signature nor the reverse-path is aligned with the From domain `{from}`");
        cx.note_with(Code::NotAligned.as_str(), detail);
        // A bounce is never refused: it would be lost.
        let required = self.require_on.as_ref().is_some_and(|roles| roles.includes(cx.connection));
        if required && !message.envelope.sender().is_none_or(Address::is_null) {
            let text =
                format!("Mail from {from} would fail DMARC: it is neither signed for that domain nor sent from it");
            return Ok(refusal(&text));
        }
        Ok(Verdict::Continue)
    }

    fn reset(&mut self) {}
}

/// The best alignment of a From domain with one of the other domains.
fn best(from: &str, others: &[String]) -> Option<AlignmentMode> {
    let relaxed = |other: &String| organizational_domain(other) == organizational_domain(from);
    if others.iter().any(|other| other == from) {
        Some(AlignmentMode::Strict)
    } else {
        others.iter().any(relaxed).then_some(AlignmentMode::Relaxed)
    }
}

/// The alignment that all From domains have.
fn weakest(from: &[String], fits: impl Fn(&str) -> Option<AlignmentMode>) -> Option<AlignmentMode> {
    let all: Option<Vec<_>> = from.iter().map(|from| fits(from)).collect();
    all?.into_iter().min()
}

/// The domains in From, each once. The list is empty if From can't be read or an address in it has no domain; `None`
/// means that there is no From field.
fn from_domains(message: &Message) -> Option<Vec<String>> {
    let is_from = |name: &[u8]| name.trim_ascii_end().eq_ignore_ascii_case(b"From");
    let mut fields = message.fields.iter().filter(|(_, field)| is_from(&field.name)).peekable();
    fields.peek()?;
    let mut domains = Vec::new();
    let mut left = MAX_FROM_ADDRESSES;
    for (_, field) in fields {
        let Ok(found) = mailboxes(&field.value) else { return Some(Vec::new()) };
        let Some(rest) = left.checked_sub(found.len().max(1)) else { return Some(Vec::new()) };
        left = rest;
        for mailbox in found {
            let Some(domain) = mailbox.domain else { return Some(Vec::new()) };
            domains.push(domain);
        }
        domains.sort_unstable();
        domains.dedup();
    }
    Some(domains)
}

fn envelope_domain(message: &Message) -> Option<String> {
    let sender = message.envelope.sender()?;
    AddrSpec::alone(sender.mailbox())?.domain
}

#[cfg(test)]
mod tests;
