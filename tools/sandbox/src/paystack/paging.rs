//! Offset and cursor paging (§1.9), newest first.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A query string.
pub(super) type Query = HashMap<String, String>;

/// One page of `rows` (newest first), each with its id, and the `meta` that goes with it.
pub(super) fn page<T>(query: &Query, rows: Vec<(u64, T)>) -> (Vec<T>, Value) {
    let size = number(query, "perPage").unwrap_or(50).clamp(1, 100);
    if query.get("use_cursor").is_some_and(|value| value == "true") {
        by_cursor(query, rows, size)
    } else {
        by_offset(query, rows, size)
    }
}

fn by_offset<T>(query: &Query, rows: Vec<(u64, T)>, size: usize) -> (Vec<T>, Value) {
    let page = number(query, "page").unwrap_or(1).max(1);
    let total = rows.len();
    let skipped = (page - 1).saturating_mul(size);
    let meta = json!({
        "total": total,
        "skipped": skipped,
        "perPage": size,
        "page": page,
        "pageCount": total.div_ceil(size)
    });
    let rows = rows
        .into_iter()
        .skip(skipped)
        .take(size)
        .map(|(_, row)| row)
        .collect();
    (rows, meta)
}

fn by_cursor<T>(query: &Query, rows: Vec<(u64, T)>, size: usize) -> (Vec<T>, Value) {
    let start = match (cursor(query, "next"), cursor(query, "previous")) {
        (Some(last), _) => rows
            .iter()
            .position(|(id, _)| *id < last)
            .unwrap_or(rows.len()),
        (None, Some(first)) => {
            let end = rows
                .iter()
                .position(|(id, _)| *id <= first)
                .unwrap_or(rows.len());
            end.saturating_sub(size)
        }
        (None, None) => 0,
    };
    let end = rows.len().min(start + size);
    let id_at = |index: usize| rows.get(index).map(|(id, _)| encoded(*id));
    let next = if end < rows.len() {
        end.checked_sub(1).and_then(id_at)
    } else {
        None
    };
    let previous = if start > 0 { id_at(start) } else { None };
    let meta = json!({ "next": next, "previous": previous, "perPage": size });
    (
        rows.into_iter()
            .skip(start)
            .take(size)
            .map(|(_, row)| row)
            .collect(),
        meta,
    )
}

/// Paystack's own cursors decode to `undefined:<id>`.
fn encoded(id: u64) -> String {
    STANDARD.encode(format!("undefined:{id}"))
}

fn cursor(query: &Query, name: &str) -> Option<u64> {
    let text = String::from_utf8(STANDARD.decode(query.get(name)?).ok()?).ok()?;
    text.rsplit_once(':')?.1.parse().ok()
}

fn number(query: &Query, name: &str) -> Option<usize> {
    query.get(name)?.parse().ok()
}
