//! What was measured, as a table.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use package::mebibytes;

/// One function.
pub(crate) struct Row {
    pub(crate) function: String,
    /// Bytes; none for a debug build.
    pub(crate) zip: Option<u64>,
    /// From the start of its process to its first question for work.
    pub(crate) started: Duration,
    /// How long the first answer took: connections are made in it, secrets have been read before.
    pub(crate) first: Duration,
    /// How long the answer after the freeze took.
    pub(crate) again: Duration,
    /// The most memory that was resident, in bytes.
    pub(crate) memory: u64,
    pub(crate) limit_mb: u32,
    pub(crate) limited_by: Option<String>,
}

/// The rows, as they come.
#[derive(Default)]
pub(crate) struct Table(Mutex<Vec<Row>>);

impl Table {
    pub(crate) fn add(&self, row: Row) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(row);
    }

    /// By name.
    pub(crate) fn print(&self) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.sort_by(|one, other| one.function.cmp(&other.function));
        if rows.is_empty() {
            return;
        }
        println!(
            "{:<26} {:>9} {:>10} {:>13} {:>13} {:>10} {:>14}",
            "function", "zip", "start", "first answer", "after freeze", "memory", "of its limit"
        );
        for row in rows.iter() {
            println!("{}", line(row));
        }
        let how: BTreeSet<String> = rows.iter().map(how).collect();
        how.iter().for_each(|how| println!("{how}"));
    }
}

fn how(row: &Row) -> String {
    row.limited_by.as_deref().map_or_else(
        || "With Lambda's variables, but without its files, user and memory.".to_owned(),
        |limit| {
            format!(
                "With Lambda's files, user, variables and memory, which was limited by {limit}."
            )
        },
    )
}

fn line(row: &Row) -> String {
    let zip = row.zip.map_or_else(|| "debug".to_owned(), mebibytes);
    let percent = row.memory * 100 / (u64::from(row.limit_mb) << 20);
    format!(
        "{:<26} {zip:>9} {:>10} {:>13} {:>13} {:>10} {:>5} % of {:>3}",
        row.function,
        milliseconds(row.started),
        milliseconds(row.first),
        milliseconds(row.again),
        mebibytes(row.memory),
        percent,
        row.limit_mb,
    )
}

fn milliseconds(time: Duration) -> String {
    format!("{}.{:02} ms", time.as_millis(), time.as_micros() / 10 % 100)
}
