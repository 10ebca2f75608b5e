//! Checks how the settings fit together, and makes of them the rules that the filter works by.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::form::Prefixes;
use super::key::KeyPart;
use super::overrides::{Overrides, read_table};
use super::ramp::Growing;
use super::rate::Rates;
use super::reply::{ReplyTemplate, ReplyText};
use super::rule::LimitRule;
use super::settings::{BreachAction, Count, Ramp, RateLimitSettings};
use super::typed::{self, TypedKey};
use crate::problem::{Problem, Problems};

/// Makes rules of all `[[rate_limit]]`. `read` reads a table of overrides.
///
/// # Errors
/// Everything that does not fit together.
pub fn plan(
    settings: &[RateLimitSettings], read: &mut dyn FnMut(&Path) -> Result<String, String>,
) -> Result<Vec<LimitRule>, Vec<Problem>> {
    let mut names = HashSet::new();
    let mut planner = Planner { index: 0, errors: Problems::of(&["rate_limit"]) };
    let mut rules = Vec::new();
    for (index, settings) in settings.iter().enumerate() {
        planner.index = index;
        if !names.insert(settings.name.as_str()) {
            planner.error(["name"], "another [[rate_limit]] has the same name");
        }
        rules.push(planner.rule(settings, read));
    }
    planner.errors.finish(rules).map(|(rules, _)| rules)
}

struct Planner {
    index: usize,
    errors: Problems,
}

impl Planner {
    fn error<const N: usize>(&mut self, key: [&str; N], reason: impl Into<String>) {
        let index = self.index.to_string();
        self.errors.error([index.as_str()].into_iter().chain(key), reason);
    }

    fn rule(
        &mut self, settings: &RateLimitSettings, read: &mut dyn FnMut(&Path) -> Result<String, String>,
    ) -> LimitRule {
        self.check(settings);
        let ramps = settings.ramp.iter().enumerate().filter_map(|(at, ramp)| self.ramp(at, ramp));
        let ramps: Vec<Growing> = ramps.collect();
        let prefixes = Prefixes { ipv4: settings.ipv4_prefix, ipv6: settings.ipv6_prefix };
        let overrides = self.overrides(settings, TypedKey { key: &settings.key, prefixes, ramps: &ramps }, read);
        let others = overrides.iter().filter_map(|other| other.0.as_ref());
        let grown = settings.ramp.iter().flat_map(|ramp| &ramp.schedule);
        let sized = settings.limit.iter().chain(others).chain(grown).any(Rates::is_sized);
        if sized && settings.count != Count::Bytes {
            self.error(["limit"], "a unit of size makes sense for count = \"bytes\" only");
        }
        let reply = settings.reply.as_deref().unwrap_or(ReplyText::DEFAULT);
        let reply = ReplyTemplate::new(reply).unwrap_or_else(|reason| {
            self.error(["reply"], reason);
            ReplyTemplate::default()
        });
        LimitRule {
            name: settings.name.as_str().into(),
            key: settings.key.clone(),
            prefixes,
            count: settings.count,
            limit: settings.limit.clone(),
            overrides,
            ramps,
            action: settings.action,
            reply,
            block: settings.block.map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
            listener: settings.listener.clone(),
            origin: settings.origin.clone(),
            exempt: settings.exempt.clone(),
        }
    }

    fn check(&mut self, settings: &RateLimitSettings) {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-' | '.');
        let name = &settings.name;
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            self.error(["name"], "expected 1 to 64 small letters, digits, `_`, `-` or `.`");
        }
        if settings.key.is_empty() {
            self.error(
                ["key"],
                "is empty; name whose use is counted, such as [\"user\"], or [\"listener\"] for all together",
            );
        }
        let twice = |(at, part): (usize, &KeyPart)| settings.key.iter().skip(at + 1).any(|other| other == part);
        if settings.key.iter().enumerate().any(twice) {
            self.error(["key"], "has a part twice");
        }
        if settings.limit.is_none() && settings.ramp.is_empty() {
            self.error(["limit"], "is required, such as \"100/1h\"");
        }
        if settings.origin.as_ref().is_some_and(Vec::is_empty) {
            self.error(["origin"], "is empty, and so would match no mail; leave the key out for all mail of ours");
        }
        if settings.ipv4_prefix > 32 {
            self.error(["ipv4_prefix"], "must be at most 32");
        }
        if settings.ipv6_prefix > 128 {
            self.error(["ipv6_prefix"], "must be at most 128");
        }
        if settings.block.is_some() && settings.action == BreachAction::Log {
            self.error(["block"], "refuses mail, which action = \"log\" never does");
        }
        if settings.block.is_some_and(|time| time.is_zero()) {
            self.error(["block"], "is no time; write such as \"1h\", or \"none\"");
        }
        if let Some(at) = settings.exempt.iter().position(crate::submitter::Who::is_anybody) {
            self.error(["exempt", &at.to_string()], "names nobody, and so would exempt everybody");
        }
        if !settings.ramp.is_empty() && !settings.key.contains(&KeyPart::RecipientDomain) {
            self.error(["key"], "must have recipient_domain in it, since its ramps are by recipient domain");
        }
        if !settings.ramp.is_empty() && settings.count == Count::RejectedRecipients {
            self.error(["count"], "recipients that were refused can't be ramped up");
        }
    }

    fn overrides(
        &mut self, settings: &RateLimitSettings, typed: TypedKey<'_>,
        read: &mut dyn FnMut(&Path) -> Result<String, String>,
    ) -> Overrides {
        let mut overrides = Overrides::default();
        for (key, value) in &settings.overrides {
            if let Err(reason) = overrides.insert(typed, key, value.clone()) {
                self.error(["override", key], reason);
            }
        }
        let Some(path) = &settings.override_file else { return overrides };
        match read(path) {
            Err(reason) => self.error(["override_file"], reason),
            Ok(text) => read_table(&text, |line, entry| {
                let fault = match entry {
                    Err(reason) => Some(reason),
                    Ok((key, value)) => {
                        let inserted = overrides.insert(typed, key, value);
                        inserted.err().map(|reason| format!("`{key}` {reason}"))
                    }
                };
                if let Some(reason) = fault {
                    self.error(["override_file"], format!("line {line}: {reason}"));
                }
            }),
        }
        overrides
    }

    fn ramp(&mut self, at: usize, ramp: &Ramp) -> Option<Growing> {
        let at = at.to_string();
        let before = self.errors.errors();
        if ramp.recipient_domain.is_empty() {
            self.error(["ramp", &at, "recipient_domain"], "is required, such as [\"gmail.com\", \"googlemail.com\"]");
        }
        if ramp.start == super::Date::default() {
            self.error(["ramp", &at, "start"], "is required, such as \"2026-11-30\"");
        }
        if ramp.schedule.is_empty() {
            self.error(["ramp", &at, "schedule"], "is required, such as [\"50/1d\", \"100/1d\", \"200/1d\"]");
        }
        if ramp.step.as_secs() == 0 {
            self.error(["ramp", &at, "step"], "must be at least 1s");
        }
        let mut domains = Vec::new();
        for domain in &ramp.recipient_domain {
            match typed::domain(domain.trim()) {
                Ok(domain) => domains.push(domain),
                Err(error) => self.error(["ramp", &at, "recipient_domain"], error.to_string()),
            }
        }
        (self.errors.errors() == before).then(|| Growing {
            domains,
            start: ramp.start.unix_seconds(),
            step: ramp.step.as_secs(),
            schedule: ramp.schedule.clone(),
        })
    }
}

/// Tables that the settings name.
pub fn tables(settings: &[RateLimitSettings]) -> impl Iterator<Item = &PathBuf> {
    settings.iter().filter_map(|settings| settings.override_file.as_ref())
}
