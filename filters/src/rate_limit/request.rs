//! The question that a rule asks the store at a step of the dialogue.

use std::sync::Arc;

use super::rate::Rates;
use super::rule::LimitRule;
use super::settings::Count;
use crate::store::Request;

/// The steps at which rules ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum LimitStep {
    Mail,
    Rcpt,
    /// A recipient that the MTA itself has refused.
    RejectedRcpt,
}

/// The question of one rule about one counter.
pub(super) struct RuleRequest<'r> {
    pub(super) rule: &'r Arc<LimitRule>,
    pub(super) counter: String,
    pub(super) rates: &'r Rates,
    pub(super) cost: u64,
}

impl RuleRequest<'_> {
    /// The question as the store takes it.
    pub(super) fn to_store(&self) -> Request<'_> {
        Request {
            key: &self.counter,
            limits: self.rates.limits(),
            cost: self.cost,
            block: self.rule.block,
            binding: self.rule.action.refuses(),
        }
    }
}

/// The units that a rule asks for at a step, given the size that the client has declared. `None` if the rule does not
/// ask at that step; 0 if the rule only asks whether there is room.
pub(super) fn cost(rule: &LimitRule, step: LimitStep, declared: u64) -> Option<u64> {
    let first = if rule.by_recipient() { LimitStep::Rcpt } else { LimitStep::Mail };
    match (rule.count, step) {
        (Count::RejectedRecipients, LimitStep::RejectedRcpt) => Some(1),
        (_, LimitStep::RejectedRcpt) => None,
        (Count::RejectedRecipients, LimitStep::Mail) => (!rule.by_recipient()).then_some(0),
        (Count::RejectedRecipients, LimitStep::Rcpt) => Some(0),
        (Count::Recipients, LimitStep::Rcpt) => Some(1),
        (Count::Recipients, LimitStep::Mail) => None,
        (Count::Messages, _) => (step == first).then_some(1),
        (Count::Bytes, _) => (step == first).then_some(declared),
    }
}
