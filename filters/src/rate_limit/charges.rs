//! What a message has been charged and may still give back.

use std::collections::HashMap;
use std::sync::Arc;

use crate::store::{Admission, Return, Store};

/// Charges of one message, by counter. What is left when it is dropped is given back.
pub(super) struct MessageCharges {
    store: Arc<dyn Store>,
    charges: HashMap<String, Charge>,
}

struct Charge {
    cost: u64,
    /// Of the first charge; giving back later ones with it is safe.
    at: u64,
    by: u8,
}

impl MessageCharges {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, charges: HashMap::new() }
    }

    /// What a counter has been charged.
    pub(super) fn cost(&self, counter: &str) -> Option<u64> {
        self.charges.get(counter).map(|charge| charge.cost)
    }

    /// Notes a charge. Of two stores that have charged one counter only the first is remembered as it should be; the
    /// other's units leave with its window.
    pub(super) fn charged(&mut self, counter: String, cost: u64, admission: &Admission) {
        let Admission { at, by, .. } = *admission;
        let charge = self.charges.entry(counter).or_insert(Charge { cost: 0, at, by });
        if charge.by == by {
            charge.cost = charge.cost.saturating_add(cost);
        }
    }

    /// Takes out a part of what a counter was charged, to be given back now.
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

    /// Takes out everything, to be given back now.
    pub(super) fn all(&mut self) -> Vec<Return> {
        let all = self.charges.drain().filter(|(_, charge)| charge.cost > 0);
        all.map(|(key, Charge { cost, at, by })| Return { key, cost, at, by }).collect()
    }

    /// Gives everything back, without waiting for it.
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
