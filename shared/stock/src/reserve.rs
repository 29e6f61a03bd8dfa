//! Reserving stock for an order.

use database::{DatabaseError, PgConnection};
use domain::{OrderId, Quantity, ReservationStatus, Shortage, VariantId};

use crate::store;

/// So many pieces of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Which.
    pub variant: VariantId,
    /// How many.
    pub quantity: Quantity,
}

/// How long a reservation is to last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reservation {
    /// Until the order expires.
    UntilExpiry,
    /// For good: the order is paid, or is paid on delivery.
    Committed,
}

/// Why stock was not reserved.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// There is too little; every line at fault is named. Nothing was reserved.
    #[error("{} of the items are not in stock in the quantity asked for", .0.len())]
    OutOfStock(Vec<Shortage>),
    /// The database.
    #[error("stock could not be reserved")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    ReserveError {
        OutOfStock => Conflict "out_of_stock",
    }
    from { Database }
}

/// Reserves all of it or nothing, in one statement. Must be the last statement before the commit:
/// from here on the level rows are locked.
///
/// Pieces are taken from the location with the lowest priority number first and may come from
/// several. Not idempotent: call it once for an order, or again after [`release`](crate::release).
///
/// # Errors
/// [`ReserveError::OutOfStock`]: the caller gives its transaction up (nothing was changed by this
/// statement). [`ReserveError::Database`].
pub async fn reserve(
    connection: &mut PgConnection,
    order: OrderId,
    reservation: Reservation,
    wanted: &[Wanted],
) -> Result<(), ReserveError> {
    let status = match reservation {
        Reservation::UntilExpiry => ReservationStatus::Held,
        Reservation::Committed => ReservationStatus::Committed,
    };
    let shortages = store::reserve(connection, order, status, wanted).await?;
    if shortages.is_empty() {
        Ok(())
    } else {
        Err(ReserveError::OutOfStock(shortages))
    }
}
