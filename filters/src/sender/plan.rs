//! Checks how the settings fit together, and makes of them what the filter works by.

use super::SenderPolicy;
use super::owner::Owners;
use super::rewrite::Rules;
use super::settings::{AddressField, OwnerSettings, RewriteSettings, SenderSettings};
use super::table::OwnerTable;
use crate::connection::Role;
use crate::mail::address::AddrSpec;
use crate::mail::address::organizational_domain;
use crate::problem::{Problem, Problems};

const NO_PLACE: &str = "names no place; leave it out for all";
const NOT_OWNED: &str = "anybody may use any address in that place; name envelope, from or sender";
const MAX_COMPARED_PATTERNS: usize = 1000;
const MAX_REPORTED_LINES: usize = 10;

/// A table file as it was read: its name for people, and its text.
pub type TableText = (String, String);

/// Settings that fit together.
pub struct SenderPlan {
    /// What the filter works by.
    pub policy: SenderPolicy,
    /// What works but is unwise.
    pub warnings: Vec<Problem>,
}

impl SenderSettings {
    /// Checks the settings as a whole, with the text of each `[[sender.table]]` in order, and the listeners.
    ///
    /// # Errors
    /// Everything that does not fit together.
    pub fn plan(&self, tables: &[TableText], listeners: &[(&str, Role)]) -> Result<SenderPlan, Vec<Problem>> {
        let mut problems = Problems::of(&["sender"]);
        let odd = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii_graphic() || matches!(c, '@' | '.' | '"' | '\\');
        if self.tag_separators.contains(odd) {
            problems.error(["tag_separators"], "is a set of characters such as \"+\" or \"+-\"");
        }
        if self.max_addresses == 0 {
            problems.error(["max_addresses"], "must be more than 0");
        }
        for (number, owner) in self.owner.iter().enumerate() {
            check_owner(number, owner, &mut problems);
        }
        let owners = self.owners(tables, &mut problems);
        if owners.compared() > MAX_COMPARED_PATTERNS {
            let reason = format!(
                "has {} address patterns with * that are no whole domain; {MAX_COMPARED_PATTERNS} at most, since they are \
                 compared one by one",
                owners.compared()
            );
            problems.error(["owner"], reason);
        }
        for (number, rule) in self.rewrite.iter().enumerate() {
            self.check_rewrite(number, rule, &owners, &mut problems);
        }
        for (name, role) in listeners {
            if matches!(role, Role::Local | Role::Reinject) && !owners.without_login(name) {
                problems.warning(
                    ["owner"],
                    format!(
                        "mail of listener `{name}` comes without a login, and no entry says what it may use: add \
                         [[sender.owner]] with listener = \"{name}\" and may_use"
                    ),
                );
            }
        }
        let responders = self.autoresponder.iter().map(|one| (one.who(), one.sender.clone())).collect();
        let policy = SenderPolicy { owners, rules: Rules::new(&self.rewrite), responders, ..SenderPolicy::of(self) };
        let (policy, warnings) = problems.finish(policy)?;
        Ok(SenderPlan { policy, warnings })
    }

    fn owners(&self, tables: &[TableText], problems: &mut Problems) -> Owners {
        let mut owners = Owners::new(self);
        for (number, owner) in self.owner.iter().enumerate() {
            owners.add_entry(number, owner);
        }
        for (number, (settings, (name, text))) in self.table.iter().zip(tables).enumerate() {
            check_places("table", number, &settings.places, problems);
            match OwnerTable::parse(text, settings.format, self.default_domain.as_ref()) {
                Ok(table) => owners.add_table(name, table, &settings.places),
                Err(lines) => {
                    for error in lines.iter().take(MAX_REPORTED_LINES) {
                        problems.error_in("table", number, "file", format!("{name}, {error}"));
                    }
                    if let Some(more) = lines.len().checked_sub(MAX_REPORTED_LINES).filter(|more| *more > 0) {
                        problems.error_in("table", number, "file", format!("{name}: {more} more lines like that"));
                    }
                }
            }
        }
        owners
    }

    fn check_rewrite(&self, number: usize, rule: &RewriteSettings, owners: &Owners, problems: &mut Problems) {
        if rule.to.captures() > rule.pattern.stars() {
            let stars = rule.pattern.stars();
            let reason = format!("${} has nothing to stand for: `match` has {stars} *", rule.to.captures());
            problems.error_in("rewrite", number, "to", reason);
        }
        let places = &rule.fields;
        if places.is_empty() {
            problems.error_in("rewrite", number, "fields", NO_PLACE);
        }
        let (envelope, from) = (places.contains(&AddressField::Envelope), places.contains(&AddressField::From));
        if envelope != from && !stays_aligned(rule) {
            let (one, other) = if envelope { ("the envelope", "From") } else { ("From", "the envelope") };
            let reason = format!(
                "changes {one} to another domain and not {other}, so the two fall apart and DMARC may fail; leave \
                 `fields` out, or name both"
            );
            problems.warning_in("rewrite", number, "fields", reason);
        }
        if let Some(address) = rule.to.fixed()
            && places.iter().any(|place| AddressField::OWNED.contains(place))
            && !owners.may_be_used(&address)
        {
            let reason =
                format!("gives no right, and no [[sender.owner]] lets anybody use {address} but the user of that name");
            problems.warning_in("rewrite", number, "to", reason);
        }
    }
}

fn check_owner(number: usize, owner: &OwnerSettings, problems: &mut Problems) {
    if owner.may_use.is_empty() && owner.address.is_none() {
        problems.error_in("owner", number, "may_use", "is missing: the addresses that they may use");
    }
    check_places("owner", number, &owner.places, problems);
    if owner.who().is_anybody() {
        let reason = "is for everybody: names no user, client, listener, certificate or fingerprint";
        problems.warning_in("owner", number, "may_use", reason);
    }
}

fn check_places(list: &str, number: usize, places: &[AddressField], problems: &mut Problems) {
    if places.is_empty() {
        problems.error_in(list, number, "in", NO_PLACE);
    }
    if places.iter().any(|place| !AddressField::OWNED.contains(place)) {
        problems.error_in(list, number, "in", NOT_OWNED);
    }
}

/// True if the organizational domain is the same before and after.
fn stays_aligned(rule: &RewriteSettings) -> bool {
    let Some(to) = rule.to.domain() else { return false };
    let from = rule.pattern.domain_end();
    from.is_some_and(|from| organizational_domain(from) == organizational_domain(to) && to.contains('.'))
}

impl SenderPolicy {
    /// The account that Sender names in mail of an autoresponder.
    pub(super) fn responder(&self, submitter: &crate::submitter::Submitter<'_>) -> Option<&AddrSpec> {
        self.responders.iter().find(|(who, _)| who.matches(submitter)).map(|(_, sender)| sender)
    }
}
