//! Stock: how many pieces lie where, to whom they are promised, and who waits for more.
//!
//! Invariants: `available = on_hand - reserved + backorder_limit` is never negative (a CHECK on the
//! row, whatever this code does); each change of a counter has a row in the append-only
//! `stock_movements`, so the sum of movements equals the counters; a promise is `held` (runs out),
//! `committed` (paid), `released` or `shipped`; a location that is not active holds nothing and
//! promises nothing, so opening and closing one changes nobody's availability.
//!
//! Level rows are locked last in a transaction and in one order (variant, location), so that two
//! transactions never wait for each other; a variant's row (`variant_stock`) and its locations are
//! locked before them. Whoever changes what can be had announces `stock.changed` in the same
//! transaction: staff's use-cases here do it themselves, for orders the checkout does. This crate knows
//! orders by their id only, and sends nothing to anybody.

mod adjust;
mod alert;
mod commit;
mod level;
mod levels;
mod location;
mod mark;
mod movements;
mod release;
mod reservations;
mod reserve;
mod set_policy;
mod store;
mod store_adjust;
mod store_alerts;
mod store_lists;
mod store_locations;
mod store_mark;
mod store_policy;
mod store_sync;
mod sync;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use adjust::{Adjust, AdjustError, AdjustLine, Adjusted, AdjustedLine, Shortfall, adjust};
pub use alert::{AlertError, BATCH, Waiting, subscribe, take_waiting};
pub use commit::commit;
pub use level::{Level, VariantStock};
pub use levels::{LevelsFilter, ListedLevel, Place, Short, levels};
pub use location::{
    ChangeLocation, Location, LocationError, LocationPlace, NewLocation, change_location,
    create_location, locations,
};
pub use mark::{Marked, mark};
pub use movements::{Movement, MovementPlace, MovementsFilter, movements};
pub use release::release;
pub use reservations::{ReservationPlace, ReservationsFilter, ReservedPieces, reservations};
pub use reserve::{Reservation, ReserveError, Wanted, reserve};
pub use set_policy::{PolicyError, SetPolicy, set_policy};
pub use sync::{Difference, sync};

use database::{DatabaseError, PgConnection, outbox};
use domain::{Cause, Event, VariantId};

/// A page of a list: so many items, and whether others follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Whether others come after the last.
    pub more: bool,
}

impl<T> Page<T> {
    /// Of one more than was asked for.
    fn of(mut items: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or_default();
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// Announces once for each variant that how many pieces of it can be had has changed.
async fn announce(
    connection: &mut PgConnection,
    cause: &Cause,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<(), DatabaseError> {
    let mut variants: Vec<VariantId> = variants.into_iter().collect();
    variants.sort_unstable();
    variants.dedup();
    let changed = |variant_id| Event::StockChanged { variant_id }.into();
    let events: Vec<_> = variants.into_iter().map(changed).collect();
    if events.is_empty() {
        return Ok(());
    }
    outbox::announce(connection, cause.at, &cause.correlation_id, &events).await
}

#[cfg(test)]
mod tests;
