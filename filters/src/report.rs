//! What happened to a message: reasons, signatures, failures. The log line, the metrics and `explain` are all made of
//! this one record, so that they can't disagree.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Reasons that are kept of one message, unless the configuration says otherwise.
pub const DEFAULT_REASONS: usize = 100;
/// Octets of the detail of a reason.
const MAX_DETAIL_OCTETS: usize = 2000;

/// What the filters have to say about one message, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The findings of the filters, each kind at least once.
    pub reasons: Vec<Reason>,
    /// How many findings are not among the reasons, because there were [`Report::max_reasons`] and others of their kind.
    pub more_reasons: usize,
    /// How many reasons are kept.
    pub max_reasons: usize,
    /// Signatures that the message got.
    pub signatures: Vec<SignatureNote>,
    /// Filters that failed or took too long.
    pub failures: Vec<FilterFailure>,
    /// What header checks found.
    pub checks: Vec<CheckNote>,
    /// What a receiver will find, if a filter has worked it out.
    pub alignment: Option<Alignment>,
    /// What was decided where there was no finding; only if somebody asks ([`crate::Context::explain`]).
    pub remarks: Option<Vec<Remark>>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            reasons: Vec::new(),
            more_reasons: 0,
            max_reasons: DEFAULT_REASONS,
            signatures: Vec::new(),
            failures: Vec::new(),
            checks: Vec::new(),
            alignment: None,
            remarks: None,
        }
    }
}

impl Report {
    /// Keeps a reason. A sender decides how many findings a message has, so beyond the bound a reason is only counted,
    /// unless it is the first of its kind.
    pub(crate) fn add(&mut self, mut reason: Reason) {
        let known = |kept: &Reason| kept.filter == reason.filter && kept.code == reason.code;
        if self.reasons.len() >= self.max_reasons && self.reasons.iter().any(known) {
            self.more_reasons += 1;
            return;
        }
        if let Some(detail) = reason.detail.as_mut().filter(|detail| detail.len() > MAX_DETAIL_OCTETS) {
            let (head, _) = detail.split_at(detail.floor_char_boundary(MAX_DETAIL_OCTETS));
            *detail = format!("{head}...").into();
        }
        self.reasons.push(reason);
    }
}

/// What was done about the findings of a header check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CheckNote {
    /// The check.
    pub check: &'static str,
    /// What was done.
    pub action: &'static str,
}

/// A decision that is no finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Name of the filter.
    pub filter: &'static str,
    /// For people.
    pub text: String,
}

/// What is aligned with From (RFC 7489 section 3.1); `None` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Alignment {
    /// The best of our signatures.
    pub dkim: Option<AlignmentMode>,
    /// The domain of the reverse-path.
    pub envelope: Option<AlignmentMode>,
}

/// How well a domain fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AlignmentMode {
    /// The same organizational domain.
    Relaxed,
    /// The same domain.
    Strict,
}

impl AlignmentMode {
    /// The word for logs and metrics.
    pub fn word(mode: Option<Self>) -> &'static str {
        match mode {
            Some(Self::Strict) => "strict",
            Some(Self::Relaxed) => "relaxed",
            None => "none",
        }
    }
}

/// A reason code: the same in the log line, the metric label and `explain`. Written `filter.code`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reason {
    /// Name of the filter.
    pub filter: &'static str,
    /// What it found.
    pub code: Cow<'static, str>,
    /// The particulars, for people; never a label, and in the log only at `debug`.
    pub detail: Option<Box<str>>,
}

impl Reason {
    /// A reason without particulars.
    pub fn new(filter: &'static str, code: impl Into<Cow<'static, str>>) -> Self {
        Self { filter, code: code.into(), detail: None }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.filter, self.code)
    }
}

/// A signature that was added.
#[derive(Clone, Debug, PartialEq)]
pub struct SignatureNote {
    /// Signing domain (`d=`).
    pub domain: Arc<str>,
    /// Selector (`s=`).
    pub selector: Arc<str>,
    /// Algorithm as in `a=`.
    pub algorithm: &'static str,
    /// Time it took to compute.
    pub duration: Duration,
}

/// A filter that could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterFailure {
    /// Name of the filter.
    pub filter: &'static str,
    /// Reason code.
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

#[cfg(test)]
mod tests;
