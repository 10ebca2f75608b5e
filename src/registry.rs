//! From configuration to filters: the only list of filters, in the only order.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use postseal_filters::dkim::{DkimFilter, KeyTable, Plan};
use postseal_filters::{Clock, Entry, MessageLimits, OnError, Pipeline, Settings};

use crate::clock::SystemClock;
use crate::config::{Config, ConfigError, Listener, Loaded};
use crate::keys::{KeyStore, Notice};
use crate::metrics::KeyLabel;

/// The filters of every listener, in the order of the configuration.
pub struct Pipelines {
    /// One for each listener.
    pub pipelines: Vec<Arc<Pipeline>>,
    /// The keys that they sign with, if any of them does.
    pub keys: Option<Keys>,
}

/// Signing keys, and the files that they come from.
pub struct Keys {
    store: KeyStore,
    table: Arc<ArcSwap<KeyTable>>,
    /// How often to look at the files.
    pub period: Duration,
}

impl Pipelines {
    /// Builds them. Reads key files, and adds what is unwise about them to the warnings.
    ///
    /// # Errors
    /// Every listed key that can't be used.
    pub fn build(loaded: &mut Loaded) -> Result<Self, ConfigError> {
        let opened = loaded.open_keys()?;
        let config = &loaded.config;
        let signer = opened.as_ref().map(|(plan, store)| signer(config, plan, store));
        let pipelines = config.listener.iter().map(|listener| pipeline(config, listener, signer.as_ref()));
        let pipelines = pipelines.collect();
        let keys = opened.zip(signer).zip(config.dkim.as_ref()).map(|(((_, store), signer), settings)| {
            Keys { store, table: signer.keys, period: settings.key_refresh }
        });
        Ok(Self { pipelines, keys })
    }
}

struct Signer {
    entry: Entry,
    keys: Arc<ArcSwap<KeyTable>>,
}

fn signer(config: &Config, plan: &Plan, store: &KeyStore) -> Signer {
    let keys = Arc::new(ArcSwap::new(store.table()));
    let filter = Arc::new(DkimFilter::new(plan.signing.clone(), Arc::clone(&keys)));
    let on_error = config.dkim.as_ref().map_or(OnError::Tempfail, |settings| settings.on_error);
    Signer { entry: Entry { filter, on_error }, keys }
}

/// The signer comes last: it signs what the others have made of the message.
fn pipeline(config: &Config, listener: &Listener, signer: Option<&Signer>) -> Arc<Pipeline> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings = Settings {
        listener: listener.name.as_str().into(),
        role: listener.role,
        origin: config.origin.policy(),
        limits: MessageLimits {
            header_octets: config.limits.header_size.bytes(),
            header_fields: config.limits.header_fields,
            recipients: config.limits.recipients,
        },
        clock,
    };
    Arc::new(Pipeline::new(settings, signer.map(|signer| signer.entry.clone()).into_iter().collect()))
}

impl Keys {
    /// Looks at the files, and puts what has changed in force for the next message. Blocks.
    pub fn refresh(&mut self) -> Vec<Notice> {
        let refresh = self.store.refresh();
        if let Some(table) = refresh.table {
            self.table.store(table);
        }
        refresh.notices
    }

    /// The keys in force, as metrics name them.
    pub fn labels(&self) -> Vec<KeyLabel> {
        let table = self.table.load();
        let keys = table.rules().flat_map(|rule| {
            rule.keys().iter().map(|key| KeyLabel {
                domain: rule.signing_domain.to_string(),
                selector: key.selector.to_string(),
                algorithm: key.private.algorithm().as_str(),
            })
        });
        keys.collect()
    }

    /// Why nothing can be signed, if that is so.
    pub fn problem(&self) -> Option<String> {
        self.table.load().is_empty().then(|| "no key can be used".to_owned())
    }
}
