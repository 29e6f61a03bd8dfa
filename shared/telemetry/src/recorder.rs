//! Metrics as CloudWatch reads them out of a log: the embedded metric format.
//!
//! Specification: "CloudWatch embedded metric format specification" (AWS): a line is a JSON object
//! whose `_aws.CloudWatchMetrics` names the members of the same object that are metrics and those
//! that are dimensions. Limits kept here: 100 metrics a directive (the shop has fewer), 100 values a
//! metric, dimension values of at most 1,024 characters. A dimension has one value in a line, so two
//! outcomes of one invocation are two lines; everything else of an invocation shares one.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Label, Metadata,
    Recorder, SharedString, Unit,
};
use serde_json::{Map, Value, json};

use crate::metric::{self, Metric, NAMESPACE};

/// The most values that one metric may have in a line.
const VALUES: usize = 100;
/// How many values are kept between two drains; what is beyond is left out, not the function's memory.
const KEPT: usize = 10_000;
/// How many series there may be. The shop has a few dozen; more would be a dimension that somebody
/// fills from outside.
const SERIES: usize = 200;

/// What has been measured since it was last drained.
#[derive(Debug, Default)]
pub(crate) struct Emf {
    series: Mutex<BTreeMap<Identity, Arc<Measured>>>,
}

/// A metric and the value of its dimension.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    name: &'static str,
    value: Option<String>,
}

#[derive(Debug, Default)]
struct Measured {
    count: AtomicU64,
    state: Mutex<Option<f64>>,
    values: Mutex<Vec<f64>>,
}

/// One metric of one drain.
struct Measurement {
    metric: &'static Metric,
    dimension: Option<String>,
    value: Value,
}

impl Emf {
    /// Takes what was measured, as lines; none where nothing was. `now` in milliseconds since 1970.
    pub(crate) fn drain(&self, now: u64) -> Vec<String> {
        let mut lines: Vec<Line> = Vec::new();
        for measurement in self.measurements() {
            match lines.iter_mut().find(|line| line.takes(&measurement)) {
                Some(line) => line.add(measurement),
                None => {
                    let mut line = Line::default();
                    line.add(measurement);
                    lines.push(line);
                }
            }
        }
        lines.into_iter().map(|line| line.print(now)).collect()
    }

    fn measurements(&self) -> Vec<Measurement> {
        let mut measurements = Vec::new();
        for (identity, measured) in self.series().iter() {
            let Some(metric) = metric::find(identity.name) else {
                continue;
            };
            for value in measured.take() {
                measurements.push(Measurement {
                    metric,
                    dimension: identity.value.clone(),
                    value,
                });
            }
        }
        measurements
    }

    /// The place of a series, if the metric exists, has this dimension, and there is room.
    fn place(&self, key: &Key) -> Option<Arc<Measured>> {
        let metric = metric::find(key.name());
        let mut labels = key.labels();
        let label = labels.next();
        let as_declared = metric.is_some_and(|metric| metric.dimension == label.map(Label::key));
        let (Some(metric), true, None) = (metric, as_declared, labels.next()) else {
            tracing::error!(metric = key.name(), "not a metric of the shop");
            return None;
        };
        let identity = Identity {
            name: metric.name,
            value: label.map(|label| label.value().to_owned()),
        };
        let mut series = self.series();
        if series.len() >= SERIES && !series.contains_key(&identity) {
            tracing::error!(metric = metric.name, "too many series of metrics");
            return None;
        }
        Some(Arc::clone(series.entry(identity).or_default()))
    }

    fn series(&self) -> MutexGuard<'_, BTreeMap<Identity, Arc<Measured>>> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Measured {
    /// What CloudWatch is told of it: nothing, a number, or up to [`VALUES`] numbers at a time.
    fn take(&self) -> Vec<Value> {
        let count = self.count.swap(0, Ordering::Relaxed);
        let state = lock(&self.state).take();
        let values = std::mem::take(&mut *lock(&self.values));
        let counted = (count > 0).then(|| json!(count));
        let chunks = values.chunks(VALUES).map(|chunk| json!(chunk));
        counted
            .into_iter()
            .chain(state.map(|state| json!(state)))
            .chain(chunks)
            .collect()
    }
}

/// A line in the making.
#[derive(Default)]
struct Line {
    dimensions: BTreeMap<&'static str, String>,
    metrics: BTreeMap<Option<&'static str>, Vec<&'static Metric>>,
    values: Map<String, Value>,
}

impl Line {
    fn takes(&self, measurement: &Measurement) -> bool {
        let Measurement {
            metric, dimension, ..
        } = measurement;
        let same = |name| match (self.dimensions.get(name), dimension) {
            (Some(present), Some(wanted)) => present == wanted,
            (None, _) | (_, None) => true,
        };
        !self.values.contains_key(metric.name) && metric.dimension.is_none_or(same)
    }

    fn add(&mut self, measurement: Measurement) {
        let Measurement {
            metric,
            dimension,
            value,
        } = measurement;
        if let (Some(name), Some(value)) = (metric.dimension, dimension) {
            self.dimensions.insert(name, value);
        }
        let directive = self.metrics.entry(metric.dimension).or_default();
        directive.push(metric);
        self.values.insert(metric.name.to_owned(), value);
    }

    fn print(self, now: u64) -> String {
        let directives: Vec<Value> = self.metrics.iter().map(directive).collect();
        let mut root = self.values;
        for (name, value) in self.dimensions {
            root.insert(name.to_owned(), Value::String(value));
        }
        let about = json!({ "Timestamp": now, "CloudWatchMetrics": directives });
        root.insert("_aws".to_owned(), about);
        Value::Object(root).to_string()
    }
}

fn directive((dimension, metrics): (&Option<&'static str>, &Vec<&'static Metric>)) -> Value {
    let dimensions: Vec<&str> = dimension.iter().copied().collect();
    let metrics: Vec<Value> = metrics
        .iter()
        .map(|metric| json!({ "Name": metric.name, "Unit": metric.unit }))
        .collect();
    json!({ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics })
}

impl Recorder for Emf {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.place(key)
            .map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.place(key).map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.place(key)
            .map_or_else(Histogram::noop, Histogram::from_arc)
    }
}

impl CounterFn for Measured {
    fn increment(&self, by: u64) {
        self.count.fetch_add(by, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.count.store(value, Ordering::Relaxed);
    }
}

#[expect(
    clippy::float_arithmetic,
    reason = "a gauge is a float by the trait's own word; no money is measured"
)]
impl GaugeFn for Measured {
    fn increment(&self, by: f64) {
        self.change(|state| state + by);
    }

    fn decrement(&self, by: f64) {
        self.change(|state| state - by);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

impl Measured {
    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut state = lock(&self.state);
        let changed = change(state.unwrap_or_default());
        // JSON has no word for what is not finite.
        *state = Some(changed).filter(|state| state.is_finite());
    }
}

impl HistogramFn for Measured {
    fn record(&self, value: f64) {
        let mut values = lock(&self.values);
        if value.is_finite() && values.len() < KEPT {
            values.push(value);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
