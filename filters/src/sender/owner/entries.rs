//! Fills the maps in which addresses are looked up, from the entries and tables of the configuration.

use super::keys::{ANY, PostfixMap};
use super::{Grant, OwnerSource, Owners, user_key};
use crate::mail::letter_case::folded;
use crate::sender::pattern::{AddressPattern, PatternShape};
use crate::sender::settings::{AddressField, OwnerSettings, SenderSettings};
use crate::sender::table::OwnerTable;
use crate::submitter::Who;

impl Owners {
    /// The owners without any entry.
    pub(in crate::sender) fn new(settings: &SenderSettings) -> Self {
        Self {
            default_domain: settings.default_domain.clone(),
            own_address: settings.own_address,
            tag_separators: settings.tag_separators.clone(),
            ..Self::default()
        }
    }

    /// Adds the `[[sender.owner]]` with that number.
    pub(in crate::sender) fn add_entry(&mut self, number: usize, settings: &OwnerSettings) {
        let who = settings.who();
        let own = settings.address.as_ref().and_then(|address| address.to_string().parse().ok());
        let patterns: Vec<AddressPattern> = settings.may_use.iter().cloned().chain(own).collect();
        let places = places(&settings.places);
        let source = OwnerSource::Entry(number);
        match plain_users(&who) {
            Some(users) => {
                for user in users {
                    self.add(source, Some(&user), None, places, &patterns);
                    if let Some(address) = &settings.address {
                        self.accounts.entry(user.into()).or_insert_with(|| address.clone());
                    }
                }
            }
            None => {
                self.add(source, None, Some(who.clone()), places, &patterns);
                self.other_accounts.extend(settings.address.clone().map(|address| (who, address)));
            }
        }
    }

    /// Adds the entries of a file.
    pub(in crate::sender) fn add_table(&mut self, name: &str, table: OwnerTable, in_places: &[AddressField]) {
        let (number, places) = (self.tables.len(), places(in_places));
        self.tables.push(name.into());
        match table {
            OwnerTable::Lines(lines) => {
                for (line, user, patterns) in lines {
                    self.add(OwnerSource::Line { table: number, line }, Some(&user), None, places, &patterns);
                }
            }
            OwnerTable::Postfix(entries) => self.maps.push(PostfixMap { table: number, places, entries }),
        }
    }

    fn add(
        &mut self, source: OwnerSource, user: Option<&str>, who: Option<Who>, places: [bool; 3],
        patterns: &[AddressPattern],
    ) {
        let id = u32::try_from(self.grants.len()).unwrap_or(u32::MAX);
        self.grants.push(Grant { source, who, places });
        for pattern in patterns {
            match (key(pattern.shape()), user) {
                (Some(key), Some(user)) => {
                    let allowed = self.by_user.entry(user_key(user, key).into()).or_default();
                    for (first, place) in allowed.0.iter_mut().zip(places) {
                        *first = first.or(place.then_some(id));
                    }
                }
                (Some(key), None) => self.by_address.entry(key.into()).or_default().push(id),
                (None, Some(user)) => {
                    self.mixed_by_user.entry(user.into()).or_default().push((pattern.clone(), id));
                }
                (None, None) => self.mixed.push((pattern.clone(), id)),
            }
        }
    }
}

/// The users, if the condition names users only, and none with a star.
fn plain_users(who: &Who) -> Option<Vec<String>> {
    let Who { user: Some(users), client: None, listener: None, certificate: None, fingerprint: None } = who else {
        return None;
    };
    let plain = users.iter().all(|name| name.is_plain());
    plain.then(|| users.iter().map(|name| folded(name.as_str()).into_owned()).collect())
}

fn key(shape: &PatternShape) -> Option<&str> {
    match shape {
        PatternShape::Address(key) | PatternShape::Domain(key) | PatternShape::Subdomains(key) => Some(key),
        PatternShape::Any => Some(ANY),
        PatternShape::Mixed => None,
    }
}

fn places(listed: &[AddressField]) -> [bool; 3] {
    AddressField::OWNED.map(|place| listed.contains(&place))
}
