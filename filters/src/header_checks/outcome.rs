//! From findings to what is done: repairs, fields that tell of them, the reply, the report.

use std::fmt::Write as _;

use postseal_protocol::{HeaderField, Reply, Verdict};

use super::check::{Check, CheckAction};
use super::finding::{CheckFinding, CheckFindings};
use super::plan::{CheckPlan, Decisions};
use super::repair::{RepairMaterial, Repairs, TOO_LARGE};
use super::reply;
use crate::filter::Context;
use crate::message::Message;
use crate::report::CheckNote;

/// What is to be done about a message.
#[derive(Debug, Default)]
pub(super) struct Treatment<'a> {
    groups: Vec<FindingGroup<'a>>,
    repairs: Repairs,
    over_limit: bool,
}

/// The findings of one check that get the same treatment.
#[derive(Debug)]
struct FindingGroup<'a> {
    check: Check,
    action: CheckAction,
    shadow: bool,
    findings: Vec<(&'a CheckFinding, Option<&'static str>)>,
}

impl<'a> Treatment<'a> {
    /// Decides about each finding.
    pub(super) fn of(
        findings: &'a CheckFindings,
        decisions: &Decisions,
        material: &RepairMaterial<'_>,
    ) -> Self {
        let mut this = Self::default();
        // What would be done is worked out in full, but apart from what is done.
        let mut shadow = Repairs::default();
        for finding in &findings.list {
            let decided = decisions.of(finding.check);
            let repairs = if decided.shadow { &mut shadow } else { &mut this.repairs };
            let (action, why) = match (decided.action, &finding.repair) {
                (CheckAction::Off, _) => continue,
                (CheckAction::Fix, Some(repair)) => match repairs.make(repair, material) {
                    Ok(()) => (CheckAction::Fix, None),
                    Err(why) => (decided.otherwise, Some(why)),
                },
                (CheckAction::Fix, None) => (decided.otherwise, None),
                (action, _) => (action, None),
            };
            this.over_limit |= why == Some(TOO_LARGE);
            this.add(finding, action, decided.shadow, why);
        }
        this
    }

    fn add(
        &mut self,
        finding: &'a CheckFinding,
        action: CheckAction,
        shadow: bool,
        why: Option<&'static str>,
    ) {
        let same = |group: &&mut FindingGroup<'_>| group.check == finding.check && group.action == action;
        match self.groups.iter_mut().find(same) {
            Some(group) => group.findings.push((finding, why)),
            None => self.groups.push(FindingGroup {
                check: finding.check,
                action,
                shadow,
                findings: vec![(finding, why)],
            }),
        }
    }

    /// What the MTA is told: the worst that any finding leads to.
    pub(super) fn verdict(&self, plan: &CheckPlan) -> Verdict {
        let real = self.groups.iter().filter(|group| !group.shadow);
        let worst = real.clone().map(|group| group.action).max().unwrap_or(CheckAction::Off);
        if !worst.refuses() {
            return Verdict::Continue;
        }
        let refused = real.filter(|group| group.action.refuses());
        let lines = refused.flat_map(|group| group.findings.iter().map(|(finding, _)| *finding));
        let lines = reply::lines(lines, plan.url.as_deref());
        let (code, class, otherwise) = match worst {
            CheckAction::Tempfail => (451, 4, Verdict::TempFail),
            _ => (550, 5, Verdict::Reject),
        };
        Reply::multiline(code, (class, 6, 0), lines).map_or(otherwise, Verdict::Reply)
    }

    /// Tells log, metrics and `explain`. Of a message that is refused, nothing is repaired or tagged.
    pub(super) fn report(&self, refused: bool, cx: &mut Context<'_>) {
        for group in &self.groups {
            let action = match group.action {
                action if group.shadow => action.in_shadow(),
                action if refused && !action.refuses() => CheckAction::Log.as_str(),
                action => action.as_str(),
            };
            let check = group.check.as_str();
            cx.report.checks.push(CheckNote { check, action });
            cx.note_with(check, group.detail(action));
        }
        if self.over_limit {
            cx.note(OVER_LIMIT);
        }
    }

    /// Makes the edits.
    pub(super) fn edit(self, plan: &CheckPlan, message: &mut Message) {
        let with = |action| {
            let mut names: Vec<_> = self
                .groups
                .iter()
                .filter(|group| !group.shadow && group.action == action)
                .map(|group| group.check.as_str())
                .collect();
            names.dedup();
            names
        };
        let (fixed, tagged) = (with(CheckAction::Fix), with(CheckAction::Tag));
        self.repairs.commit(message);
        for (field, names) in [(&plan.fixed_field, fixed), (&plan.tag_field, tagged)] {
            if let (Some(field), false) = (field, names.is_empty()) {
                message.fields.append(HeaderField::new(field.clone(), list(field, &names)));
            }
        }
    }
}

impl FindingGroup<'_> {
    fn detail(&self, action: &str) -> String {
        let mut out = action.to_owned();
        for (at, (finding, why)) in self.findings.iter().take(MOST_TOLD).enumerate() {
            let _ = write!(out, "{} {}", if at == 0 { ":" } else { ";" }, reply::words(finding));
            if let Some(why) = why {
                let _ = write!(out, " (not repaired: {why})");
            }
        }
        if self.findings.len() > MOST_TOLD {
            let _ = write!(out, "; and {} more", self.findings.len() - MOST_TOLD);
        }
        out
    }
}

/// Names with commas, folded.
fn list(field: &str, names: &[&str]) -> String {
    let mut out = String::new();
    let mut column = field.len() + 1;
    for (at, name) in names.iter().enumerate() {
        let comma = if at + 1 < names.len() { "," } else { "" };
        if at > 0 && column + name.len() + 2 > 76 {
            out.push('\n');
            column = 0;
        }
        let _ = write!(out, " {name}{comma}");
        column += name.len() + 2;
    }
    out
}

/// A repair was wanted that needs the whole body, and that was too large.
pub(super) const OVER_LIMIT: &str = "body_over_limit";
/// Findings of one check that are spelled out.
const MOST_TOLD: usize = 5;
