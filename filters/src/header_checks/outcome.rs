//! Decides what is done about the findings of a message: repairs, fields that name them, the reply, the report.

use std::fmt::Write as _;

use postseal_protocol::{HeaderField, Reply, Verdict};

use super::author::{AUTHOR_SIGNED, AuthorSignatures};
use super::check::{Check, CheckAction};
use super::finding::{CheckFinding, CheckFindings, FindingPlace};
use super::plan::{CheckPlan, Decisions};
use super::repair::{RepairMaterial, Repairs, TOO_LARGE, UNKNOWN_CHARSET};
use super::reply;
use crate::filter::Context;
use crate::message::Message;
use crate::report::CheckNote;

/// The findings of one check that are spelled out in the log.
const MAX_FINDINGS_IN_DETAIL: usize = 5;
/// The characters of a line of the fields that we add.
const MAX_LINE_CHARACTERS: usize = 76;

/// The reason code of a repair that was not made because the body was too large to be kept.
pub(super) const OVER_LIMIT: &str = "body_over_limit";
/// The reason code of a repair that was not made because it would break the author's signature.
pub(super) const KEPT_FOR_AUTHOR: &str = "author_signed";

/// The finding in the place of all repairs.
static MANY_REPAIRS: CheckFinding = CheckFinding {
    check: Check::ManyRepairs,
    place: FindingPlace::Message,
    what: "more fields would have to be changed than limits.header_edits allows",
    repair: None,
    mild: false,
    hint: None,
};

/// The treatment of a message.
#[derive(Debug, Default)]
pub(super) struct Treatment<'a> {
    groups: Vec<FindingGroup<'a>>,
    repairs: Repairs,
    over_limit: bool,
    author_signed: bool,
}

/// The findings of one check that get the same treatment.
#[derive(Debug)]
struct FindingGroup<'a> {
    check: Check,
    action: CheckAction,
    shadow: bool,
    /// Each finding, and the reason why a repair was not possible.
    findings: Vec<(&'a CheckFinding, Option<&'static str>)>,
}

impl<'a> Treatment<'a> {
    pub(super) fn of(
        findings: &'a CheckFindings, decisions: &Decisions, material: &RepairMaterial<'_>, author: &AuthorSignatures,
    ) -> Self {
        let mut this = Self::default();
        // In shadow mode repairs are worked out in full, but apart from those that are made.
        let mut shadow = Repairs::default();
        for finding in &findings.list {
            let decided = decisions.of(finding.check);
            let repairs = if decided.shadow { &mut shadow } else { &mut this.repairs };
            let (action, why) = match (decided.action, &finding.repair) {
                (CheckAction::Off, _) => continue,
                (CheckAction::Fix, Some(_)) if repairs.changes() > material.max_edits => (CheckAction::Fix, None),
                (CheckAction::Fix, Some(repair)) => match author.repair(repair, repairs, material) {
                    Ok(()) => (CheckAction::Fix, None),
                    Err(UNKNOWN_CHARSET) => author.otherwise(finding, decided.unknown_charset, Some(UNKNOWN_CHARSET)),
                    Err(why) => author.otherwise(finding, decided.otherwise, Some(why)),
                },
                (CheckAction::Fix, None) if finding.is_in_part_header() => {
                    author.otherwise(finding, decided.unknown_charset, None)
                }
                (CheckAction::Fix, None) => author.otherwise(finding, decided.otherwise, None),
                (action, _) => (action, None),
            };
            let action = if finding.mild && action.refuses() { CheckAction::Log } else { action };
            this.over_limit |= why == Some(TOO_LARGE);
            this.author_signed |= why == Some(AUTHOR_SIGNED);
            this.add(finding, action, decided.shadow, why);
        }
        if shadow.changes() > material.max_edits {
            this.without_repairs(true, decisions);
        }
        if this.repairs.changes() > material.max_edits {
            this.repairs = Repairs::default();
            this.without_repairs(false, decisions);
        }
        this
    }

    /// Makes of all repairs one finding: so many would take the MTA too long.
    fn without_repairs(&mut self, in_shadow: bool, decisions: &Decisions) {
        for group in self.groups.iter_mut().filter(|group| group.shadow == in_shadow) {
            if group.action == CheckAction::Fix {
                group.action = CheckAction::Log;
            }
        }
        let decided = decisions.of(Check::ManyRepairs);
        if decided.action != CheckAction::Off {
            self.add(&MANY_REPAIRS, decided.action, in_shadow || decided.shadow, None);
        }
    }

    fn add(&mut self, finding: &'a CheckFinding, action: CheckAction, shadow: bool, why: Option<&'static str>) {
        let same = |group: &&mut FindingGroup<'_>| group.check == finding.check && group.action == action;
        match self.groups.iter_mut().find(same) {
            Some(group) => group.findings.push((finding, why)),
            None => {
                self.groups.push(FindingGroup { check: finding.check, action, shadow, findings: vec![(finding, why)] })
            }
        }
    }

    /// The verdict for the MTA: the most severe of all findings.
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

    /// Writes the report for log, metrics and `explain`. A message that is refused is neither repaired nor tagged.
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
        if self.author_signed {
            cx.note(KEPT_FOR_AUTHOR);
        }
    }

    pub(super) fn edit(self, plan: &CheckPlan, author: &AuthorSignatures, message: &mut Message) {
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
            if let (Some(field), false) = (field, names.is_empty())
                && !author.covers(field.as_bytes())
            {
                message.fields.append(HeaderField::new(field.clone(), list(field, &names)));
            }
        }
    }
}

impl FindingGroup<'_> {
    fn detail(&self, action: &str) -> String {
        let mut out = action.to_owned();
        for (at, (finding, why)) in self.findings.iter().take(MAX_FINDINGS_IN_DETAIL).enumerate() {
            let _ = write!(out, "{} {}", if at == 0 { ":" } else { ";" }, reply::words(finding));
            if let Some(why) = why {
                let _ = write!(out, " (not repaired: {why})");
            }
        }
        let more = self.findings.len().saturating_sub(MAX_FINDINGS_IN_DETAIL);
        if more > 0 {
            let _ = write!(out, "; and {more} more");
        }
        out
    }
}

/// The value of a field that lists names, folded.
fn list(field: &str, names: &[&str]) -> String {
    let mut out = String::new();
    let mut column = field.len() + 1;
    for (at, name) in names.iter().enumerate() {
        let comma = if at + 1 < names.len() { "," } else { "" };
        if at > 0 && column + name.len() + 2 > MAX_LINE_CHARACTERS {
            out.push('\n');
            column = 0;
        }
        let _ = write!(out, " {name}{comma}");
        column += name.len() + 2;
    }
    out
}
