//! The open message: the questions about it, the answers, and the charges and reasons that they leave until the
//! message ends.

use std::sync::Arc;

use bytes::Bytes;
use postseal_protocol::Verdict;

use super::charges::MessageCharges;
use super::decision::Decision;
use super::key::KeyFacts;
use super::rate::Rates;
use super::request::{LimitStep, RuleRequest, cost};
use super::rule::LimitRule;
use super::settings::{BreachAction, Count};
use super::size::MessageSize;
use super::{RuleDecision, STORE, SharedLimiter};
use crate::filter::{Context, FilterError};
use crate::store::{Admission, Request, Store};
use crate::submitter::Submitter;

pub(super) struct LimitedMessage {
    pub(super) charges: MessageCharges,
    /// The mailbox of the reverse-path.
    pub(super) sender: Bytes,
    pub(super) size: MessageSize,
    /// Counters that were charged the declared size.
    sizes: Vec<SizeCharge>,
    /// Names of the rules that have written a reason.
    noted: Vec<Arc<str>>,
    /// Why the message shall be put on hold.
    pub(super) quarantine: Option<String>,
}

/// A counter of octets that was charged the declared size.
struct SizeCharge {
    rule: Arc<LimitRule>,
    counter: String,
    rates: Rates,
}

impl SizeCharge {
    fn request(&self, cost: u64) -> RuleRequest<'_> {
        let Self { rule, counter, rates } = self;
        RuleRequest { rule, counter: counter.clone(), rates, cost }
    }
}

impl LimitedMessage {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            charges: MessageCharges::new(store),
            sender: Bytes::new(),
            size: MessageSize::default(),
            sizes: Vec::new(),
            noted: Vec::new(),
            quarantine: None,
        }
    }

    pub(super) fn reset(&mut self) {
        self.charges.let_go();
        self.size = MessageSize::default();
        self.sizes.clear();
        self.noted.clear();
        self.quarantine = None;
    }

    /// The questions of all rules that ask at a step.
    pub(super) fn requests<'r>(
        &self, rules: &'r [Arc<LimitRule>], step: LimitStep, recipient_domains: &[String], cx: &Context<'_>,
    ) -> Vec<RuleRequest<'r>> {
        let facts =
            KeyFacts { submitter: Submitter::of(cx), macros: cx.macros, sender: &self.sender, recipient_domain: None };
        let now = cx.clock.unix_seconds();
        let mut requests: Vec<RuleRequest<'r>> = Vec::new();
        for rule in rules {
            let Some(cost) = cost(rule, step, self.size.declared()) else { continue };
            let domains = recipient_domains.iter().map(|domain| Some(domain.as_str())).filter(|_| rule.by_recipient());
            let none = (!rule.by_recipient()).then_some(None);
            for recipient_domain in domains.chain(none) {
                let Some(counter) = rule.counter(&KeyFacts { recipient_domain, ..facts }, now) else { continue };
                // Messages and octets count once for each recipient domain.
                let once = step == LimitStep::Rcpt && matches!(rule.count, Count::Messages | Count::Bytes);
                let charged = once && self.charges.cost(&counter.name).is_some();
                if !charged && !requests.iter().any(|other| other.counter == counter.name) {
                    requests.push(RuleRequest { rule, counter: counter.name, rates: counter.rates, cost });
                }
            }
        }
        requests
    }

    /// Has the store decide, and writes down the charges.
    pub(super) async fn ask(
        &mut self, shared: &SharedLimiter, requests: Vec<RuleRequest<'_>>, cx: &mut Context<'_>,
    ) -> Result<Verdict, FilterError> {
        let (verdict, admissions) = self.decide(shared, &requests, cx).await?;
        for (request, admission) in requests.into_iter().zip(&admissions) {
            let RuleRequest { rule, counter, rates, cost } = request;
            if !admission.charged || cost == 0 {
                continue;
            }
            if rule.count == Count::Bytes && self.charges.cost(&counter).is_none() {
                let (rule, rates) = (Arc::clone(rule), rates.clone());
                self.sizes.push(SizeCharge { rule, counter: counter.clone(), rates });
            }
            self.charges.charged(counter, cost, admission);
        }
        Ok(verdict)
    }

    /// Has the store decide, and tells of each decision. The first refusal is the verdict.
    pub(super) async fn decide(
        &mut self, shared: &SharedLimiter, requests: &[RuleRequest<'_>], cx: &mut Context<'_>,
    ) -> Result<(Verdict, Vec<Admission>), FilterError> {
        let mut verdict = Verdict::Continue;
        if requests.is_empty() {
            return Ok((verdict, Vec::new()));
        }
        let failed = |detail| FilterError { code: STORE, detail };
        let asked: Vec<Request<'_>> = requests.iter().map(RuleRequest::to_store).collect();
        let admissions = shared.store.admit(&asked).await.map_err(|error| failed(error.to_string()))?;
        if admissions.len() != requests.len() {
            return Err(failed("the store has not answered every question".to_owned()));
        }
        for (request, admission) in requests.iter().zip(&admissions) {
            let refusal = self.tell(shared, Decision { request, admission }, cx);
            if verdict == Verdict::Continue {
                verdict = refusal;
            }
        }
        Ok((verdict, admissions))
    }

    /// Tells the watcher and the report of a decision. Returns the reply to the client.
    fn tell(&mut self, shared: &SharedLimiter, decision: Decision<'_>, cx: &mut Context<'_>) -> Verdict {
        decision.show(&*shared.watcher);
        if decision.outcome() == RuleDecision::Pass {
            return Verdict::Continue;
        }
        let rule = decision.request.rule;
        if !self.noted.contains(&rule.name) {
            self.noted.push(Arc::clone(&rule.name));
            cx.note_with(rule.name.to_string(), decision.detail());
        }
        if decision.admission.first {
            shared.watcher.breached(&decision.breach(&self.sender, cx));
        }
        if rule.action == BreachAction::Quarantine {
            self.quarantine.get_or_insert_with(|| decision.quarantine_reason());
        }
        decision.verdict()
    }

    /// Charges or gives back the difference between the real size and the declared one.
    pub(super) async fn settle_size(
        &mut self, shared: &SharedLimiter, cx: &mut Context<'_>,
    ) -> Result<Verdict, FilterError> {
        let (octets, declared) = (self.size.whole(), self.size.declared());
        let sizes = std::mem::take(&mut self.sizes);
        let Some(cost) = octets.checked_sub(declared).filter(|more| *more > 0) else {
            let back = |size: &SizeCharge| self.charges.part(&size.counter, declared - octets);
            let returns: Vec<_> = sizes.iter().filter_map(back).collect();
            if !returns.is_empty() {
                // As in `finish`.
                let _ = shared.store.give_back(returns).await;
            }
            return Ok(Verdict::Continue);
        };
        let requests = sizes.iter().map(|size| size.request(cost)).collect();
        self.ask(shared, requests, cx).await
    }
}
