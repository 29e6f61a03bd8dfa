//! Looking at the rows that a function has left.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::Stage;

impl Stage {
    /// The rows of a query, each as JSON.
    ///
    /// # Panics
    /// Where the database refuses it.
    pub async fn rows(&self, query: &str) -> Vec<Value> {
        let as_json = format!("SELECT to_jsonb(row) FROM ({query}) row");
        sqlx::query_scalar(AssertSqlSafe(as_json))
            .fetch_all(&mut self.db.connect().await)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// The one row of a query, as JSON.
    ///
    /// # Panics
    /// Where there is none, or there are several.
    pub async fn row(&self, query: &str) -> Value {
        let mut rows = self.rows(query).await;
        assert_eq!(rows.len(), 1, "{query}: {rows:?}");
        rows.remove(0)
    }

    /// How many rows a query has.
    pub async fn count(&self, query: &str) -> usize {
        self.rows(query).await.len()
    }

    /// Does something to the rows behind the shop's back, such as letting time pass.
    ///
    /// # Panics
    /// Where the database refuses it.
    pub async fn execute(&self, statement: &str) {
        sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut self.db.connect().await)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }

    /// A fingerprint of each table's content: two that are equal mean that nothing was written.
    ///
    /// # Panics
    /// Where the database does not answer.
    pub async fn fingerprints(&self) -> BTreeMap<String, String> {
        let tables = "SELECT table_name AS name FROM information_schema.tables
             WHERE table_schema = 'public' AND table_type = 'BASE TABLE'";
        let mut prints = BTreeMap::new();
        for table in self.rows(tables).await {
            let name = table["name"].as_str().expect("a name").to_owned();
            let query = format!(
                "SELECT count(*) || ' rows ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '')
                     AS print
                 FROM \"{name}\" t"
            );
            let print = self.row(&query).await["print"].as_str().map(str::to_owned);
            prints.insert(name, print.unwrap_or_default());
        }
        prints
    }

    /// Waits until a query has a row, for at most ten seconds.
    ///
    /// # Panics
    /// Where none comes.
    pub async fn wait_for(&self, query: &str) -> Value {
        for _ in 0..200 {
            if let Some(row) = self.rows(query).await.pop() {
                return row;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("no row came: {query}")
    }
}
