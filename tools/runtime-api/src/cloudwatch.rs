//! What CloudWatch would read out of a function's log: metrics in the embedded metric format.
//!
//! Format: Amazon CloudWatch, "Specification: Embedded metric format".

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Function;

/// The values of each metric in the order in which they came: `orders_placed`, or with a dimension
/// `settlements{outcome=paid}`.
pub type Metrics = BTreeMap<String, Vec<f64>>;

impl Function {
    /// The metrics that the function has told, as soon as they are enough: what a function has
    /// printed is read a moment after its answer.
    ///
    /// # Panics
    /// As [`metrics`](Self::metrics); or when they are not enough after a minute, with what there is.
    pub async fn metrics_until(&self, enough: impl Fn(&Metrics) -> bool) -> Metrics {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let metrics = self.metrics();
            if enough(&metrics) {
                return metrics;
            }
            assert!(Instant::now() < until, "not enough: {metrics:#?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The metrics that the function has told so far.
    ///
    /// # Panics
    /// Where a line says that it has metrics and is not as specified: CloudWatch would drop it.
    pub fn metrics(&self) -> Metrics {
        let mut metrics = Metrics::new();
        for line in self.logs() {
            let Ok(line) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            if line.get("_aws").is_some() {
                let read = read(&line, &mut metrics);
                assert!(read.is_some(), "CloudWatch would drop {line}");
            }
        }
        metrics
    }
}

fn read(line: &Value, metrics: &mut Metrics) -> Option<()> {
    line["_aws"]["Timestamp"].as_u64()?;
    for directive in line["_aws"]["CloudWatchMetrics"].as_array()? {
        directive["Namespace"].as_str()?;
        for set in directive["Dimensions"].as_array()? {
            let dimensions = set.as_array()?.iter().map(|name| {
                let name = name.as_str()?;
                Some(format!("{name}={}", line[name].as_str()?))
            });
            let dimensions = dimensions.collect::<Option<Vec<_>>>()?.join(",");
            for metric in directive["Metrics"].as_array()? {
                let (name, _unit) = (metric["Name"].as_str()?, metric["Unit"].as_str()?);
                let name = match dimensions.as_str() {
                    "" => name.to_owned(),
                    dimensions => format!("{name}{{{dimensions}}}"),
                };
                let values = values(&line[metric["Name"].as_str()?])?;
                metrics.entry(name).or_default().extend(values);
            }
        }
    }
    Some(())
}

fn values(value: &Value) -> Option<Vec<f64>> {
    match value.as_array() {
        Some(values) if values.len() > 100 => None,
        Some(values) => values.iter().map(Value::as_f64).collect(),
        None => Some(vec![value.as_f64()?]),
    }
}
