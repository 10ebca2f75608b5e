//! Checks of header section, charsets and structure, and repairs that are certain.
//!
//! [`HeaderChecks`] checks outgoing mail: the header section at end of message, the body while its pieces arrive. A finding
//! of a [`Check`] is logged, counted, and treated as configured: named in a field, repaired, or refused within the SMTP
//! dialogue. The text of a refusal tells the programmer of the sending program how to mend the message. All findings of a
//! message are reported, also those that do not decide about it.
//!
//! Everything is decided at end of message. Replies before the end are waived, so that an MTA sends a message in few
//! writes, and a refusal can name all faults. A message without a finding is not edited; a repair changes only the field
//! that has the fault. The body is kept only if a repair may have to replace it, and only up to a bound.
//!
//! [`HeaderCheckSettings`] is the section of the configuration, [`HeaderCheckSettings::plan`] checks it, `check.rs` has the
//! table of the checks and `docs/header-checks.md` explains them. The filter learns nothing from earlier messages and
//! looks nothing up.

mod advice;
mod author;
mod body;
mod check;
mod encoded_word;
mod field;
mod finding;
mod foreign;
mod from;
mod html;
mod injection;
mod judge;
mod leaf;
mod octets;
mod outcome;
mod parts;
mod plan;
mod repair;
mod reply;
mod rest;
mod section;
mod section_check;
mod settings;
mod smtputf8;
mod value;

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use postseal_protocol::{ActionFlags, Stage, Verdict};

pub use check::{Check, CheckAction};
pub use plan::CheckPlan;
pub use settings::{AuthorSignedPolicy, CheckRule, Exception, HeaderCheckSettings, OrNone};

use crate::connection::{Directions, MtaKind};
use crate::filter::{BodyNeed, Context, Filter, FilterError, FilterSession, Flow, Needs, Steps};
use crate::mail::charset::raw::RawCharset;
use crate::message::{DEFAULT_HEADER_EDITS, Message};
use crate::submitter::Submitter;
use author::AuthorSignatures;
use body::BodyCheck;
use field::FieldSurroundings;
use finding::{CheckFinding, CheckFindings};
use outcome::Treatment;
use plan::Decisions;
use repair::RepairMaterial;
use section::HeaderSection;

/// The filter.
pub struct HeaderChecks {
    shared: Arc<SharedChecks>,
}

struct SharedChecks {
    plan: CheckPlan,
    /// The fields of a message that repairs may change.
    max_edits: usize,
    /// The source of Message-IDs that nobody can guess.
    random: RandomState,
    count: AtomicU64,
}

impl HeaderChecks {
    /// The name in reason codes and metrics.
    pub const NAME: &str = "header_checks";

    /// The checks as planned.
    pub fn new(plan: CheckPlan) -> Self {
        Self::with_max_edits(plan, DEFAULT_HEADER_EDITS)
    }

    /// The checks as planned, with repairs that change so many fields of a message at most.
    pub fn with_max_edits(plan: CheckPlan, max_edits: usize) -> Self {
        let shared = SharedChecks { plan, max_edits, random: RandomState::new(), count: AtomicU64::new(0) };
        Self { shared: Arc::new(shared) }
    }
}

impl Filter for HeaderChecks {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    /// The header section is read before the body, since it describes the body. Nothing is answered before end of message.
    fn needs(&self) -> Needs {
        let plan = &self.shared.plan;
        let mut needs = Needs { directions: Directions::OUTGOING, macros: plan.macros(), ..Needs::default() };
        needs.macros.push((Stage::Connect, "j".to_owned()));
        needs.edits = ActionFlags::ADD_HEADERS | ActionFlags::CHANGE_HEADERS;
        if plan.looks_at_body() {
            needs.sees = Steps::END_OF_HEADERS | Steps::BODY;
            needs.body = BodyNeed::Stream;
        }
        if plan.may_fix_body() {
            needs.edits |= ActionFlags::CHANGE_BODY;
            needs.body = BodyNeed::Buffer { max_octets: plan.body_limit };
        }
        needs
    }

    fn reasons(&self) -> Vec<Cow<'static, str>> {
        let checks = Check::ALL.iter().map(|check| check.as_str());
        let others = [outcome::OVER_LIMIT, outcome::KEPT_FOR_AUTHOR, smtputf8::AUTODETECT, foreign::FOREIGN_FIELD];
        checks.chain(others).map(Cow::Borrowed).collect()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(CheckSession { shared: Arc::clone(&self.shared), body: None })
    }
}

struct CheckSession {
    shared: Arc<SharedChecks>,
    body: Option<BodyCheck>,
}

#[async_trait]
impl FilterSession for CheckSession {
    async fn end_of_headers(&mut self, _: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let section = HeaderSection::of(&message.fields);
        self.body = Some(BodyCheck::new(&section, message.fields.mta(), self.shared.plan.fallback));
        Ok(Verdict::Continue)
    }

    fn body_chunk(&mut self, _: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        let Some(body) = &mut self.body else { return Ok(Flow::Enough) };
        body.push(chunk);
        Ok(Flow::More)
    }

    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let shared = Arc::clone(&self.shared);
        let plan = &shared.plan;
        if let Some(refused) = foreign::remove(plan, cx, message).filter(|_| plan.refuses(cx.connection)) {
            return Ok(refused);
        }
        let decisions = plan.decisions(&Submitter::of(cx), cx.connection);
        let section = HeaderSection::of(&message.fields);
        let body = self.body.take();
        let one_text = body.as_ref().is_some_and(|body| body.one_text);
        let is_identity = body.as_ref().is_some_and(BodyCheck::is_identity);
        let named = body.as_ref().and_then(BodyCheck::charset);
        let findings = findings(message, &section, body, &decisions);
        if findings.list.is_empty() {
            return Ok(Verdict::Continue);
        }
        let raw = RawCharset {
            named: findings.text_charset(named, one_text),
            mixed: findings.not_utf8 && findings.raw_utf8,
            misnamed: findings.misnamed.is_certain(),
            fallback: plan.fallback,
        };
        let material = RepairMaterial {
            section: &section,
            body: message.body(),
            one_text,
            is_identity,
            raw,
            time: cx.clock.unix_seconds(),
            // Sendmail's configuration has a line for the field, and Sendmail writes it as in that line (`H?M?Message-Id`).
            message_id_name: if message.fields.mta() == MtaKind::Sendmail { "Message-Id" } else { "Message-ID" },
            message_id: &|| shared.message_id(cx),
            max_edits: shared.max_edits,
        };
        let author = match plan.author_signed {
            AuthorSignedPolicy::Keep => AuthorSignatures::of(&message.fields, cx.clock.unix_seconds()),
            AuthorSignedPolicy::Repair => AuthorSignatures::default(),
        };
        let outcome = Treatment::of(&findings, &decisions, &material, &author);
        let verdict = outcome.verdict(plan);
        outcome.report(verdict.is_refusal(), cx);
        if !verdict.is_refusal() {
            smtputf8::note_autodetected(message, cx);
            outcome.edit(plan, &author, message);
        }
        Ok(verdict)
    }

    fn reset(&mut self) {
        self.body = None;
    }
}

fn findings(
    message: &Message, section: &HeaderSection<'_>, body: Option<BodyCheck>, decisions: &Decisions,
) -> CheckFindings {
    let mut findings = CheckFindings::default();
    let utf8 = smtputf8::is_asked_for(message);
    let surroundings = FieldSurroundings { utf8, mta: message.fields.mta() };
    for (id, field) in message.fields.iter() {
        field::check(id, field, surroundings, &mut findings);
    }
    section_check::check(section, decisions.of(Check::OversizedHeader).max, &mut findings);
    injection::check_fields(&message.fields, &mut findings);
    let max = decisions.of(Check::ManyRecipients).max;
    if message.envelope.recipients().count() as u64 > max {
        findings.add(CheckFinding::message(Check::ManyRecipients, "too many recipients"));
    } else if section_check::addressees(message.fields.iter().map(|(_, field)| field)) > max {
        findings.add(CheckFinding::message(Check::ManyRecipients, "too many addressees in To and Cc"));
    }
    if let Some(body) = body {
        let mut found = body.finish(section);
        // RFC 6532 section 3 allows raw text in the fields of parts, too.
        found.list.retain(|finding| !(utf8 && finding.is_in_part_header()));
        findings.append(found);
    }
    findings
}

impl SharedChecks {
    /// A Message-ID that no other message has, made of the time, a number that does not repeat, and the name of the MTA.
    fn message_id(&self, cx: &Context<'_>) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let number = self.random.hash_one((count, cx.macros.get("i")));
        let host = cx.macros.get("j").and_then(|host| std::str::from_utf8(host).ok());
        let is_host = |host: &&str| host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-.".contains(&octet));
        let host = host.filter(|host| !host.is_empty()).filter(is_host).unwrap_or("postseal.invalid");
        format!("<{:x}.{number:016x}@{host}>", cx.clock.unix_seconds())
    }
}

#[cfg(test)]
mod tests;
