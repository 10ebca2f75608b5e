//! The owners of addresses: which submitter may use which address.
//!
//! There may be a hundred thousand entries for users by name. They are found by user and address in one hash map.
//! Entries for networks, certificates and patterns of users are found by address in another. An entry names an
//! address, a domain, or all domains below one, so a look-up takes one hash for each label of the domain. Only
//! address patterns with a `*` in another place are compared one by one; the number of these is bounded.

mod entries;
mod keys;
mod survey;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::pattern::AddressPattern;
use super::settings::AddressField;
use crate::mail::address::{AddrSpec, DomainName, Mailbox};
use crate::mail::letter_case::{folded, folded_octets};
use crate::submitter::{Submitter, Who};
use keys::{OwnerKeys, PostfixMap};

/// A character that is in no login and in no address.
const SEPARATOR: &str = "\0";

/// All entries.
#[derive(Debug, Default)]
pub(super) struct Owners {
    default_domain: Option<DomainName>,
    own_address: bool,
    tag_separators: String,
    grants: Vec<Grant>,
    by_user: HashMap<Box<str>, Allowed>,
    /// By address key: entries whose condition on the submitter must be compared.
    by_address: HashMap<Box<str>, Vec<u32>>,
    /// Patterns that must be compared: of a user, and of other submitters.
    mixed_by_user: HashMap<Box<str>, Vec<(AddressPattern, u32)>>,
    mixed: Vec<(AddressPattern, u32)>,
    accounts: HashMap<Box<str>, AddrSpec>,
    other_accounts: Vec<(Who, AddrSpec)>,
    maps: Vec<PostfixMap>,
    tables: Vec<Arc<str>>,
}

/// An entry.
#[derive(Debug)]
struct Grant {
    source: OwnerSource,
    who: Option<Who>,
    places: [bool; 3],
}

#[derive(Clone, Copy, Debug)]
enum OwnerSource {
    Entry(usize),
    Line { table: usize, line: u32 },
}

/// The first grant for each place.
#[derive(Debug, Default)]
struct Allowed([Option<u32>; 3]);

/// The right by which a submitter uses an address.
#[derive(Debug)]
pub(super) enum OwnerRight<'a> {
    /// The address is the user's own.
    Own,
    /// A `[[sender.owner]]`, by its number from 0.
    Entry(usize),
    /// A line of a table.
    Line(&'a str, u32),
}

impl Owners {
    /// The domain of addresses that have none.
    pub(super) fn default_domain(&self) -> Option<&DomainName> {
        self.default_domain.as_ref()
    }

    /// The right by which the submitter uses the address in that place; `None` if there is none.
    pub(super) fn right(
        &self, submitter: &Submitter<'_>, address: &AddrSpec, place: AddressField,
    ) -> Option<OwnerRight<'_>> {
        let user = user(submitter);
        let without_tag = self.without_tag(address);
        if self.own_address
            && let Some(own) = self.login_address(user.as_deref())
            && (own == *address || without_tag.as_ref() == Some(&own))
        {
            return Some(OwnerRight::Own);
        }
        let keys = OwnerKeys { full: address.key(), without_tag: without_tag.map(|address| address.key()) };
        let user = user.as_deref();
        self.by_key(user, submitter, &keys, address.domain(), place)
            .or_else(|| self.by_comparison(user, submitter, address, place))
            .and_then(|id| self.show(id))
            .or_else(|| self.by_map(user?, &keys, address.domain(), place))
    }

    /// True if the login has no domain and the mailbox is just the login.
    pub(super) fn is_bare_login(&self, submitter: &Submitter<'_>, mailbox: &Mailbox) -> bool {
        self.own_address
            && mailbox.domain.is_none()
            && submitter.user.is_some_and(|user| *folded_octets(user) == *folded(&mailbox.local).as_bytes())
    }

    /// The address that stands for the submitter.
    pub(super) fn account(&self, submitter: &Submitter<'_>) -> Option<AddrSpec> {
        let user = user(submitter);
        let listed = user.as_deref().and_then(|user| self.accounts.get(user));
        let other = || self.other_accounts.iter().find(|(who, _)| who.matches(submitter));
        match listed.or_else(|| other().map(|(_, address)| address)) {
            Some(address) => Some(address.clone()),
            None if self.own_address => self.login_address(user.as_deref()),
            None => None,
        }
    }

    fn by_key(
        &self, user: Option<&str>, submitter: &Submitter<'_>, keys: &OwnerKeys, domain: &str, place: AddressField,
    ) -> Option<u32> {
        let of_user = |key: &str| self.by_user.get(&*user_key(user?, key)).and_then(|allowed| allowed.at(place));
        let of_others = |key: &str| {
            let ids = self.by_address.get(key)?;
            ids.iter().copied().find(|id| self.applies(*id, submitter, place))
        };
        let found = (!self.by_user.is_empty()).then(|| keys.any(domain, of_user)).flatten();
        found.or_else(|| (!self.by_address.is_empty()).then(|| keys.any(domain, of_others)).flatten())
    }

    fn by_comparison(
        &self, user: Option<&str>, submitter: &Submitter<'_>, address: &AddrSpec, place: AddressField,
    ) -> Option<u32> {
        let of_user = user.and_then(|user| self.mixed_by_user.get(user));
        let all = of_user.into_iter().flatten().chain(&self.mixed);
        let fits =
            |(pattern, id): &&(AddressPattern, u32)| pattern.matches(address) && self.applies(*id, submitter, place);
        all.into_iter().find(fits).map(|(_, id)| *id)
    }

    fn by_map(&self, user: &str, keys: &OwnerKeys, domain: &str, place: AddressField) -> Option<OwnerRight<'_>> {
        let maps = self.maps.iter().filter(|map| at(&map.places, place));
        let owned = maps.filter_map(|map| map.find(keys, domain).map(|owned| (map.table, owned)));
        let (table, owned) = owned.into_iter().find(|(_, owned)| owned.logins.iter().any(|login| **login == *user))?;
        Some(OwnerRight::Line(self.table(table), owned.line))
    }

    fn applies(&self, id: u32, submitter: &Submitter<'_>, place: AddressField) -> bool {
        self.grants
            .get(id as usize)
            .is_some_and(|grant| grant.allows(place) && grant.who.as_ref().is_none_or(|who| who.matches(submitter)))
    }

    fn show(&self, id: u32) -> Option<OwnerRight<'_>> {
        Some(match self.grants.get(id as usize)?.source {
            OwnerSource::Line { table, line } => OwnerRight::Line(self.table(table), line),
            OwnerSource::Entry(number) => OwnerRight::Entry(number),
        })
    }

    fn table(&self, number: usize) -> &str {
        self.tables.get(number).map_or("", |name| name)
    }

    fn login_address(&self, user: Option<&str>) -> Option<AddrSpec> {
        let mailbox = AddrSpec::alone(user?.as_bytes())?;
        match (mailbox.domain, &self.default_domain) {
            (Some(domain), _) => AddrSpec::new(mailbox.local, domain),
            (None, Some(domain)) => AddrSpec::new(mailbox.local, domain.as_str()),
            (None, None) => None,
        }
    }

    /// The address without its tag, if it has one.
    fn without_tag(&self, address: &AddrSpec) -> Option<AddrSpec> {
        let (local, _) = address.local().split_once(|c| self.tag_separators.contains(c))?;
        if local.is_empty() { None } else { AddrSpec::new(local, address.domain()) }
    }
}

impl Grant {
    fn allows(&self, place: AddressField) -> bool {
        at(&self.places, place)
    }
}

impl Allowed {
    fn at(&self, place: AddressField) -> Option<u32> {
        index(place).and_then(|index| self.0.get(index).copied().flatten())
    }
}

impl fmt::Display for OwnerRight<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("the user's own address"),
            Self::Entry(number) => write!(f, "sender.owner[{number}]"),
            Self::Line(table, line) => write!(f, "{table}:{line}"),
        }
    }
}

/// The user in small letters, as the tables have it.
fn user(submitter: &Submitter<'_>) -> Option<String> {
    std::str::from_utf8(submitter.user?).ok().map(|user| folded(user).into_owned())
}

fn user_key(user: &str, key: &str) -> String {
    [user, SEPARATOR, key].concat()
}

fn at(places: &[bool; 3], place: AddressField) -> bool {
    index(place).and_then(|index| places.get(index).copied()).unwrap_or(false)
}

fn index(place: AddressField) -> Option<usize> {
    AddressField::OWNED.iter().position(|one| *one == place)
}
