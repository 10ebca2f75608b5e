//! The ordered list of filters of one listener, and how their verdicts become one.
//!
//! Filters run in the order given. The first verdict other than Continue wins, except that Accept ends only the filter
//! that gave it: an early accept must not skip the signer. A filter that fails is treated by its [`OnError`], a
//! temporary failure by default; one that overruns its deadline always is a temporary failure.

mod needs;
mod record;
mod session;

pub use record::Record;
pub use session::{Decision, PipelineSession};

use std::borrow::Cow;
use std::sync::Arc;

use postseal_protocol::Wanted;

use crate::clock::Clock;
use crate::connection::{MtaKind, OriginPolicy, Role};
use crate::filter::{Filter, Needs};
use crate::message::DEFAULT_HEADER_EDITS;
use crate::report::DEFAULT_REASONS;

/// Stands for a filter's name where the pipeline itself failed.
const PIPELINE: &str = "pipeline";
const HEADER_TOO_LARGE: &str = "header_too_large";
const TOO_MANY_RECIPIENTS: &str = "too_many_recipients";
const ENVELOPE_TOO_LARGE: &str = "envelope_too_large";
const EDIT_REFUSED: &str = "edit_refused";
const TOO_MANY_EDITS: &str = "too_many_edits";

/// What happens to a message when a filter fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// 4xx: the client tries again.
    #[default]
    Tempfail,
    /// The message goes on as if the filter were not there.
    Pass,
    /// 5xx.
    Reject,
}

/// Everything about a pipeline that is not a filter.
#[derive(Clone)]
pub struct PipelineSettings {
    /// Name of the listener.
    pub listener: Arc<str>,
    /// Role of the listener.
    pub role: Role,
    /// The MTA that connects; `None` to find out from its macros.
    pub mta: Option<MtaKind>,
    /// Which mail is ours.
    pub origin: OriginPolicy,
    /// Bounds on the parts of a message that are kept.
    pub bounds: MessageBounds,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
}

/// Bounds on the parts of a message that are kept. A header section above them is refused for good (5xx), too many
/// recipients for now (4xx).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageBounds {
    /// Octets of the header section.
    pub header_octets: usize,
    /// Number of header fields.
    pub header_fields: usize,
    /// Number of recipients.
    pub recipients: usize,
    /// Octets of the envelope, arguments too; each path and argument counts 32 more.
    pub envelope_octets: usize,
    /// Number of received header fields that filters may change or delete.
    pub header_edits: usize,
    /// Number of reasons that are kept for the log; others are counted.
    pub reasons: usize,
}

impl Default for MessageBounds {
    fn default() -> Self {
        Self {
            header_octets: 1 << 20,
            header_fields: 10_000,
            recipients: 10_000,
            envelope_octets: 4 << 20,
            header_edits: DEFAULT_HEADER_EDITS,
            reasons: DEFAULT_REASONS,
        }
    }
}

/// A filter in its place.
#[derive(Clone)]
pub struct PipelineEntry {
    /// The filter.
    pub filter: Arc<dyn Filter>,
    /// What happens when it fails.
    pub on_error: OnError,
}

/// The filters of one listener, shared by its connections.
pub struct Pipeline {
    entries: Vec<(PipelineEntry, Needs)>,
    union: needs::Union,
    settings: PipelineSettings,
}

impl Pipeline {
    /// A pipeline of these filters, in this order. Filters that have nothing to do on a listener of this role are left
    /// out, so that the MTA is not asked for their needs.
    pub fn new(settings: PipelineSettings, entries: Vec<PipelineEntry>) -> Self {
        let possible = settings.role.directions();
        let with_needs = entries.into_iter().map(|entry| {
            let needs = entry.filter.needs();
            (entry, needs)
        });
        let has_work = |needs: &Needs| needs.directions.intersects(possible) || needs.left_out.is_some();
        let entries: Vec<_> = with_needs.filter(|(_, needs)| has_work(needs)).collect();
        let called = entries.iter().map(|(_, needs)| needs).filter(|needs| needs.directions.intersects(possible));
        let union = needs::Union::of(called, &settings.origin);
        Self { entries, union, settings }
    }

    /// What to ask of the MTA: exactly what the filters need.
    pub fn wanted(&self) -> Wanted {
        self.union.wanted()
    }

    /// Name of the listener.
    pub fn listener(&self) -> &Arc<str> {
        &self.settings.listener
    }

    /// Role of the listener.
    pub fn role(&self) -> Role {
        self.settings.role
    }

    /// Names of the filters, in order.
    pub fn filters(&self) -> impl Iterator<Item = &'static str> {
        self.entries.iter().map(|(entry, _)| entry.filter.name())
    }

    /// The reason codes that the pipeline itself and each of its filters can give.
    pub fn reasons(&self) -> impl Iterator<Item = (&'static str, Vec<Cow<'static, str>>)> {
        let own = [HEADER_TOO_LARGE, TOO_MANY_RECIPIENTS, ENVELOPE_TOO_LARGE, EDIT_REFUSED, TOO_MANY_EDITS]
            .map(Cow::from)
            .to_vec();
        let filters = self.entries.iter().map(|(entry, _)| (entry.filter.name(), entry.filter.reasons()));
        std::iter::once((PIPELINE, own)).chain(filters)
    }

    /// Starts the filters for one connection.
    pub fn start(self: &Arc<Self>) -> PipelineSession {
        PipelineSession::new(Arc::clone(self))
    }
}

#[cfg(test)]
mod tests;
