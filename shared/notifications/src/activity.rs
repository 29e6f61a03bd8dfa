//! What staff should see.

use database::{DatabaseError, PgConnection};
use domain::Cause;
use serde_json::Value;

use crate::store;

/// Something that happened in the shop.
#[derive(Debug, Clone)]
pub struct Activity {
    /// What: `order_paid`, `payment_unmatched` …
    pub kind: &'static str,
    /// Whether somebody has to act.
    pub alert: bool,
    /// Ids, numbers and amounts; no personal data.
    pub detail: Value,
}

/// Tells staff, in the transaction of what happened.
///
/// # Errors
/// [`DatabaseError`].
pub async fn tell_staff(
    connection: &mut PgConnection,
    cause: &Cause,
    activity: &Activity,
) -> Result<(), DatabaseError> {
    store::tell_staff(connection, cause, activity).await
}
