//! Builds the header checks.

use postseal_filters::header_checks::HeaderChecks;

use super::BuiltFilter;
use crate::config::{ConfigError, LoadedConfig};
use crate::services::Services;

pub(super) fn build(loaded: &mut LoadedConfig, _: &Services) -> Result<Option<BuiltFilter>, ConfigError> {
    let (Some(settings), Some(plan)) = (&loaded.config.header_checks, loaded.plans.header_checks.take()) else {
        return Ok(None);
    };
    let checks = HeaderChecks::with_max_edits(plan, loaded.config.limits.header_edits);
    Ok(Some(BuiltFilter::shared(checks, settings.on_error)))
}
