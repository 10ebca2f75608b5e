//! Builds the signer, and looks after the keys that it signs with.

use std::sync::Arc;
use std::time::Duration;

use postseal_filters::dkim::{DkimFilter, KeyTable};

use super::BuiltFilter;
use crate::config::{ConfigError, LoadedConfig};
use crate::keys::{KeyFolders, KeyStore, Refresh};
use crate::metrics::KeyLabel;
use crate::services::{KeysInForce, Services};

/// Signing keys, and the files that they come from.
pub struct SigningKeys {
    store: KeyStore,
    in_force: KeysInForce,
    /// How often to look at the files.
    pub period: Duration,
}

pub(super) fn build(loaded: &mut LoadedConfig, services: &Services) -> Result<Option<BuiltFilter>, ConfigError> {
    let (Some(settings), Some(plan)) = (&loaded.config.dkim, loaded.plans.dkim.take()) else {
        return Ok(None);
    };
    let (period, on_error) = (settings.key_refresh, settings.on_error);
    let opened = KeyStore::open(settings, &plan, &KeyFolders::of(&loaded.path));
    let opened = opened.map_err(|errors| loaded.invalid(errors))?;
    loaded.warn(opened.warnings);
    let in_force = Arc::clone(&services.keys);
    let mut signing = plan.signing;
    if let Some(checks) = &loaded.config.header_checks {
        signing.sign_also([&checks.fixed_field, &checks.tag_field].into_iter().filter_map(|name| name.0.as_deref()));
    }
    let filter = DkimFilter::new(signing, Arc::clone(&in_force));
    let keys = Some(SigningKeys { store: opened.store, in_force, period });
    Ok(Some(BuiltFilter { keys, ..BuiltFilter::shared(filter, on_error) }))
}

impl SigningKeys {
    /// The next message of every connection is signed with these keys. Blocks.
    pub fn put_in_force(&self) {
        let table = self.store.table();
        table.warm_up();
        self.in_force.store(table);
    }

    /// What the files hold.
    pub fn table(&self) -> Arc<KeyTable> {
        self.store.table()
    }

    /// Looks at the files. What has changed there is used after [`SigningKeys::put_in_force`]. Blocks.
    pub fn refresh(&mut self) -> Refresh {
        self.store.refresh()
    }

    /// Key files that can't be used as they are now.
    pub fn broken(&self) -> usize {
        self.store.broken()
    }

    /// The keys in force, as metrics name them.
    pub fn labels(&self) -> Vec<KeyLabel> {
        let table = self.in_force.load();
        let keys = table.rules().flat_map(|rule| {
            rule.keys().iter().map(|key| KeyLabel {
                domain: rule.signing_domain.to_string(),
                selector: key.selector.to_string(),
                algorithm: key.private.algorithm().as_str(),
                since: key.since,
            })
        });
        keys.collect()
    }

    /// Why nothing can be signed, if that is so.
    pub fn problem(&self) -> Option<String> {
        self.in_force.load().is_empty().then(|| "no key can be used".to_owned())
    }
}
