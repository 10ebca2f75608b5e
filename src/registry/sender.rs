//! Builds the two filters of `[sender]`; reads its table files.

use postseal_filters::OnError;
use postseal_filters::sender::{AlignmentFilter, SenderFilter};

use super::BuiltFilter;
use crate::config::{ConfigError, KeyPath, LoadedConfig};
use crate::services::Services;

pub(super) fn build(loaded: &mut LoadedConfig, _: &Services) -> Result<Option<BuiltFilter>, ConfigError> {
    let Some(settings) = loaded.config.sender.clone() else { return Ok(None) };
    let mut tables = Vec::new();
    let mut problems = Vec::new();
    for (number, table) in settings.table.iter().enumerate() {
        let key = KeyPath::new(["sender", "table"]).then(number).then("file");
        match loaded.read_table(&key, &table.file) {
            Ok((path, text)) => tables.push((path.display().to_string(), text)),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(ConfigError::Invalid(problems));
    }
    let listeners = loaded.config.listener.iter();
    let listeners: Vec<_> = listeners.map(|listener| (listener.name.as_str(), listener.role)).collect();
    let plan = settings.plan(&tables, &listeners).map_err(|errors| loaded.invalid(errors))?;
    loaded.warn(plan.warnings);
    // The filter uses no network, so failure is not expected. If it fails all the same the message is deferred, so that no
    // mail is signed unchecked.
    Ok(Some(BuiltFilter::shared(SenderFilter::new(plan.policy), OnError::Tempfail)))
}

/// The check of alignment, behind the signer.
pub(super) fn build_alignment(loaded: &mut LoadedConfig, _: &Services) -> Result<Option<BuiltFilter>, ConfigError> {
    let filter = loaded.config.sender.as_ref().map(|settings| {
        let requires = settings.require_alignment && !settings.shadow;
        AlignmentFilter { require_on: requires.then(|| settings.refuse_on.clone()) }
    });
    Ok(filter.map(|filter| BuiltFilter::shared(filter, OnError::Tempfail)))
}
