//! The keys under which an address is looked up in tables.

use std::collections::HashMap;

use super::super::table::Owned;
use crate::mail::address::domains_above;

pub(super) const ANY: &str = "*";

/// A Postfix table. Only the most specific entry for an address decides.
#[derive(Debug)]
pub(super) struct PostfixMap {
    pub(super) table: usize,
    pub(super) places: [bool; 3],
    pub(super) entries: HashMap<Box<str>, Owned>,
}

/// The keys under which an address is looked up, the most specific first.
pub(super) struct OwnerKeys {
    pub(super) full: String,
    pub(super) without_tag: Option<String>,
}

impl OwnerKeys {
    pub(super) fn any<T>(&self, domain: &str, mut look_up: impl FnMut(&str) -> Option<T>) -> Option<T> {
        let exact = std::iter::once(&self.full).chain(&self.without_tag);
        if let Some(found) = exact.into_iter().find_map(|key| look_up(key)) {
            return Some(found);
        }
        let mut key = format!("@{domain}");
        if let Some(found) = look_up(&key) {
            return Some(found);
        }
        let above = domains_above(domain).find_map(|above| {
            key.clear();
            key.extend(["@.", above]);
            look_up(&key)
        });
        above.or_else(|| look_up(ANY))
    }
}

impl PostfixMap {
    pub(super) fn find(&self, keys: &OwnerKeys, domain: &str) -> Option<&Owned> {
        let tag = || keys.without_tag.as_ref().and_then(|key| self.entries.get(&**key));
        let of_domain = || self.entries.get(&*format!("@{domain}"));
        self.entries.get(&*keys.full).or_else(tag).or_else(of_domain)
    }
}
