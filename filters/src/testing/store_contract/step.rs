//! The steps of a case: how they are read, and how answers are shown.

use std::time::Duration;

use crate::store::{Admission, Limit, Standing};

/// One step.
pub(super) enum CaseStep {
    Clock(i64),
    Ask(Vec<CaseRequest>),
    Return { key: String, cost: u64, ask: usize },
    Used(String),
    Block(String, Option<Duration>),
    Unblock(String),
    Reset(String),
}

/// One request of a call.
pub(super) struct CaseRequest {
    pub(super) key: String,
    pub(super) limits: Vec<Limit>,
    pub(super) cost: u64,
    pub(super) block: u64,
    pub(super) binding: bool,
}

/// Reads a step, and the number of times that it is taken.
pub(super) fn parse(text: &str) -> Option<(usize, CaseStep)> {
    if let Some((times, rest)) = text.strip_prefix('x').and_then(|text| text.split_once(' ')) {
        return Some((times.parse().ok()?, parse(rest)?.1));
    }
    if text.starts_with(['+', '-']) {
        return Some((1, CaseStep::Clock(text.parse().ok()?)));
    }
    let (word, rest) = text.split_once(' ')?;
    let words: Vec<&str> = rest.split_whitespace().collect();
    let step = match (word, words.as_slice()) {
        ("ask", _) => CaseStep::Ask(rest.split('&').map(ask).collect::<Option<_>>()?),
        ("return", [key, cost, ask]) => CaseStep::Return {
            key: (*key).to_owned(),
            cost: cost.parse().ok()?,
            ask: ask.strip_prefix('#')?.parse().ok()?,
        },
        ("used", [key]) => CaseStep::Used((*key).to_owned()),
        ("block", [key, "ever"]) => CaseStep::Block((*key).to_owned(), None),
        ("block", [key, millis]) => {
            CaseStep::Block((*key).to_owned(), Some(Duration::from_millis(millis.parse().ok()?)))
        }
        ("unblock", [key]) => CaseStep::Unblock((*key).to_owned()),
        ("reset", [key]) => CaseStep::Reset((*key).to_owned()),
        _ => return None,
    };
    Some((1, step))
}

fn ask(text: &str) -> Option<CaseRequest> {
    let mut words = text.split_whitespace();
    let key = words.next()?.to_owned();
    let limit = |text: &str| {
        let (quota, width) = text.split_once('/')?;
        Some(Limit { width: width.parse().ok()?, quota: quota.parse().ok()? })
    };
    let limits = words.next()?.split(',').map(limit).collect::<Option<_>>()?;
    let mut out = CaseRequest { key, limits, cost: words.next()?.parse().ok()?, block: 0, binding: true };
    for word in words {
        match word.strip_prefix("block=") {
            Some(millis) => out.block = millis.parse().ok()?,
            None if word == "soft" => out.binding = false,
            None => return None,
        }
    }
    Some(out)
}

/// Shows an answer.
pub(super) fn show(admission: &Admission) -> String {
    let wait = || admission.wait.map_or_else(|| "never".to_owned(), |millis| millis.to_string());
    match admission.verdict {
        Standing::Within if admission.charged => "yes".to_owned(),
        Standing::Within => "no".to_owned(),
        Standing::Over => format!("over {}{}", wait(), if admission.first { " first" } else { "" }),
        Standing::Blocked => format!("blocked {}", wait()),
    }
}
