//! Whether the service can take mail, and if not, why.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::listener::ListenerState;

/// The state of the service as probes see it.
#[derive(Default)]
pub struct Health {
    state: Mutex<HealthState>,
}

#[derive(Default)]
struct HealthState {
    phase: Phase,
    listeners: Vec<Arc<ListenerState>>,
    problems: BTreeMap<&'static str, String>,
}

/// The phase of the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Not all listeners are up yet.
    #[default]
    Starting,
    /// The service takes mail.
    Running,
    /// The service finishes the messages that have begun.
    Draining,
}

impl Health {
    /// Changes the phase.
    pub fn set_phase(&self, phase: Phase) {
        self.with(|state| state.phase = phase);
    }

    /// The listeners that must be up.
    pub fn set_listeners(&self, listeners: Vec<Arc<ListenerState>>) {
        self.with(|state| state.listeners = listeners);
    }

    /// Sets or clears a problem that makes the service unready.
    pub fn set_problem(&self, what: &'static str, problem: Option<String>) {
        self.with(|state| match problem {
            Some(problem) => drop(state.problems.insert(what, problem)),
            None => drop(state.problems.remove(what)),
        });
    }

    /// Calls `look` for each listener.
    pub fn listeners<T>(&self, look: impl FnMut(&ListenerState) -> T) -> Vec<T> {
        let listeners = self.with(|state| state.listeners.clone());
        listeners.iter().map(Arc::as_ref).map(look).collect()
    }

    /// The reasons why the service can't take mail now; `None` if it can.
    pub fn unready(&self) -> Option<String> {
        self.with(|state| match state.phase {
            Phase::Starting => Some("starting".to_owned()),
            Phase::Draining => Some("draining".to_owned()),
            Phase::Running => {
                let down = state.listeners.iter().filter(|listener| !listener.is_up());
                let down = down.map(|listener| format!("listener {} is down", listener.name()));
                let problems = state.problems.iter().map(|(what, problem)| format!("{what}: {problem}"));
                let reasons: Vec<String> = down.chain(problems).collect();
                (!reasons.is_empty()).then(|| reasons.join("; "))
            }
        })
    }

    fn with<T>(&self, look: impl FnOnce(&mut HealthState) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests;
