//! The metrics at one moment, as numbers.

use std::collections::BTreeMap;

use prometheus::proto::MetricFamily;
use serde::{Deserialize, Serialize};

/// Series of one metric in a list for people.
const MAX_SHOWN_SERIES: usize = 500;

/// All metrics at one moment.
pub struct Snapshot(Vec<MetricFamily>);

/// One time series.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Sample {
    /// Its value.
    pub value: f64,
    /// Its labels.
    #[serde(flatten)]
    pub labels: BTreeMap<String, String>,
}

impl Snapshot {
    pub(super) fn new(families: Vec<MetricFamily>) -> Self {
        Self(families)
    }

    /// The series of a counter or gauge.
    pub fn all(&self, name: &str) -> impl Iterator<Item = Sample> {
        let family = self.0.iter().find(|family| family.name() == name);
        family.into_iter().flat_map(MetricFamily::get_metric).map(|metric| {
            let labels = metric.get_label().iter().map(|pair| (pair.name().to_owned(), pair.value().to_owned()));
            // A sample is a counter or a gauge; the one it is not reads 0.
            let value = metric.get_counter().get_value() + metric.get_gauge().get_value();
            Sample { labels: labels.collect(), value }
        })
    }

    /// The series that are not 0, the largest first; no more than are worth showing.
    pub fn nonzero(&self, name: &str) -> Vec<Sample> {
        let mut samples: Vec<_> = self.all(name).filter(|sample| sample.value != 0.0).collect();
        samples.sort_by(|a, b| b.value.total_cmp(&a.value));
        samples.truncate(MAX_SHOWN_SERIES);
        samples
    }

    /// The sum of all series.
    pub fn value(&self, name: &str) -> f64 {
        self.all(name).map(|sample| sample.value).sum()
    }
}

impl Sample {
    /// The value of a label; empty if there is no such label.
    pub fn label(&self, name: &str) -> String {
        self.labels.get(name).cloned().unwrap_or_default()
    }
}
