//! The messages of one connection, held against the limits step by step.
//!
//! The life of a charge:
//!
//! 1. At MAIL the session picks the rules that are for the message. At MAIL and at each RCPT, every rule that can
//!    decide there names a counter and a cost ([`RuleRequest`](super::request::RuleRequest)), and the store is asked
//!    once for all of them.
//! 2. The store charges a cost in the moment in which it admits it. The session writes the charge down
//!    ([`MessageCharges`](super::charges::MessageCharges)).
//! 3. A rule that counts octets is charged the size that the client declares. At end of message the difference to the
//!    real size is charged or given back.
//! 4. If the message is accepted, its charges stay, and leave the counter when their window has passed. If the
//!    message ends in any other way (a refusal, an abort, a lost connection), they are given back.
//!
//! A recipient that the MTA itself has refused is charged for good: that charge is never written down.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use postseal_protocol::{Address, HeaderField, Reply, Verdict};

use super::limited_message::LimitedMessage;
use super::path::recipient_domains;
use super::request::LimitStep;
use super::rule::LimitRule;
use super::size::MessageSize;
use super::{RECIPIENT_ROUTE, RESOLVED_RECIPIENT, SharedLimiter};
use crate::connection::Direction;
use crate::filter::{Context, FilterError, FilterSession, Flow};
use crate::message::{Message, MessageEnd};
use crate::submitter::Submitter;

/// The domains that one recipient may name. More can only be meant to get around limits.
const MAX_RECIPIENT_DOMAINS: usize = 8;

/// The state machine of one connection.
pub(super) struct LimitSession {
    shared: Arc<SharedLimiter>,
    /// The rules for the open message.
    rules: Vec<Arc<LimitRule>>,
    message: LimitedMessage,
}

impl LimitSession {
    pub(super) fn new(shared: Arc<SharedLimiter>) -> Self {
        let message = LimitedMessage::new(Arc::clone(&shared.store));
        Self { shared, rules: Vec::new(), message }
    }

    /// Asks all rules of a step. Their charges are given back unless the message is accepted.
    async fn step(
        &mut self, step: LimitStep, domains: &[String], cx: &mut Context<'_>,
    ) -> Result<Verdict, FilterError> {
        let requests = self.message.requests(&self.rules, step, domains, cx);
        self.message.ask(&self.shared, requests, cx).await
    }

    /// The domains that a recipient counts for; none if no rule counts by them.
    fn recipient_domains(&self, recipient: &Address, resolved: Option<&Bytes>) -> Vec<String> {
        match self.rules.iter().any(|rule| rule.by_recipient()) {
            true => recipient_domains(&recipient.path, resolved.map(|address| &address[..]), MAX_RECIPIENT_DOMAINS),
            false => Vec::new(),
        }
    }
}

#[async_trait]
impl FilterSession for LimitSession {
    async fn mail(&mut self, cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
        self.reset();
        let Some(origin) = cx.direction.and_then(Direction::origin) else { return Ok(Verdict::Continue) };
        let submitter = Submitter::of(cx);
        let rules = self.shared.rules.iter().filter(|rule| rule.is_for(origin, &submitter));
        self.rules.extend(rules.map(Arc::clone));
        self.message.sender = Bytes::copy_from_slice(sender.mailbox());
        self.message.size = MessageSize::at_mail(sender);
        self.step(LimitStep::Mail, &[], cx).await
    }

    async fn rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<Verdict, FilterError> {
        if self.rules.is_empty() {
            return Ok(Verdict::Continue);
        }
        let mut domains = self.recipient_domains(recipient, cx.macros.get(RESOLVED_RECIPIENT));
        if domains.len() > MAX_RECIPIENT_DOMAINS {
            cx.note(RECIPIENT_ROUTE);
            let refuses = |rule: &Arc<LimitRule>| rule.by_recipient() && rule.action.refuses();
            if self.rules.iter().any(refuses) {
                let reply = Reply::new(550, (5, 1, 3), "The recipient address names too many domains");
                return Ok(reply.map_or(Verdict::Reject, Verdict::Reply));
            }
            domains.truncate(MAX_RECIPIENT_DOMAINS);
        }
        self.step(LimitStep::Rcpt, &domains, cx).await
    }

    async fn rejected_rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<(), FilterError> {
        if self.rules.is_empty() {
            return Ok(());
        }
        // Postfix puts the text of its refusal into the macro.
        let mut domains = self.recipient_domains(recipient, None);
        domains.truncate(MAX_RECIPIENT_DOMAINS);
        let requests = self.message.requests(&self.rules, LimitStep::RejectedRcpt, &domains, cx);
        // The charge stays however the message ends. This step has no reply; the next command is refused.
        self.message.decide(&self.shared, &requests, cx).await.map(drop)
    }

    fn header(&mut self, _: &mut Context<'_>, field: &HeaderField) -> Result<Verdict, FilterError> {
        self.message.size.add_field(field);
        Ok(Verdict::Continue)
    }

    fn body_chunk(&mut self, _: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        self.message.size.add(chunk.len());
        Ok(Flow::More)
    }

    async fn end_of_message(&mut self, cx: &mut Context<'_>, message: &mut Message) -> Result<Verdict, FilterError> {
        let verdict = self.message.settle_size(&self.shared, cx).await?;
        if let (Verdict::Continue, Some(reason)) = (&verdict, &self.message.quarantine) {
            message.quarantine(reason.clone());
        }
        Ok(verdict)
    }

    async fn finish(&mut self, _: &mut Context<'_>, _: &Message, end: MessageEnd) {
        match end.is_accepted() {
            true => self.message.charges.keep(),
            false => {
                let all = self.message.charges.all();
                if !all.is_empty() {
                    // The store counts its own failures, and the message has its answer already.
                    let _ = self.shared.store.give_back(all).await;
                }
            }
        }
    }

    fn reset(&mut self) {
        self.rules.clear();
        self.message.reset();
    }
}
