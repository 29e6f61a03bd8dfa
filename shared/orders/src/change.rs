//! Moving an order from one state to another.

use database::{DatabaseError, PgConnection};
use domain::{Cause, ForbiddenMove, OrderStatus, PaymentStatus};
use serde_json::{Value, json};

use crate::{LockedOrder, store};

/// A move of an order's statuses, with what the timeline says of it.
#[derive(Debug, Clone)]
pub struct Change {
    /// The word of the timeline: `paid`, `expired` …
    pub kind: &'static str,
    /// Where the order goes as a whole.
    pub status: OrderStatus,
    /// Where its money goes.
    pub payment_status: PaymentStatus,
    /// Facts for the timeline; no personal data.
    pub detail: Value,
}

/// Why an order was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The table has no such move.
    #[error("the order cannot go there")]
    Forbidden(#[from] ForbiddenMove),
    /// The database.
    #[error("the order could not be changed")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    ChangeError {}
    from { Forbidden, Database }
}

/// Moves a locked order and writes its timeline. The table of moves decides, and the statement is
/// guarded by the states the order was locked in.
///
/// # Errors
/// [`ChangeError`]; the caller gives its transaction up.
pub async fn change(
    connection: &mut PgConnection,
    cause: &Cause,
    order: &LockedOrder,
    change: &Change,
) -> Result<(), ChangeError> {
    order.status.become_(change.status)?;
    order.payment_status.become_(change.payment_status)?;
    let mut detail = change.detail.clone();
    if order.status != change.status {
        detail["status"] = json!([order.status, change.status]);
    }
    if order.payment_status != change.payment_status {
        detail["payment_status"] = json!([order.payment_status, change.payment_status]);
    }
    Ok(store::change(connection, cause, order, change, &detail).await?)
}
