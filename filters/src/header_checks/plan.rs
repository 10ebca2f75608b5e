//! Checks how the settings fit together, and makes of them what the filter works by.

use encoding_rs::{Encoding, X_USER_DEFINED};
use postseal_protocol::Stage;

use super::check::{Check, CheckAction};
use super::settings::{AuthorSignedPolicy, Exception, HeaderCheckSettings, OrNone};
use crate::connection::ClientConnection;
use crate::mail::charset::Charset;
use crate::problem::{Problem, Problems};
use crate::refuse_on::RefuseOn;
use crate::submitter::{Submitter, Who};

const NO_FIX: &str = "`fix` is not possible: there is no repair that is certain; use log, tag, tempfail or reject";
const ON: [CheckAction; 5] =
    [CheckAction::Log, CheckAction::Tag, CheckAction::Fix, CheckAction::Tempfail, CheckAction::Reject];

/// Settings that fit together.
#[derive(Clone, Debug)]
pub struct CheckPlan {
    rules: Vec<PlannedCheck>,
    exceptions: Vec<(Who, Vec<Check>, CheckAction)>,
    refuse_on: RefuseOn,
    pub(super) shadow: bool,
    pub(super) max_foreign_fields: usize,
    pub(super) fixed_field: Option<String>,
    pub(super) tag_field: Option<String>,
    pub(super) url: Option<String>,
    pub(super) fallback: Option<&'static Encoding>,
    pub(super) body_limit: usize,
    pub(super) author_signed: AuthorSignedPolicy,
}

/// What is done about the findings of one check, nothing left open.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlannedCheck {
    pub(super) action: CheckAction,
    /// Where the action is a repair that is not possible.
    pub(super) otherwise: CheckAction,
    /// Where the repair is not possible only because nothing tells the charset of the text, or because the text stands in a
    /// part.
    pub(super) unknown_charset: CheckAction,
    pub(super) shadow: bool,
    pub(super) max: u64,
}

/// What is done about the findings of all checks in one message.
#[derive(Clone, Debug)]
pub(super) struct Decisions(Vec<PlannedCheck>);

impl HeaderCheckSettings {
    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// Everything that does not fit together.
    pub fn plan(&self) -> Result<CheckPlan, Vec<Problem>> {
        let mut errors = Problems::of(&["header_checks"]);
        let rules = Check::ALL.iter().map(|check| self.decided(*check, &mut errors)).collect();
        let exceptions = self.exception.iter().enumerate();
        let exceptions = exceptions.map(|(at, exception)| checked(at, exception, &mut errors)).collect();
        for (name, OrNone(field)) in [("fixed_field", &self.fixed_field), ("tag_field", &self.tag_field)] {
            if field.as_ref().is_some_and(|field| !is_field_name(field)) {
                errors.error([name], "is not the name of a header field; write such as X-Postseal-Fixed, or none");
            }
        }
        let OrNone(url) = &self.url;
        if url.as_ref().is_some_and(|url| url.len() > 200 || !url.bytes().all(|byte| byte.is_ascii_graphic())) {
            errors.error(["url"], "must be at most 200 printable ASCII characters without spaces, or none");
        }
        let fallback = self.fallback(&mut errors);
        let plan = CheckPlan {
            rules,
            exceptions,
            refuse_on: self.refuse_on.clone(),
            shadow: self.shadow,
            max_foreign_fields: self.max_foreign_fields,
            fixed_field: self.fixed_field.0.clone(),
            tag_field: self.tag_field.0.clone(),
            url: url.clone(),
            fallback,
            body_limit: self.body_limit.bytes(),
            author_signed: self.author_signed,
        };
        errors.finish(plan).map(|(plan, _)| plan)
    }

    fn fallback(&self, errors: &mut Problems) -> Option<&'static Encoding> {
        let name = self.fallback_charset.0.as_ref()?;
        let found = Charset::named(name.as_bytes());
        let fits = |encoding: &&'static Encoding| encoding.is_ascii_compatible() && *encoding != X_USER_DEFINED;
        match found {
            Charset::Other(encoding) if fits(&encoding) => Some(encoding),
            Charset::Ascii | Charset::Utf8 => {
                errors.error(["fallback_charset"], "has no effect: UTF-8 is recognized without it; write none");
                None
            }
            _ => {
                let what =
                    "is no charset that mail is written in and that can be decoded; write such as iso-8859-2, or none";
                errors.error(["fallback_charset"], what);
                None
            }
        }
    }

    fn decided(&self, check: Check, errors: &mut Problems) -> PlannedCheck {
        let rule = self.rule(check);
        let profile = check.profile();
        let name = check.as_str();
        if rule.action == CheckAction::Fix && !check.can_fix() {
            errors.error([name], NO_FIX);
        }
        match rule.otherwise {
            Some(_) if rule.action != CheckAction::Fix => {
                errors.error([name, "otherwise"], "has no effect: it is for the action fix");
            }
            Some(CheckAction::Fix | CheckAction::Off) => {
                errors.error([name, "otherwise"], "must be log, tag, tempfail or reject");
            }
            _ => {}
        }
        match rule.max {
            Some(_) if profile.max.is_none() => {
                errors.error([name, "max"], "has no effect: the check has no bound");
            }
            Some(0) => errors.error([name, "max"], "must be more than 0"),
            _ => {}
        }
        PlannedCheck {
            action: rule.action,
            otherwise: rule.otherwise.or(profile.otherwise).unwrap_or(CheckAction::Log),
            unknown_charset: rule.otherwise.unwrap_or(CheckAction::Log),
            shadow: rule.shadow || self.shadow,
            max: rule.max.or(profile.max).unwrap_or_default(),
        }
    }
}

fn checked(at: usize, exception: &Exception, errors: &mut Problems) -> (Who, Vec<Check>, CheckAction) {
    let (who, checks, action) = (exception.who(), &exception.checks, exception.action);
    let at = at.to_string();
    if who.is_anybody() {
        errors.error(["exception", &at], "is for everybody; name user, client, listener, certificate or fingerprint");
    }
    let checks = if checks.is_empty() { Check::ALL.to_vec() } else { checks.clone() };
    if action == CheckAction::Fix && checks.iter().any(|check| !check.can_fix()) {
        errors.error(["exception", &at, "action"], NO_FIX);
    }
    (who, checks, action)
}

impl CheckPlan {
    /// What is done about the findings in mail of this submitter on this listener.
    pub(super) fn decisions(&self, submitter: &Submitter<'_>, connection: &ClientConnection) -> Decisions {
        let mut rules = self.rules.clone();
        for (_, checks, action) in self.exceptions.iter().rev().filter(|(who, ..)| who.matches(submitter)) {
            for check in checks {
                if let Some(rule) = rules.get_mut(*check as usize) {
                    rule.action = *action;
                }
            }
        }
        if !self.refuse_on.includes(connection) {
            for rule in &mut rules {
                let milder = |action: CheckAction| if action.refuses() { CheckAction::Log } else { action };
                rule.action = milder(rule.action);
                rule.otherwise = milder(rule.otherwise);
                rule.unknown_charset = milder(rule.unknown_charset);
            }
        }
        Decisions(rules)
    }

    /// The names of the fields that only the filter writes.
    pub(super) fn own_fields(&self) -> impl Iterator<Item = &[u8]> {
        [&self.fixed_field, &self.tag_field].into_iter().flatten().map(String::as_bytes)
    }

    /// True if mail of this connection may be refused.
    pub(super) fn refuses(&self, connection: &ClientConnection) -> bool {
        !self.shadow && self.refuse_on.includes(connection)
    }

    /// True if some mail may get this action for this check.
    fn may(&self, check: Check, action: CheckAction) -> bool {
        let rule = self.rules.get(check as usize).is_some_and(|rule| rule.action == action);
        let excepted =
            |(_, checks, other): &(Who, Vec<Check>, CheckAction)| *other == action && checks.contains(&check);
        rule || self.exceptions.iter().any(excepted)
    }

    /// Macros by which submitters are told apart.
    pub(super) fn macros(&self) -> Vec<(Stage, String)> {
        self.exceptions.iter().flat_map(|(who, ..)| who.macros()).collect()
    }

    /// True if some check of the body may be on.
    pub(super) fn looks_at_body(&self) -> bool {
        let mut checks = Check::ALL.iter().filter(|check| check.profile().body);
        let on = |check: &Check| ON.iter().any(|action| self.may(*check, *action));
        checks.any(on)
    }

    /// True if the body may have to be replaced.
    pub(super) fn may_fix_body(&self) -> bool {
        [Check::LongBodyLine, Check::EightBitBody].iter().any(|check| self.may(*check, CheckAction::Fix))
    }
}

impl Decisions {
    /// What is configured for a check.
    pub(super) fn of(&self, check: Check) -> PlannedCheck {
        const OFF: PlannedCheck = PlannedCheck {
            action: CheckAction::Off,
            otherwise: CheckAction::Off,
            unknown_charset: CheckAction::Off,
            shadow: false,
            max: 0,
        };
        self.0.get(check as usize).copied().unwrap_or(OFF)
    }
}

fn is_field_name(name: &str) -> bool {
    (1..=77).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}
