//! Checks of header section, charsets and structure, and repairs that are certain.
//!
//! [`HeaderChecks`] looks at mail that is ours: the header section at end of message, the body as it streams by. What
//! each [`Check`] finds is logged, counted, and treated as configured: told in a field, repaired, or refused within the
//! SMTP dialogue with a text that tells the programmer of the sending program what to do. All findings of a message are
//! told, whichever of them decides.
//!
//! Everything is decided at end of message: the replies before it are waived, so that an MTA sends a message in few
//! writes, and a refusal names all that is wrong. A message without a finding is not edited at all; a repair touches the
//! field at issue and no other. The body is kept only where a repair may have to replace it, up to a limit.
//!
//! [`Settings`] is the section of the configuration, [`Settings::plan`] checks it. `header_checks/README.md` lists the
//! checks. Nothing is learnt from earlier messages, and nothing is looked up.

mod base64;
mod body;
mod charset;
mod check;
mod encoded_word;
mod field;
mod finding;
mod fold;
mod from;
mod injection;
mod judge;
mod leaf;
mod mime;
mod octets;
mod outcome;
mod parts;
mod plan;
mod quoted_printable;
mod repair;
mod reply;
mod rfc2047;
mod rfc2231;
mod section;
mod settings;
mod words;

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use postseal_protocol::{ActionFlags, Stage, Verdict};

pub use check::{Action, Check};
pub use plan::{Plan, SettingsError};
pub use settings::{Exception, OrNone, Rule, Settings};

use crate::connection::Role;
use crate::filter::{BodyNeed, Context, Filter, FilterError, FilterSession, Flow, Needs, Steps};
use crate::message::Message;
use crate::submitter::Submitter;
use body::BodyCheck;
use charset::Charset;
use finding::{Finding, Findings};
use outcome::Outcome;
use plan::Decisions;
use repair::Material;
use section::Section;

/// The filter.
pub struct HeaderChecks {
    shared: Arc<Shared>,
    role: Role,
}

struct Shared {
    plan: Plan,
    /// Makes Message-IDs that nobody can guess.
    random: RandomState,
    count: AtomicU64,
}

impl HeaderChecks {
    /// The checks as planned.
    pub fn new(plan: Plan) -> Self {
        let shared = Shared { plan, random: RandomState::new(), count: AtomicU64::new(0) };
        Self { shared: Arc::new(shared), role: Role::Submission }
    }

    /// The same for a listener of this role: mail from elsewhere is not looked at.
    #[must_use]
    pub fn for_role(&self, role: Role) -> Self {
        Self { shared: Arc::clone(&self.shared), role }
    }
}

impl Filter for HeaderChecks {
    fn name(&self) -> &'static str {
        "header_checks"
    }

    /// The header section is looked at before the body, since it says what the body is. Nothing is answered before end
    /// of message.
    fn needs(&self) -> Needs {
        let plan = &self.shared.plan;
        let mut needs = Needs { macros: plan.macros(), ..Needs::default() };
        if self.role == Role::Mx {
            return Needs::default();
        }
        needs.macros.push((Stage::Connect, "j".to_owned()));
        needs.edits = ActionFlags::ADD_HEADERS | ActionFlags::CHANGE_HEADERS;
        if plan.looks_at_body() {
            needs.sees = Steps::END_OF_HEADERS | Steps::BODY;
            needs.body = BodyNeed::Stream;
        }
        if plan.may_fix_body() {
            needs.edits |= ActionFlags::CHANGE_BODY;
            needs.body = BodyNeed::Buffer { limit: plan.body_limit };
        }
        needs
    }

    fn reasons(&self) -> Vec<Cow<'static, str>> {
        let checks = Check::ALL.iter().map(|check| check.as_str());
        checks.chain([outcome::OVER_LIMIT]).map(Cow::Borrowed).collect()
    }

    fn start(&self) -> Box<dyn FilterSession> {
        Box::new(Session { shared: Arc::clone(&self.shared), body: None })
    }
}

struct Session {
    shared: Arc<Shared>,
    body: Option<BodyCheck>,
}

#[async_trait]
impl FilterSession for Session {
    async fn end_of_headers(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Message,
    ) -> Result<Verdict, FilterError> {
        self.body = cx.origin.is_some().then(|| BodyCheck::new(&Section::of(&message.fields)));
        Ok(Verdict::Continue)
    }

    fn body_chunk(&mut self, _: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        let Some(body) = &mut self.body else { return Ok(Flow::Enough) };
        body.push(chunk);
        Ok(Flow::More)
    }

    async fn end_of_message(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Message,
    ) -> Result<Verdict, FilterError> {
        if cx.origin.is_none() {
            return Ok(Verdict::Continue);
        }
        let shared = Arc::clone(&self.shared);
        let plan = &shared.plan;
        let decisions = plan.decisions(&Submitter::of(cx), cx.connection);
        let section = Section::of(&message.fields);
        let body = self.body.take();
        let one_text = body.as_ref().is_some_and(|body| body.one_text);
        let is_identity = body.as_ref().is_some_and(|body| body.is_identity);
        let named = body.as_ref().and_then(BodyCheck::charset);
        let findings = findings(message, &section, body, &decisions);
        if findings.list.is_empty() {
            return Ok(Verdict::Continue);
        }
        // A name that the text has shown to be wrong says nothing about the header section either.
        let charset = if one_text && findings.tell_of_utf8() { Some(Charset::Utf8) } else { named };
        let material = Material {
            section: &section,
            body: message.body(),
            one_text,
            is_identity,
            charset,
            time: cx.clock.unix_seconds(),
            message_id: &|| shared.message_id(cx),
        };
        let outcome = Outcome::of(&findings, &decisions, &material);
        let verdict = outcome.verdict(plan);
        outcome.report(verdict.is_refusal(), cx);
        if !verdict.is_refusal() {
            outcome.edit(plan, message);
        }
        Ok(verdict)
    }

    fn reset(&mut self) {
        self.body = None;
    }
}

/// Everything found in a message.
fn findings(
    message: &Message,
    section: &Section<'_>,
    body: Option<BodyCheck>,
    decisions: &Decisions,
) -> Findings {
    let mut findings = Findings::default();
    let utf8 = message.envelope.received_sender().is_some_and(|sender| {
        sender.arguments.iter().any(|argument| argument.eq_ignore_ascii_case(b"SMTPUTF8"))
    });
    for (id, field) in message.fields.iter() {
        field::check(id, field, utf8, &mut findings);
    }
    section.check(decisions.of(Check::OversizedHeader).max, &mut findings);
    injection::check_fields(&message.fields, &mut findings);
    let most = decisions.of(Check::ManyRecipients).max;
    if message.envelope.recipients().count() as u64 > most {
        findings.add(Finding::message(Check::ManyRecipients, "too many recipients"));
    } else if section::addressees(message.fields.iter().map(|(_, field)| field)) > most {
        findings.add(Finding::message(Check::ManyRecipients, "too many addressees in To and Cc"));
    }
    if let Some(body) = body {
        findings.list.extend(body.finish(section).list);
    }
    findings
}

impl Shared {
    /// A Message-ID that no other message has: time, a number that is never the same, and the name of the MTA.
    fn message_id(&self, cx: &Context<'_>) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let number = self.random.hash_one((count, cx.macros.get("i")));
        let host = cx.macros.get("j").and_then(|host| std::str::from_utf8(host).ok());
        let is_host =
            |host: &&str| host.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-.".contains(&octet));
        let host = host.filter(|host| !host.is_empty()).filter(is_host).unwrap_or("postseal.invalid");
        format!("<{:x}.{number:016x}@{host}>", cx.clock.unix_seconds())
    }
}

#[cfg(test)]
mod tests;
