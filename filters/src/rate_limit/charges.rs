//! The charges of a message that may still be given back.

use std::collections::HashMap;
use std::sync::Arc;

use crate::store::{Admission, Return, Store};

/// The charges of one message, by counter. Charges that are left when the value is dropped are given back.
pub(super) struct MessageCharges {
    store: Arc<dyn Store>,
    charges: HashMap<String, Charge>,
}

struct Charge {
    cost: u64,
    /// The time of the first charge. Later charges may be given back with it too: see
    /// [`window`](crate::store::window).
    at: u64,
    by: u8,
}

impl MessageCharges {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, charges: HashMap::new() }
    }

    /// The units that a counter was charged.
    pub(super) fn cost(&self, counter: &str) -> Option<u64> {
        self.charges.get(counter).map(|charge| charge.cost)
    }

    /// Writes down a charge. If Redis and then the local store have charged the same counter, only the first charge
    /// can be given back; the other leaves the counter when its window has passed.
    pub(super) fn charged(&mut self, counter: String, cost: u64, admission: &Admission) {
        let Admission { at, by, .. } = *admission;
        let charge = self.charges.entry(counter).or_insert(Charge { cost: 0, at, by });
        if charge.by == by {
            charge.cost = charge.cost.saturating_add(cost);
        }
    }

    /// Takes out a part of the charge of a counter, to be given back now.
    pub(super) fn part(&mut self, counter: &str, cost: u64) -> Option<Return> {
        let charge = self.charges.get_mut(counter)?;
        let cost = cost.min(charge.cost);
        charge.cost -= cost;
        (cost > 0).then(|| Return { key: counter.to_owned(), cost, at: charge.at, by: charge.by })
    }

    /// The message is accepted: nothing is given back.
    pub(super) fn keep(&mut self) {
        self.charges.clear();
    }

    /// Takes out all charges, to be given back now.
    pub(super) fn all(&mut self) -> Vec<Return> {
        let all = self.charges.drain().filter(|(_, charge)| charge.cost > 0);
        all.map(|(key, Charge { cost, at, by })| Return { key, cost, at, by }).collect()
    }

    /// Gives all charges back, without waiting for the store.
    pub(super) fn let_go(&mut self) {
        let all = self.all();
        if !all.is_empty() {
            self.store.give_back_later(all);
        }
    }
}

impl Drop for MessageCharges {
    fn drop(&mut self) {
        self.let_go();
    }
}
