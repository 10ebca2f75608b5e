//! One connection's messages against the limits, step by step.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use postseal_protocol::{Address, HeaderField, Verdict};

use super::held::MessageCharges;
use super::key::{KeyFacts, domain};
use super::rate::Rates;
use super::reply::{ReplyText, wait};
use super::rule::LimitRule;
use super::settings::{BreachAction, Count};
use super::{Breach, DecidedRule, RuleDecision, STORE, SharedLimiter};
use crate::connection::Direction;
use crate::filter::{Context, FilterError, FilterSession, Flow};
use crate::message::{Message, MessageEnd};
use crate::store::{Admission, Request, Standing};
use crate::submitter::Submitter;

/// The state machine of one connection.
pub(super) struct LimitSession {
    shared: Arc<SharedLimiter>,
    /// Indexes of the rules for the open message.
    rules: Vec<usize>,
    held: MessageCharges,
    sender: Bytes,
    /// The size that MAIL declared.
    declared: u64,
    /// Octets that have come.
    octets: u64,
    /// Counters that were charged the declared size, with their rule and limits.
    sizes: Vec<(usize, String, Rates)>,
    /// Rules that have written a reason.
    noted: Vec<usize>,
    /// Why the message shall be put on hold.
    quarantine: Option<String>,
}

/// What a rule wants to know.
struct RuleRequest<'r> {
    rule: usize,
    counter: String,
    rates: &'r Rates,
    cost: u64,
}

impl RuleRequest<'_> {
    fn request(&self, shared: &SharedLimiter) -> Request<'_> {
        let rule = shared.rules.get(self.rule);
        Request {
            key: &self.counter,
            limits: self.rates.limits(),
            cost: self.cost,
            block: rule.map_or(0, |rule| rule.block),
            binding: rule.is_some_and(|rule| rule.action.refuses()),
        }
    }
}

/// The steps at which rules are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LimitStep {
    Mail,
    Rcpt,
    RejectedRcpt,
}

impl LimitSession {
    pub(super) fn new(shared: Arc<SharedLimiter>) -> Self {
        let held = MessageCharges::new(Arc::clone(&shared.store));
        Self {
            shared,
            rules: Vec::new(),
            held,
            sender: Bytes::new(),
            declared: 0,
            octets: 0,
            sizes: Vec::new(),
            noted: Vec::new(),
            quarantine: None,
        }
    }

    /// What the rules want to know at a step.
    fn asks<'r>(
        &self,
        shared: &'r SharedLimiter,
        step: LimitStep,
        recipient: Option<&str>,
        cx: &Context<'_>,
    ) -> Vec<RuleRequest<'r>> {
        let submitter = Submitter::of(cx);
        let facts =
            KeyFacts { submitter, macros: cx.macros, sender: &self.sender, recipient_domain: recipient };
        let now = cx.clock.unix_seconds();
        let mut asks = Vec::with_capacity(self.rules.len());
        for (index, rule) in self.rules.iter().filter_map(|index| Some((*index, shared.rules.get(*index)?))) {
            let Some(cost) = self.cost(rule, step) else { continue };
            let Some(counter) = rule.counter(&facts, now) else { continue };
            // Messages and octets count once for each recipient domain.
            let once = matches!(rule.count, Count::Messages | Count::Bytes);
            if step == LimitStep::Rcpt && once && self.held.cost(&counter.name).is_some() {
                continue;
            }
            asks.push(RuleRequest { rule: index, counter: counter.name, rates: counter.rates, cost });
        }
        asks
    }

    /// What a step costs by a rule; `None` if it is not asked there, 0 if it is only asked whether there is room.
    fn cost(&self, rule: &LimitRule, step: LimitStep) -> Option<u64> {
        let first = if rule.by_recipient() { LimitStep::Rcpt } else { LimitStep::Mail };
        match (rule.count, step) {
            (Count::RejectedRecipients, LimitStep::RejectedRcpt) => Some(1),
            (_, LimitStep::RejectedRcpt) => None,
            (Count::RejectedRecipients, LimitStep::Mail) => (!rule.by_recipient()).then_some(0),
            (Count::RejectedRecipients, LimitStep::Rcpt) => Some(0),
            (Count::Recipients, LimitStep::Rcpt) => Some(1),
            (Count::Recipients, LimitStep::Mail) => None,
            (Count::Messages, _) => (step == first).then_some(1),
            (Count::Bytes, _) => (step == first).then_some(self.declared.max(1)),
        }
    }

    /// Asks the store, and makes an answer of what it says.
    async fn ask(
        &mut self,
        asks: Vec<RuleRequest<'_>>,
        hold: bool,
        cx: &mut Context<'_>,
    ) -> Result<Verdict, FilterError> {
        let shared = Arc::clone(&self.shared);
        if asks.is_empty() {
            return Ok(Verdict::Continue);
        }
        let requests: Vec<Request<'_>> = asks.iter().map(|ask| ask.request(&shared)).collect();
        let admitted = shared.store.admit(&requests).await;
        let admissions = admitted.map_err(|error| FilterError { code: STORE, detail: error.to_string() })?;
        let mut verdict = Verdict::Continue;
        for (ask, admission) in asks.into_iter().zip(&admissions) {
            let Some(rule) = shared.rules.get(ask.rule) else { continue };
            let refusal = self.decided(&shared, rule, &ask, admission, cx);
            if verdict == Verdict::Continue {
                verdict = refusal;
            }
            if admission.charged && ask.cost > 0 && hold {
                if rule.count == Count::Bytes && self.held.cost(&ask.counter).is_none() {
                    self.sizes.push((ask.rule, ask.counter.clone(), ask.rates.clone()));
                }
                self.held.charged(ask.counter, ask.cost, admission);
            }
        }
        Ok(verdict)
    }

    /// Tells what a rule has decided to all who want to know.
    fn decided(
        &mut self,
        shared: &SharedLimiter,
        rule: &LimitRule,
        ask: &RuleRequest<'_>,
        admission: &Admission,
        cx: &mut Context<'_>,
    ) -> Verdict {
        let outcome = match admission.verdict {
            Standing::Within => RuleDecision::Pass,
            Standing::Over => RuleDecision::Over(rule.action),
            Standing::Blocked => RuleDecision::Blocked,
        };
        if let Some(limit) = ask.rates.limits().get(admission.limit) {
            shared.observer.decided(&DecidedRule {
                rule: &rule.name,
                counter: &ask.counter,
                outcome,
                limit: *limit,
                used: admission.used.saturating_add(if admission.charged { ask.cost } else { 0 }),
                wait: admission.wait,
            });
        }
        if outcome == RuleDecision::Pass {
            return Verdict::Continue;
        }
        let over = admission.verdict == Standing::Over;
        let limit = if over { ask.rates.text(admission.limit) } else { "" };
        let why =
            || if over { format!("over {limit} {}", rule.count.as_str()) } else { "blocked".to_owned() };
        if !self.noted.contains(&ask.rule) {
            self.noted.push(ask.rule);
            let again = if admission.wait.is_some() { wait(admission.wait) } else { "never".into() };
            cx.note_with(rule.name.to_string(), format!("{}: {}, free {again}", ask.counter, why()));
        }
        if admission.first {
            shared.observer.breached(&self.breach(rule, ask, limit, admission, cx));
        }
        if rule.action == BreachAction::Quarantine {
            self.quarantine.get_or_insert_with(|| format!("rate limit {}: {}", rule.name, why()));
        }
        if !rule.action.refuses() {
            return Verdict::Continue;
        }
        let never = over && admission.wait.is_none();
        let text = ReplyText {
            rule: &rule.name,
            key: ask.counter.split_once(':').map_or("", |(_, values)| values),
            limit,
            count: rule.count.as_str(),
            used: admission.used,
            wait: admission.wait,
        };
        rule.reply.reply(rule.action, never, &text)
    }

    fn breach(
        &self,
        rule: &LimitRule,
        ask: &RuleRequest<'_>,
        limit: &str,
        admission: &Admission,
        cx: &Context<'_>,
    ) -> Breach {
        let submitter = Submitter::of(cx);
        Breach {
            rule: Arc::clone(&rule.name),
            key: ask.counter.clone(),
            count: rule.count,
            limit: limit.to_owned(),
            used: admission.used,
            action: rule.action,
            block: (rule.block > 0).then(|| std::time::Duration::from_millis(rule.block)),
            listener: Arc::clone(&cx.connection.listener),
            client: submitter.client,
            user: submitter.user.map(|user| String::from_utf8_lossy(user).into_owned()),
            sender: String::from_utf8_lossy(&self.sender).into_owned(),
        }
    }
}

#[async_trait]
impl FilterSession for LimitSession {
    async fn mail(&mut self, cx: &mut Context<'_>, sender: &Address) -> Result<Verdict, FilterError> {
        self.reset();
        let Some(origin) = cx.direction.and_then(Direction::origin) else { return Ok(Verdict::Continue) };
        let shared = Arc::clone(&self.shared);
        let submitter = Submitter::of(cx);
        let fits = |(index, rule): (usize, &Arc<LimitRule>)| rule.is_for(origin, &submitter).then_some(index);
        self.rules = shared.rules.iter().enumerate().filter_map(fits).collect();
        self.sender = Bytes::copy_from_slice(sender.mailbox());
        self.declared = declared_size(sender).unwrap_or(0);
        let asks = self.asks(&shared, LimitStep::Mail, None, cx);
        self.ask(asks, true, cx).await
    }

    async fn rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<Verdict, FilterError> {
        if self.rules.is_empty() {
            return Ok(Verdict::Continue);
        }
        let shared = Arc::clone(&self.shared);
        let asks = self.asks(&shared, LimitStep::Rcpt, Some(&domain(recipient.mailbox())), cx);
        self.ask(asks, true, cx).await
    }

    async fn rejected_rcpt(&mut self, cx: &mut Context<'_>, recipient: &Address) -> Result<(), FilterError> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let asks = self.asks(&shared, LimitStep::RejectedRcpt, Some(&domain(recipient.mailbox())), cx);
        // It stays charged however the message ends. There is nothing to answer; the next command is refused.
        self.ask(asks, false, cx).await.map(drop)
    }

    fn header(&mut self, _: &mut Context<'_>, field: &HeaderField) -> Result<Verdict, FilterError> {
        // With the colon, the line's end, and the CR that a fold has on the wire.
        let folds = field.value.iter().filter(|octet| **octet == b'\n').count();
        let octets = field.name.len() + field.value.len() + folds + 3;
        self.octets = self.octets.saturating_add(octets as u64);
        Ok(Verdict::Continue)
    }

    fn body_chunk(&mut self, _: &mut Context<'_>, chunk: &Bytes) -> Result<Flow, FilterError> {
        self.octets = self.octets.saturating_add(chunk.len() as u64);
        Ok(Flow::More)
    }

    async fn end_of_message(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Message,
    ) -> Result<Verdict, FilterError> {
        let verdict = self.settle_size(cx).await?;
        if let (Verdict::Continue, Some(why)) = (&verdict, &self.quarantine) {
            message.quarantine(why.clone());
        }
        Ok(verdict)
    }

    async fn finish(&mut self, _: &mut Context<'_>, _: &Message, end: MessageEnd) {
        match end.is_accepted() {
            true => self.held.keep(),
            false => {
                let all = self.held.all();
                if !all.is_empty() {
                    // Whoever gives no answer to this has been counted where stores are watched.
                    let _ = self.shared.store.give_back(all).await;
                }
            }
        }
    }

    fn reset(&mut self) {
        self.held.let_go();
        self.rules.clear();
        self.sizes.clear();
        self.noted.clear();
        self.quarantine = None;
        (self.declared, self.octets) = (0, 0);
    }
}

impl LimitSession {
    /// Octets were charged as declared; now they are known.
    async fn settle_size(&mut self, cx: &mut Context<'_>) -> Result<Verdict, FilterError> {
        let shared = Arc::clone(&self.shared);
        // The blank line behind the header section.
        let octets = self.octets.saturating_add(2);
        let charged = self.declared.max(1);
        let sizes = std::mem::take(&mut self.sizes);
        let mut asks = Vec::new();
        let mut returns = Vec::new();
        for (rule, counter, rates) in &sizes {
            if octets > charged {
                asks.push(RuleRequest {
                    rule: *rule,
                    counter: counter.clone(),
                    rates,
                    cost: octets - charged,
                });
            } else {
                returns.extend(self.held.part(counter, charged - octets));
            }
        }
        if !returns.is_empty() {
            let _ = shared.store.give_back(returns).await;
        }
        self.ask(asks, true, cx).await
    }
}

/// The SIZE argument of MAIL (RFC 1870).
fn declared_size(sender: &Address) -> Option<u64> {
    sender.arguments.iter().find_map(|argument| {
        let (name, value) = argument.split_at_checked(5)?;
        let value = std::str::from_utf8(value).ok().filter(|_| name.eq_ignore_ascii_case(b"SIZE="))?;
        value.trim().parse().ok()
    })
}
