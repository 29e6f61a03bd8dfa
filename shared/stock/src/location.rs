//! The places where stock lies.

use database::audit::{Change, difference};
use database::{DatabaseError, PgConnection, audit};
use domain::{Cause, LocationId, LocationName, StaleVersion, Version};
use serde_json::{Value, json};

use crate::{Page, store_locations};

/// A place where stock lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Its identity.
    pub id: LocationId,
    /// Its name.
    pub name: String,
    /// Orders are filled from the lowest first.
    pub priority: i32,
    /// Whether orders are filled from it. One that is not holds nothing.
    pub active: bool,
    /// Counts up with each change.
    pub version: i64,
}

/// A place in the list of locations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocationPlace {
    /// The last one's priority.
    pub priority: i32,
    /// The last one.
    pub id: LocationId,
}

/// A location that is to be.
#[derive(Debug, Clone)]
pub struct NewLocation {
    /// Its name; no other's.
    pub name: LocationName,
    /// Orders are filled from the lowest first.
    pub priority: i32,
    /// Whether orders are filled from it at once.
    pub active: bool,
}

/// What is to be different about a location; what is not said stays as it is.
#[derive(Debug, Clone)]
pub struct ChangeLocation {
    /// Which.
    pub id: LocationId,
    /// The version that the change is made of.
    pub version: Version,
    /// Its name.
    pub name: Option<LocationName>,
    /// Its priority.
    pub priority: Option<i32>,
    /// Whether orders are filled from it.
    pub active: Option<bool>,
}

/// Why a location was not made or changed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum LocationError {
    /// Nobody knows it.
    #[error("there is no such location")]
    NotFound,
    /// Another one is called so.
    #[error("another location has this name")]
    NameTaken,
    /// What lies there, is promised from there or may be ordered below its shelf would be lost from sight.
    #[error(
        "it still holds stock, promises stock to orders or takes backorders; move that elsewhere first"
    )]
    NotEmpty,
    /// Somebody else has changed it meanwhile.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// The database.
    #[error("the location could not be written")]
    Database(#[source] DatabaseError),
}

domain::fault! {
    LocationError {
        NotFound => NotFound "not_found",
        NameTaken => Conflict "location_name_taken",
        NotEmpty => Conflict "location_not_empty",
    }
    from { Stale, Database }
}

impl From<DatabaseError> for LocationError {
    fn from(error: DatabaseError) -> Self {
        if error.constraint() == Some("locations_name_key") {
            Self::NameTaken
        } else {
            Self::Database(error)
        }
    }
}

impl Location {
    fn facts(&self) -> Value {
        json!({ "name": self.name, "priority": self.priority, "active": self.active })
    }
}

/// Lists locations in the order in which orders are filled from them: `limit` of them after `after`.
///
/// # Errors
/// [`DatabaseError`].
pub async fn locations(
    connection: &mut PgConnection,
    active: Option<bool>,
    after: Option<LocationPlace>,
    limit: i64,
) -> Result<Page<Location>, DatabaseError> {
    let found = store_locations::list(connection, active, after, limit + 1).await?;
    Ok(Page::of(found, limit))
}

/// Makes a location, which holds nothing yet, with its audit row in the caller's transaction. A second
/// one of the same name is refused, so a repeat makes none.
///
/// # Errors
/// [`LocationError`]; the caller gives its transaction up.
pub async fn create_location(
    connection: &mut PgConnection,
    cause: &Cause,
    new: &NewLocation,
) -> Result<Location, LocationError> {
    let location = store_locations::insert(&mut *connection, LocationId::new(), new).await?;
    write_down(connection, cause, "location.created", None, &location).await?;
    Ok(location)
}

/// Changes a location, with its audit row in the caller's transaction. It is closed only once it is empty:
/// nothing on hand, nothing promised, no backorders taken. So what it held is never out of anybody's
/// sight, and no variant's availability changes with it. What changes nothing counts no version.
///
/// # Errors
/// [`LocationError`]; the caller gives its transaction up.
pub async fn change_location(
    connection: &mut PgConnection,
    cause: &Cause,
    wish: &ChangeLocation,
) -> Result<Location, LocationError> {
    let present = store_locations::lock(&mut *connection, wish.id).await?;
    let present = present.ok_or(LocationError::NotFound)?;
    wish.version.must_be(present.version)?;
    let name = wish.name.as_ref().map(|name| name.as_str().to_owned());
    let wanted = Location {
        name: name.unwrap_or_else(|| present.name.clone()),
        priority: wish.priority.unwrap_or(present.priority),
        active: wish.active.unwrap_or(present.active),
        ..present.clone()
    };
    if wanted == present {
        return Ok(present);
    }
    let closes = present.active && !wanted.active;
    if closes && !store_locations::is_empty(&mut *connection, wish.id).await? {
        return Err(LocationError::NotEmpty);
    }
    let changed = store_locations::update(&mut *connection, cause.at, &wanted).await?;
    let before = Some(&present);
    write_down(connection, cause, "location.updated", before, &changed).await?;
    Ok(changed)
}

async fn write_down(
    connection: &mut PgConnection,
    cause: &Cause,
    action: &str,
    before: Option<&Location>,
    after: &Location,
) -> Result<(), DatabaseError> {
    let (before, after_facts) = match before {
        None => (None, Some(after.facts())),
        Some(before) => difference(&before.facts(), &after.facts()).unzip(),
    };
    let change = Change {
        action,
        entity: "location",
        id: after.id.uuid(),
        before,
        after: after_facts,
    };
    audit::record(connection, cause, &change).await
}
