//! The filters of `[sender]`: its table files are read, and all of it is checked.

use std::sync::Arc;

use postseal_filters::sender::{AlignmentFilter, SenderFilter, SettingsError};
use postseal_filters::{Filter, OnError, PipelineEntry};

use crate::config::{ConfigError, KeyPath, LoadedConfig, Problem};

/// The filters, shared by all listeners.
pub(super) struct SenderFilters {
    sender: Arc<SenderFilter>,
    alignment: Arc<AlignmentFilter>,
}

impl SenderFilters {
    /// Builds them, if there is such a section. What is unwise about it is added to the warnings.
    pub(super) fn build(loaded: &mut LoadedConfig) -> Result<Option<Self>, ConfigError> {
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
        let plan = settings.plan(&tables, &listeners);
        let located = |findings: Vec<SettingsError>| -> Vec<Problem> {
            let problem = |found: SettingsError| loaded.problem(KeyPath::new(found.key), found.reason);
            findings.into_iter().map(problem).collect()
        };
        let plan = plan.map_err(|errors| ConfigError::Invalid(located(errors)))?;
        let warnings = located(plan.warnings);
        loaded.warnings.extend(warnings);
        Ok(Some(Self {
            sender: Arc::new(SenderFilter::new(plan.policy)),
            alignment: Arc::new(AlignmentFilter { require: settings.require_alignment && !settings.shadow }),
        }))
    }

    /// In front of the signer.
    pub(super) fn before_signing(&self) -> PipelineEntry {
        entry(Arc::clone(&self.sender) as Arc<dyn Filter>)
    }

    /// Behind the signer.
    pub(super) fn after_signing(&self) -> PipelineEntry {
        entry(Arc::clone(&self.alignment) as Arc<dyn Filter>)
    }
}

/// These filters ask nobody and so can't fail; if one did, nothing would be signed that they have not seen.
fn entry(filter: Arc<dyn Filter>) -> PipelineEntry {
    PipelineEntry { filter, on_error: OnError::Tempfail }
}
