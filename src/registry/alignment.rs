//! Builds the check of alignment, which `[sender]` configures.

use postseal_filters::OnError;
use postseal_filters::sender::AlignmentFilter;

use super::BuiltFilter;
use crate::config::{ConfigError, LoadedConfig};
use crate::services::Services;

pub(super) fn build(loaded: &mut LoadedConfig, _: &Services) -> Result<Option<BuiltFilter>, ConfigError> {
    let filter = loaded
        .config
        .sender
        .as_ref()
        .map(|settings| AlignmentFilter { require: settings.require_alignment && !settings.shadow });
    Ok(filter.map(|filter| BuiltFilter::shared(filter, OnError::Tempfail)))
}
