//! The keys that the configuration names: opened at the start, then kept up to date.
//!
//! ```text
//! let mut opened = KeyStore::open(&settings, &place)?;       at the start, and for a reload
//! loop {
//!     wait for settings.key_refresh;
//!     let refresh = opened.store.refresh();                   blocks: reads files, parses keys
//!     if let Some(table) = refresh.table { put it in force }
//!     log refresh.notices;
//! }
//! ```
//!
//! At the start every listed key must be good: a configuration that names a bad key is wrong. Later, a file that turns
//! bad never takes away a key that works. A bad file in the key directory never keeps the service from starting, since
//! one domain must not harm thousands of others; that domain then has no usable key.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use postseal_filters::Problem;
use postseal_filters::dkim::{
    DkimPlan, DkimSettings, DomainName, KeyTable, NamedKey, Pattern, PlannedRule, PrivateKey, SelectorName, SigningRule,
};

use super::directory::DirectoryBounds;
use super::notice::{KeyEvent, Notice};
use super::ring::Ring;

/// Keys and their files.
pub struct KeyStore {
    rules: Vec<PlannedRule>,
    ring: Ring<LoadedKey>,
    table: Arc<KeyTable>,
}

/// A key as it came from its file.
struct LoadedKey {
    private: Arc<PrivateKey>,
    /// When the file was last changed, in seconds since 1970.
    since: i64,
}

/// The folders in which relative paths of key files begin.
#[derive(Clone, Debug, Default)]
pub struct KeyFolders {
    /// Relative paths begin here: the directory of the configuration file.
    pub base: PathBuf,
    /// `$CREDENTIALS_DIRECTORY`, in which systemd puts what `LoadCredential=` names.
    pub credentials: Option<PathBuf>,
}

/// Keys that have been read for the first time.
pub struct OpenedKeys {
    /// The keys.
    pub store: KeyStore,
    /// Warnings, and problems in the key directory.
    pub warnings: Vec<Problem>,
}

/// The result of a look at the files.
#[derive(Debug)]
pub struct Refresh {
    /// The keys from now on, if they have changed.
    pub table: Option<Arc<KeyTable>>,
    /// Events for the log.
    pub notices: Vec<Notice>,
}

impl KeyStore {
    /// Reads all keys. The plan is that of the settings.
    ///
    /// # Errors
    /// Every listed key that can't be used, and a key directory that can't be read.
    pub fn open(settings: &DkimSettings, plan: &DkimPlan, place: &KeyFolders) -> Result<OpenedKeys, Vec<Problem>> {
        let mut errors = Vec::new();
        let mut rules = plan.rules.clone();
        // Settings by file, so that a problem of a file names its setting.
        let mut places: BTreeMap<PathBuf, Vec<Vec<String>>> = BTreeMap::new();
        for (index, rule) in rules.iter_mut().enumerate() {
            for (at, key) in rule.keys.iter_mut().enumerate() {
                let setting = ["dkim", "domain", &index.to_string(), "keys", &at.to_string(), "file"];
                let setting: Vec<_> = setting.map(str::to_owned).into();
                match place.resolve(&key.file) {
                    Ok(path) => {
                        places.entry(path.clone()).or_default().push(setting);
                        key.file = path;
                    }
                    Err(reason) => errors.push(Problem::error(setting, reason)),
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let directory = settings.key_dir.as_ref().map(|path| place.base.join(path));
        let bounds =
            DirectoryBounds { domains: settings.key_dir_max_domains, selectors: settings.key_dir_max_selectors };
        let ring = Ring::new(places.keys().cloned(), directory.clone(), bounds);
        let mut store = Self { rules, ring, table: Arc::default() };
        let notices = store.refresh().notices;

        let mut warnings = store.rules_without_keys();
        for notice in notices {
            let fatal = match notice.event {
                KeyEvent::Broken { .. } => {
                    places.contains_key(&notice.path) || Some(&notice.path) == directory.as_ref()
                }
                _ if notice.is_warning() => false,
                _ => continue,
            };
            let (problems, problem): (_, fn(Vec<String>, String) -> Problem) =
                if fatal { (&mut errors, Problem::error) } else { (&mut warnings, Problem::warning) };
            match places.get(&notice.path) {
                Some(settings) => {
                    problems.extend(settings.iter().map(|key| problem(key.clone(), notice.event.to_string())))
                }
                None => {
                    // The directory itself is named by the setting.
                    let reason = if fatal { notice.event.to_string() } else { notice.to_string() };
                    problems.push(problem(vec!["dkim".to_owned(), "key_dir".to_owned()], reason));
                }
            }
        }
        if errors.is_empty() { Ok(OpenedKeys { store, warnings }) } else { Err(errors) }
    }

    /// The keys in force.
    pub fn table(&self) -> Arc<KeyTable> {
        Arc::clone(&self.table)
    }

    /// Key files and folders that can't be used as they are now; a key that was read before stays in use.
    pub fn broken(&self) -> usize {
        self.ring.broken()
    }

    /// Rules whose keys should be in the key directory, and are not.
    fn rules_without_keys(&self) -> Vec<Problem> {
        let found: BTreeSet<_> = self.ring.found().map(|((domain, _), _)| domain).collect();
        let has_key = |rule: &PlannedRule| rule.signing_domain.named().is_some_and(|domain| found.contains(domain));
        let missing = |rule: &PlannedRule| rule.keys.is_empty() && !has_key(rule);
        let missing = self.rules.iter().enumerate().filter(|(_, rule)| missing(rule));
        let problem = |(index, rule): (usize, &PlannedRule)| {
            let key = vec!["dkim".to_owned(), "domain".to_owned(), index.to_string()];
            Problem::warning(key, format!("there is no key for {} in dkim.key_dir", rule.signing_domain))
        };
        missing.map(problem).collect()
    }

    /// Looks at the files, and reads those that have changed. Cheap if none has: a system call for each.
    pub fn refresh(&mut self) -> Refresh {
        let mut notices = Vec::new();
        let parse = |pem: &[u8], since: i64| match PrivateKey::from_pem(pem) {
            Ok(key) => {
                let weak = key
                    .is_weak()
                    .then(|| format!("the RSA key has {} bits; some receivers refuse less than 2048", key.bits()));
                Ok((LoadedKey { private: Arc::new(key), since }, weak))
            }
            Err(error) => Err(error.to_string()),
        };
        if !self.ring.refresh(SystemTime::now(), parse, &mut notices) {
            return Refresh { table: None, notices };
        }
        self.table = Arc::new(self.build());
        Refresh { table: Some(self.table()), notices }
    }

    fn build(&self) -> KeyTable {
        let mut directory: BTreeMap<DomainName, Vec<NamedKey>> = BTreeMap::new();
        for ((domain, selector), found) in self.ring.found() {
            // A domain of which no key is usable stays in the table, so that its mail does not go out unsigned.
            let keys = directory.entry(domain.clone()).or_default();
            keys.extend(found.ok().map(|held| held.under(selector)));
        }
        for domain in self.ring.closed() {
            directory.entry(domain.clone()).or_default();
        }
        let listed = |rule: &PlannedRule| {
            let keys = rule.keys.iter().filter_map(|key| Some(self.ring.listed(&key.file).ok()?.under(&key.selector)));
            rule.with_keys(keys.collect::<Vec<_>>())
        };
        let of = |domain: &DomainName| directory.get(domain).cloned().unwrap_or_default();
        let from_directory =
            |rule: &PlannedRule| rule.with_keys(rule.signing_domain.named().map(of).unwrap_or_default());
        let rules: Vec<_> = self
            .rules
            .iter()
            .map(|rule| if rule.keys.is_empty() { from_directory(rule) } else { listed(rule) })
            .collect();
        let taken: BTreeSet<_> = rules
            .iter()
            .filter_map(|rule| match &rule.pattern {
                Pattern::Domain(domain) => Some(domain.clone()),
                _ => None,
            })
            .collect();
        let others = directory.into_iter().filter(|(domain, _)| !taken.contains(domain));
        let others: Vec<_> = others.map(|(domain, keys)| SigningRule::for_domain(domain, keys)).collect();
        KeyTable::new(rules.into_iter().chain(others))
    }
}

impl LoadedKey {
    /// The key under a name in DNS.
    fn under(&self, selector: &SelectorName) -> NamedKey {
        NamedKey { selector: selector.clone(), private: Arc::clone(&self.private), since: self.since }
    }
}

impl KeyFolders {
    /// The place that belongs to a configuration file, and to this process.
    pub fn of(configuration: &Path) -> Self {
        let base = configuration.parent().map(Path::to_owned).unwrap_or_default();
        Self { base, credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from) }
    }

    /// Finds a key file.
    fn resolve(&self, file: &Path) -> Result<PathBuf, String> {
        let credential = file.to_str().and_then(|file| file.strip_prefix("credential:"));
        let Some(name) = credential else { return Ok(self.base.join(file)) };
        let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
        if name.is_empty() || name.contains('/') || !plain {
            return Err(format!("`{name}` is not the name of a credential"));
        }
        let directory = self.credentials.as_ref().ok_or(
            "$CREDENTIALS_DIRECTORY is not set: only a service of systemd with LoadCredential= has credentials",
        )?;
        Ok(directory.join(name))
    }
}

#[cfg(test)]
mod tests;
