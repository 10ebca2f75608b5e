//! The decision of a rule: the store's answer to the rule's question, and how each reader is told of it.

use std::sync::Arc;
use std::time::Duration;

use postseal_protocol::Verdict;

use super::reply::{ReplyText, wait};
use super::request::RuleRequest;
use super::{Breach, DecidedRule, LimitWatcher, RuleDecision};
use crate::filter::Context;
use crate::store::{Admission, Standing};
use crate::submitter::Submitter;

/// A question and its answer.
#[derive(Clone, Copy)]
pub(super) struct Decision<'a> {
    pub(super) request: &'a RuleRequest<'a>,
    pub(super) admission: &'a Admission,
}

impl Decision<'_> {
    pub(super) fn outcome(&self) -> RuleDecision {
        match self.admission.verdict {
            Standing::Within => RuleDecision::Pass,
            Standing::Over => RuleDecision::Over(self.request.rule.action),
            Standing::Blocked => RuleDecision::Blocked,
        }
    }

    /// Tells the watcher of the decision.
    pub(super) fn show(&self, watcher: &dyn LimitWatcher) {
        let Self { request, admission } = self;
        let Some(limit) = request.rates.limits().get(admission.limit) else { return };
        watcher.decided(&DecidedRule {
            rule: &request.rule.name,
            counter: &request.counter,
            outcome: self.outcome(),
            limit: *limit,
            used: admission.used.saturating_add(if admission.charged { request.cost } else { 0 }),
            wait: admission.wait,
        });
    }

    /// The detail of the reason in the report.
    pub(super) fn detail(&self) -> String {
        let again = match self.admission.wait {
            None => "never".into(),
            some => wait(some),
        };
        format!("{}: {}, free {again}", self.request.counter, self.cause())
    }

    /// Why the message is put on hold.
    pub(super) fn quarantine_reason(&self) -> String {
        format!("rate limit {}: {}", self.request.rule.name, self.cause())
    }

    pub(super) fn breach(&self, sender: &[u8], cx: &Context<'_>) -> Breach {
        let submitter = Submitter::of(cx);
        let rule = self.request.rule;
        Breach {
            rule: Arc::clone(&rule.name),
            key: self.request.counter.clone(),
            count: rule.count,
            limit: self.limit().to_owned(),
            used: self.admission.used,
            action: rule.action,
            block: (rule.block > 0).then(|| Duration::from_millis(rule.block)),
            listener: Arc::clone(&cx.connection.listener),
            client: submitter.client,
            user: submitter.user.map(|user| String::from_utf8_lossy(user).into_owned()),
            sender: String::from_utf8_lossy(sender).into_owned(),
        }
    }

    /// The reply to the client; Continue if the rule's action does not refuse.
    pub(super) fn verdict(&self) -> Verdict {
        let Self { request, admission } = self;
        let rule = request.rule;
        if !rule.action.refuses() {
            return Verdict::Continue;
        }
        let never = self.is_over() && admission.wait.is_none();
        let text = ReplyText {
            rule: &rule.name,
            key: request.counter.split_once(':').map_or("", |(_, values)| values),
            limit: self.limit(),
            count: rule.count.as_str(),
            used: admission.used,
            wait: admission.wait,
        };
        rule.reply.reply(rule.action, never, &text)
    }

    fn is_over(&self) -> bool {
        self.admission.verdict == Standing::Over
    }

    /// The limit as it was written; empty if the key is blocked, which has nothing to do with a limit.
    fn limit(&self) -> &str {
        if self.is_over() { self.request.rates.text(self.admission.limit) } else { "" }
    }

    fn cause(&self) -> String {
        if self.is_over() {
            format!("over {} {}", self.limit(), self.request.rule.count.as_str())
        } else {
            "blocked".to_owned()
        }
    }
}
