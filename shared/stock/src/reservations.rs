//! What is promised to orders, as staff see it.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{LocationId, OrderId, ReservationStatus, VariantId};

use crate::{Page, store_lists};

/// Which promises are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReservationsFilter {
    /// Of one variant.
    pub variant: Option<VariantId>,
    /// At one location.
    pub location: Option<LocationId>,
    /// To one order.
    pub order: Option<OrderId>,
}

/// A place in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationPlace {
    /// The last order.
    pub order: OrderId,
    /// The last variant.
    pub variant: VariantId,
    /// The last location.
    pub location: LocationId,
}

/// Pieces that are promised to an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservedPieces {
    /// To which order.
    pub order: OrderId,
    /// Of which variant.
    pub variant: VariantId,
    /// The merchant's name of it.
    pub sku: String,
    /// Where.
    pub location: LocationId,
    /// The location's name.
    pub location_name: String,
    /// How many.
    pub quantity: i64,
    /// Held or committed.
    pub status: ReservationStatus,
    /// Since when it has this status.
    pub since: DateTime<Utc>,
}

/// Lists the promises in force, those to the newest orders first: `limit` of them after `after`.
///
/// # Errors
/// [`DatabaseError`].
pub async fn reservations(
    connection: &mut PgConnection,
    filter: &ReservationsFilter,
    after: Option<ReservationPlace>,
    limit: i64,
) -> Result<Page<ReservedPieces>, DatabaseError> {
    let found = store_lists::reservations(connection, filter, after, limit + 1).await?;
    Ok(Page::of(found, limit))
}
