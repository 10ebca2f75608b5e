//! Questions of `check-config` about the entries as a whole.

use super::keys::OwnerKeys;
use super::{Owners, SEPARATOR, user_key};
use crate::mail::address::AddrSpec;
use crate::sender::settings::AddressField;

impl Owners {
    /// True if an entry lets some submitter use the address in From. Users whose login is the address are not
    /// counted: any login may be created later.
    pub(in crate::sender) fn may_be_used(&self, address: &AddrSpec) -> bool {
        let keys = OwnerKeys { full: address.key(), without_tag: None };
        let from = |id: &u32| self.grants.get(*id as usize).is_some_and(|grant| grant.allows(AddressField::From));
        let listed = |key: &str| self.by_address.get(key).is_some_and(|ids| ids.iter().any(from));
        let mixed = self.mixed_by_user.values().flatten().chain(&self.mixed);
        keys.any(address.domain(), |key| listed(key).then_some(())).is_some()
            || mixed.into_iter().any(|(pattern, _)| pattern.matches(address))
            || self.maps.iter().any(|map| map.find(&keys, address.domain()).is_some())
            || self.users().any(|user| {
                keys.any(address.domain(), |key| self.by_user.get(&*user_key(user, key)).map(|_| ())).is_some()
            })
    }

    /// True if an entry is for mail that comes by this listener without a login.
    pub(in crate::sender) fn without_login(&self, listener: &str) -> bool {
        self.grants.iter().filter_map(|grant| grant.who.as_ref()).any(|who| {
            let unknown = who.user.is_none() && who.certificate.is_none() && who.fingerprint.is_none();
            unknown && who.listener.as_ref().is_none_or(|names| names.contain(listener.as_bytes()))
        })
    }

    /// The number of patterns that are compared one by one.
    pub(in crate::sender) fn compared(&self) -> usize {
        self.mixed.len() + self.mixed_by_user.values().map(Vec::len).sum::<usize>()
    }

    fn users(&self) -> impl Iterator<Item = &str> {
        self.by_user.keys().filter_map(|key| key.split_once(SEPARATOR).map(|(user, _)| user))
    }
}
