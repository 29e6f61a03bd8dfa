//! What a query asks for.

use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};
use domain::CursorError;
use edge::Query;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::Cursor;

/// How many items a page has where nothing is said.
const PAGE_SIZE: i64 = 20;

/// Takes the size of a page.
pub fn limit(query: &mut Query) -> i64 {
    query.number("limit", 1, 100).unwrap_or(PAGE_SIZE)
}

/// Takes an id.
pub fn id<T: From<Uuid>>(query: &mut Query, name: &str) -> Option<T> {
    let text = query.take(name)?;
    let id = Uuid::try_parse(&text).ok();
    if id.is_none() {
        query.push(name, "invalid_id", "is not a UUID");
    }
    id.map(T::from)
}

/// Takes a moment, RFC 3339.
pub fn moment(query: &mut Query, name: &str) -> Option<DateTime<Utc>> {
    let text = query.take(name)?;
    let moment = DateTime::<Utc>::from_str(&text).ok();
    let moment = moment.filter(|moment| can_be_stored(*moment));
    if moment.is_none() {
        query.push(
            name,
            "invalid_time",
            "must be a time like 2026-01-31T12:00:00Z",
        );
    }
    moment
}

/// Takes where the page begins; `check` refuses what is in no such list.
pub fn cursor<T: DeserializeOwned, U>(
    query: &mut Query,
    check: impl FnOnce(T) -> Option<U>,
) -> Option<U> {
    query.parsed("cursor", |text| {
        let Cursor(place) = text.parse()?;
        check(place).ok_or(CursorError)
    })
}

/// Whether Postgres can hold a moment that somebody has made up.
#[must_use]
pub fn can_be_stored(moment: DateTime<Utc>) -> bool {
    (1..=9_999).contains(&moment.year())
}
