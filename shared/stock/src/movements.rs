//! The ledger, as staff read it.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{AdjustmentId, LocationId, MovementKind, OrderId, VariantId};

use crate::{Page, store_lists};

/// Which movements are asked for.
#[derive(Debug, Clone, Default)]
pub struct MovementsFilter {
    /// Of one variant.
    pub variant: Option<VariantId>,
    /// At one location.
    pub location: Option<LocationId>,
    /// Of one kind.
    pub kind: Option<MovementKind>,
    /// Of one adjustment.
    pub adjustment: Option<AdjustmentId>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// A place in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovementPlace {
    /// When the last one was.
    pub at: DateTime<Utc>,
    /// Its number.
    pub id: i64,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// Its number.
    pub id: i64,
    /// When its transaction began.
    pub at: DateTime<Utc>,
    /// What kind of movement it was.
    pub kind: MovementKind,
    /// Of which variant.
    pub variant: VariantId,
    /// The merchant's name of it.
    pub sku: String,
    /// Where.
    pub location: LocationId,
    /// The location's name.
    pub location_name: String,
    /// By how many pieces the shelf changed.
    pub on_hand: i64,
    /// By how many pieces the promises changed.
    pub reserved: i64,
    /// The order it was for.
    pub order: Option<OrderId>,
    /// The adjustment it belongs to.
    pub adjustment: Option<AdjustmentId>,
    /// Why, where staff said so.
    pub reason: String,
    /// A member of staff's sign, or the function that did it.
    pub actor: String,
}

/// Lists movements, the newest first: `limit` of them that come after `after`.
///
/// A walk repeats none and skips none of those that were there when it began.
///
/// # Errors
/// [`DatabaseError`].
pub async fn movements(
    connection: &mut PgConnection,
    filter: &MovementsFilter,
    after: Option<MovementPlace>,
    limit: i64,
) -> Result<Page<Movement>, DatabaseError> {
    let found = store_lists::movements(connection, filter, after, limit + 1).await?;
    Ok(Page::of(found, limit))
}
