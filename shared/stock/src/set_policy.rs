//! When staff are told that stock runs low, and how far below the shelf orders may go.

use database::audit::{Change, difference};
use database::{DatabaseError, PgConnection, audit};
use domain::{Cause, LocationId, StaleVersion, StockLimit, VariantId, Version};
use serde_json::{Map, Value, json};

use crate::store_policy::{self, Policy};
use crate::{VariantStock, store_mark};

/// A change of a variant's policy; what is not said stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetPolicy {
    /// Of which variant.
    pub variant: VariantId,
    /// The version of its stock that the change is made of.
    pub version: Version,
    /// At one location; none: at every active one, at each the same.
    pub location: Option<LocationId>,
    /// At or below this many available pieces at a location staff are told.
    pub low_stock_threshold: Option<StockLimit>,
    /// How far below the shelf of a location orders may go.
    pub backorder_limit: Option<StockLimit>,
}

/// Why a policy was not set. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Nobody knows this variant.
    #[error("there is no such variant")]
    NotFound,
    /// Nobody knows this location.
    #[error("there is no such location")]
    UnknownLocation,
    /// It promises nothing while it is closed.
    #[error("orders are not filled from a location that is not active")]
    Inactive,
    /// More has been promised already than the limit would allow.
    #[error("more pieces are promised to orders than this limit would allow")]
    BelowReserved,
    /// Somebody else has changed it meanwhile.
    #[error(transparent)]
    Stale(#[from] StaleVersion),
    /// The database.
    #[error("the policy could not be set")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    PolicyError {
        NotFound => NotFound "not_found",
        UnknownLocation => Invalid "unknown_location",
        Inactive => Conflict "location_inactive",
        BelowReserved => Conflict "below_reserved",
    }
    from { Stale, Database }
}

/// Sets a variant's policy at one location or at all, and answers its stock: the levels, the version,
/// the audit row and `stock.changed` in the caller's transaction. What changes nothing counts no version
/// and writes nothing. Safe to repeat: the version is another then.
///
/// # Errors
/// [`PolicyError`]; the caller gives its transaction up.
pub async fn set_policy(
    connection: &mut PgConnection,
    cause: &Cause,
    wish: &SetPolicy,
) -> Result<VariantStock, PolicyError> {
    store_mark::make(&mut *connection, &[wish.variant]).await?;
    let present = store_policy::lock_version(&mut *connection, wish.variant).await?;
    wish.version
        .must_be(present.ok_or(PolicyError::NotFound)?)?;
    check_location(&mut *connection, wish).await?;
    store_policy::make_levels(&mut *connection, wish.variant, wish.location).await?;
    let levels = store_policy::set(&mut *connection, wish).await?;
    if levels.iter().any(|level| !level.allowed) {
        return Err(PolicyError::BelowReserved);
    }
    if levels.iter().any(|level| level.changes(wish)) {
        store_policy::count_version(&mut *connection, wish.variant).await?;
        write_down(&mut *connection, cause, wish, &levels).await?;
        crate::announce(&mut *connection, cause, [wish.variant]).await?;
    }
    Ok(store_policy::read(connection, wish.variant).await?)
}

/// A location that is closed promises nothing, so that closing and opening it changes nothing.
async fn check_location(
    connection: &mut PgConnection,
    wish: &SetPolicy,
) -> Result<(), PolicyError> {
    let active = store_policy::lock_locations(connection, wish.location).await?;
    let raised = wish.backorder_limit.is_some_and(|limit| limit.get() > 0);
    match (wish.location, active.first()) {
        (None, _) | (Some(_), Some(true)) => Ok(()),
        (Some(_), None) => Err(PolicyError::UnknownLocation),
        (Some(_), Some(false)) if raised => Err(PolicyError::Inactive),
        (Some(_), Some(false)) => Ok(()),
    }
}

async fn write_down(
    connection: &mut PgConnection,
    cause: &Cause,
    wish: &SetPolicy,
    levels: &[Policy],
) -> Result<(), DatabaseError> {
    let states = |state: fn(&Policy, &SetPolicy) -> Value| -> Value {
        let by_location = levels.iter();
        let each = by_location.map(|level| (level.location_id.to_string(), state(level, wish)));
        Value::Object(each.collect::<Map<_, _>>())
    };
    let before = states(|level, _| {
        json!({ "low_stock_threshold": level.low_stock_threshold,
                "backorder_limit": level.backorder_limit })
    });
    let after = states(|level, wish| {
        json!({ "low_stock_threshold": level.threshold_after(wish),
                "backorder_limit": level.limit_after(wish) })
    });
    let Some((before, after)) = difference(&before, &after) else {
        return Ok(());
    };
    let change = Change {
        action: "stock.policy_set",
        entity: "variant",
        id: wish.variant.uuid(),
        before: Some(before),
        after: Some(after),
    };
    audit::record(connection, cause, &change).await
}
