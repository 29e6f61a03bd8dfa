//! The plans that Postgres really used, as `auto_explain` tells them to the connection.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::instrument::WithSubscriber as _;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

/// Every statement's plan is told as a notice: to this connection, and not to the server's log.
pub(super) const TOLD: &str = "LOAD 'auto_explain'; SET auto_explain.log_analyze = on;
    SET auto_explain.log_buffers = on; SET auto_explain.log_timing = off;
    SET auto_explain.log_format = json; SET auto_explain.log_level = notice;
    SET auto_explain.log_nested_statements = off; SET auto_explain.log_min_duration = 0";
/// Also those that functions run.
pub(super) const TOLD_WITHIN_FUNCTIONS: &str = "SET auto_explain.log_nested_statements = on";
pub(super) const TOLD_NO_MORE: &str = "SET auto_explain.log_min_duration = -1";

/// Tables that grow with the catalogue.
const GROWING: [&str; 8] = [
    "products",
    "product_options",
    "variants",
    "product_images",
    "stock_levels",
    "stock_movements",
    "search_words",
    "category_counts",
];

/// What is worth knowing of the plans of a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Growing tables and their indexes in the order in which they are read, each once.
    pub(super) reads: Vec<String>,
    /// Growing tables that are read from end to end.
    pub(super) scans: Vec<String>,
    /// Their rows that were looked at, kept or not.
    pub(super) rows: u64,
    /// Pages of 8 KiB that were looked at.
    pub(super) pages: u64,
}

impl Plan {
    /// From what was told of a question's statements, and of those within functions too.
    pub(super) fn read(told: &[String], within: &[String]) -> anyhow::Result<Self> {
        let mut plan = Self::default();
        for message in told {
            let root = root(message)?;
            plan.pages += number(&root, "Shared Hit Blocks") + number(&root, "Shared Read Blocks");
            plan.visit(&root);
        }
        let mut inner = Self::default();
        for message in within {
            inner.visit(&root(message)?);
        }
        // The rows that functions look at count too.
        plan.rows = plan.rows.max(inner.rows);
        for read in inner.reads {
            once(&mut plan.reads, read);
        }
        for scan in inner.scans {
            once(&mut plan.scans, scan);
        }
        Ok(plan)
    }

    fn visit(&mut self, node: &Value) {
        // One that was planned and never needed reads nothing.
        let times = number(node, "Actual Loops");
        let kind = word(node, "Node Type");
        let index = word(node, "Index Name");
        let table = word(node, "Relation Name");
        // A scan of an index for its bitmap does not name the table; an index begins with its name.
        let grows =
            |growing: &&str| *growing == table || table.is_empty() && index.starts_with(*growing);
        if times > 0 && GROWING.iter().any(grows) {
            self.scan(node, (kind, index, table), times);
        }
        let below = node.get("Plans").and_then(Value::as_array);
        for child in below.into_iter().flatten() {
            self.visit(child);
        }
    }

    fn scan(&mut self, node: &Value, (kind, index, table): (&str, &str, &str), times: u64) {
        let looked_at = [
            "Actual Rows",
            "Rows Removed by Filter",
            "Rows Removed by Index Recheck",
        ];
        self.rows += looked_at.iter().map(|name| number(node, name)).sum::<u64>() * times;
        match kind {
            "Seq Scan" | "Sample Scan" => {
                once(&mut self.scans, table.to_owned());
                once(&mut self.reads, format!("all of {table}"));
            }
            // Its index stands below it.
            "Bitmap Heap Scan" => {}
            _ if index.is_empty() => once(&mut self.reads, table.to_owned()),
            _ => once(&mut self.reads, index.to_owned()),
        }
    }
}

fn once(list: &mut Vec<String>, item: String) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// `duration: 0.312 ms  plan:` and JSON.
fn root(message: &str) -> anyhow::Result<Value> {
    let json = message.find('{').map(|at| &message[at..]);
    let mut told: Value = serde_json::from_str(json.unwrap_or_default())
        .context("auto_explain told something else than a plan")?;
    Ok(told["Plan"].take())
}

/// Averages over loops may be fractions from Postgres 18 on.
fn number(node: &Value, name: &str) -> u64 {
    let value = node.get(name);
    value.and_then(Value::as_u64).unwrap_or_else(|| {
        let text = value.map(Value::to_string).unwrap_or_default();
        let whole = text.split('.').next().unwrap_or_default();
        whole.parse().unwrap_or_default()
    })
}

fn word<'a>(node: &'a Value, name: &str) -> &'a str {
    node.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What the server told the connection while it worked: sqlx passes notices to `tracing`.
pub(super) async fn told_while(
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<Vec<String>> {
    let notices = Notices::default();
    let subscriber = tracing_subscriber::registry().with(notices.clone());
    work.with_subscriber(subscriber).await?;
    let told = notices.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(told.clone())
}

#[derive(Debug, Clone, Default)]
struct Notices(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Notices {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::postgres::notice" {
            return;
        }
        let mut message = Message::default();
        event.record(&mut message);
        if message.0.contains("plan:") {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            told.push(message.0);
        }
    }
}

#[derive(Debug, Default)]
struct Message(String);

impl Visit for Message {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLD_PLAN: &str = r#"duration: 0.412 ms  plan:
{"Query Text": "SELECT {", "Plan": {"Node Type": "Limit", "Actual Rows": 21, "Actual Loops": 1,
 "Shared Hit Blocks": 40, "Shared Read Blocks": 2, "Plans": [
  {"Node Type": "Nested Loop", "Actual Rows": 21, "Actual Loops": 1, "Plans": [
   {"Node Type": "Index Scan", "Index Name": "products_newest_idx", "Relation Name": "products",
    "Actual Rows": 21, "Actual Loops": 1, "Rows Removed by Filter": 9},
   {"Node Type": "Bitmap Heap Scan", "Relation Name": "variants", "Actual Rows": 2, "Actual Loops": 21, "Plans": [
    {"Node Type": "Bitmap Index Scan", "Index Name": "variants_combination_key", "Actual Rows": 2, "Actual Loops": 21}]},
   {"Node Type": "Seq Scan", "Relation Name": "stock_levels", "Actual Rows": 3, "Actual Loops": 1,
    "Rows Removed by Filter": 97},
   {"Node Type": "Seq Scan", "Relation Name": "variants", "Actual Rows": 0, "Actual Loops": 0},
   {"Node Type": "Seq Scan", "Relation Name": "locations", "Actual Rows": 2, "Actual Loops": 1}]}]}}"#;

    #[test]
    fn a_plan_tells_what_it_reads_and_what_it_scans() {
        let plan = Plan::read(&[TOLD_PLAN.to_owned()], &[]).unwrap();
        let reads = [
            "products_newest_idx",
            "variants_combination_key",
            "all of stock_levels",
        ];
        assert_eq!(plan.reads, reads);
        assert_eq!(
            plan.scans,
            ["stock_levels"],
            "locations do not grow; variants were not read"
        );
        assert_eq!((plan.rows, plan.pages), (30 + 42 + 42 + 100, 42));
    }
}
