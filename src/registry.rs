//! From configuration to filters: the only list of filters, in the only order.

mod sender;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use postseal_filters::dkim::{DkimFilter, KeyTable};
use postseal_filters::header_checks::{self, HeaderChecks};
use postseal_filters::{Clock, MessageLimits, OnError, Pipeline, PipelineEntry, PipelineSettings, Role};

use crate::clock::SystemClock;
use crate::config::{Config, ConfigError, KeyPath, ListenerConfig, LoadedConfig};
use crate::keys::{KeyStore, Refresh};
use crate::metrics::{KeyLabel, Metrics};
use crate::rate_limit::{self, LimitObserver, RateLimits};
use crate::store::StoreInForce;
use sender::SenderFilters;

/// The filters of every listener, in the order of the configuration.
pub struct Pipelines {
    /// One for each listener.
    pub pipelines: Vec<Arc<Pipeline>>,
    /// The keys that they sign with, if any of them does.
    pub keys: Option<SigningKeys>,
}

/// The keys in force: one place for the whole life of the service, so that a connection from before a reload signs with
/// the keys of today.
pub type KeysInForce = Arc<ArcSwap<KeyTable>>;

/// What filters share for the whole life of the service, whatever the configuration becomes.
pub struct Services {
    /// The keys in force.
    pub keys: KeysInForce,
    /// Where limits are counted.
    pub store: StoreInForce,
    /// Who is told what limits come to.
    pub limits: Arc<LimitObserver>,
}

impl Services {
    /// Nothing yet.
    pub fn new(metrics: &Arc<Metrics>) -> Self {
        let limits = LimitObserver::new(Arc::clone(metrics));
        Self { keys: KeysInForce::default(), store: StoreInForce::default(), limits }
    }

    /// For those who look at a configuration, or try it, and must not touch what the service counts.
    ///
    /// # Errors
    /// If two metrics have the same name.
    pub fn offline() -> prometheus::Result<Self> {
        let services = Self::new(&Metrics::new()?);
        Ok(Self { store: StoreInForce::throwaway(), ..services })
    }
}

/// Signing keys, and the files that they come from.
pub struct SigningKeys {
    store: KeyStore,
    in_force: KeysInForce,
    /// How often to look at the files.
    pub period: Duration,
}

impl Pipelines {
    /// Builds them. Reads key files, and adds what is unwise about them to the warnings. The keys are not used before
    /// [`SigningKeys::put_in_force`].
    ///
    /// # Errors
    /// Every listed key that can't be used, and every limit that makes no sense.
    pub fn build(loaded: &mut LoadedConfig, services: &Services) -> Result<Self, ConfigError> {
        let opened = loaded.open_keys()?;
        let senders = SenderFilters::build(loaded)?;
        let rules = rate_limit::rules(loaded)?;
        let limits = RateLimits::new(rules, loaded, services)?;
        let config = &loaded.config;
        let checks = config.header_checks.as_ref().map(|settings| {
            let problem =
                |error: header_checks::SettingsError| loaded.problem(KeyPath::new(error.key), error.reason);
            let plan = settings.plan().map_err(|errors| errors.into_iter().map(problem).collect());
            plan.map(|plan| (HeaderChecks::new(plan), settings.on_error)).map_err(ConfigError::Invalid)
        });
        let checks = checks.transpose()?;
        let (mut signer, mut keys) = (None, None);
        if let (Some((plan, store)), Some(settings)) = (opened, &config.dkim) {
            let in_force = &services.keys;
            signer = Some((DkimFilter::new(plan.signing, Arc::clone(in_force)), settings.on_error));
            keys = Some(SigningKeys { store, in_force: Arc::clone(in_force), period: settings.key_refresh });
        }
        let filters = Filters { limits, checks, senders, signer };
        let pipelines = config.listener.iter().map(|listener| pipeline(config, listener, &filters));
        Ok(Self { pipelines: pipelines.collect(), keys })
    }
}

/// The filters that are configured, each with what happens when it fails.
struct Filters {
    limits: Option<RateLimits>,
    checks: Option<(HeaderChecks, OnError)>,
    senders: Option<SenderFilters>,
    signer: Option<(DkimFilter, OnError)>,
}

/// Limits come first: what they refuse costs nothing more. The signer comes last: it signs what the others have made of
/// the message. Behind it only what changes nothing.
fn pipeline(config: &Config, listener: &ListenerConfig, filters: &Filters) -> Arc<Pipeline> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let settings = PipelineSettings {
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
    let role = listener.role;
    let mut entries = Vec::new();
    entries.extend(filters.limits.as_ref().and_then(|limits| limits.entry(listener)));
    if let Some((checks, on_error)) = &filters.checks {
        entries.push(PipelineEntry { filter: Arc::new(checks.for_role(role)), on_error: *on_error });
    }
    // Mail from elsewhere is sent by whom it likes.
    let senders = filters.senders.as_ref().filter(|_| role != Role::Mx);
    entries.extend(senders.map(SenderFilters::before_signing));
    if let Some((signer, on_error)) = &filters.signer {
        entries.push(PipelineEntry { filter: Arc::new(signer.for_role(role)), on_error: *on_error });
    }
    entries.extend(senders.map(SenderFilters::after_signing));
    Arc::new(Pipeline::new(settings, entries))
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
