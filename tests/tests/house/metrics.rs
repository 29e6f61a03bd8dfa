//! Metrics: what the code tells against what is declared, alarmed on, drawn and described.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use telemetry::metric::{self, Metric, NAMESPACE};
use yaml_serde::Value;

use crate::template::{resources, template, text};
use crate::{read, root};

const OBSERVABILITY: &str = "infrastructure/observability.yaml";

/// Every line of Rust that is linked into a function, but for the crate that declares metrics.
fn code() -> String {
    let rooms = ["functions", "shared"].map(|room| root().join(room));
    let mut files: Vec<PathBuf> = rooms.into_iter().collect();
    let mut code = String::new();
    while let Some(path) = files.pop() {
        if path.is_dir() {
            let is_told = !path.ends_with("telemetry") && !path.ends_with("tests");
            let within = std::fs::read_dir(&path).unwrap();
            files.extend(
                within
                    .filter(|_| is_told)
                    .map(|entry| entry.unwrap().path()),
            );
        } else if is_source(&path) {
            code.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
    code
}

fn is_source(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("tests.rs")
}

/// `metric::ORDERS_PLACED`, as the code names it. `telemetry::call` tells the two of providers.
#[test]
fn every_metric_is_told_somewhere() {
    let code = code() + &read("shared/telemetry/src/provider.rs");
    for Metric { name, .. } in metric::ALL {
        let constant = format!("metric::{}", name.to_uppercase());
        assert!(code.contains(&constant), "nothing tells {name}");
    }
}

/// A metric of the shop in a template, with the dimension it is looked at by, if any.
struct Watched {
    name: String,
    dimension: Option<(String, String)>,
}

fn watched(metric: &Value) -> Option<Watched> {
    (text(&metric["Namespace"]) == NAMESPACE).then(|| {
        let dimensions = metric["Dimensions"].as_sequence();
        let mut dimensions = dimensions.into_iter().flatten();
        let dimension = dimensions
            .next()
            .map(|it| (text(&it["Name"]), text(&it["Value"])));
        assert!(
            dimensions.next().is_none(),
            "a metric of the shop has one dimension"
        );
        Watched {
            name: text(&metric["MetricName"]),
            dimension,
        }
    })
}

fn alarmed_on() -> Vec<Watched> {
    let template = template(OBSERVABILITY);
    let mut found = Vec::new();
    for alarm in resources(&template, "AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        found.extend(watched(properties));
        let several = properties["Metrics"].as_sequence();
        let several = several.into_iter().flatten();
        found.extend(several.filter_map(|one| watched(&one["MetricStat"]["Metric"])));
    }
    assert!(!found.is_empty());
    found
}

/// An alarm on a name that nobody tells, or by another dimension than it is told, is for ever silent.
#[test]
fn every_alarm_is_on_a_metric_as_it_is_told() {
    let code = code();
    for Watched { name, dimension } in alarmed_on() {
        let Some(metric) = metric::find(&name) else {
            panic!("an alarm is on {name}, which is no metric of the shop");
        };
        let by = dimension.as_ref().map(|(dimension, _)| dimension.as_str());
        assert_eq!(by, metric.dimension, "{name}");
        if let Some((_, value)) = dimension {
            assert!(
                code.contains(&format!("\"{value}\"")),
                "nothing tells {name} of {value}"
            );
        }
    }
}

#[test]
fn every_metric_of_the_shop_on_the_dashboard_is_one() {
    let template = template(OBSERVABILITY);
    let dashboard = resources(&template, "AWS::CloudWatch::Dashboard")
        .next()
        .unwrap();
    let body = text(&dashboard["Properties"]["DashboardBody"]);
    let drawn: BTreeSet<&str> = body
        .split(&format!("[\"{NAMESPACE}\", \""))
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert!(!drawn.is_empty());
    for name in drawn {
        assert!(metric::find(name).is_some(), "the dashboard draws {name}");
    }
}

#[test]
fn every_metric_is_described_for_people_with_its_unit_and_dimension() {
    let document = read("docs/observability.md");
    for Metric {
        name,
        unit,
        dimension,
    } in metric::ALL
    {
        let mut rows = document.lines().filter(|line| line.starts_with("| `"));
        let row = rows.find(|row| {
            row.split('|')
                .nth(1)
                .unwrap()
                .contains(&format!("`{name}`"))
        });
        let row = row.unwrap_or_else(|| panic!("docs/observability.md has no {name}"));
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        assert_eq!(columns[2], *unit, "{name}");
        let described = columns[3].split('`').nth(1);
        assert_eq!(described, *dimension, "{name}");
    }
}
