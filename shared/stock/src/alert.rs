//! Who waits for a variant to be back.

use chrono::{DateTime, Utc};
use database::{DatabaseError, PgConnection};
use domain::{Cause, Email, VariantId};
use sealing::{Place, Sealer, SealingError};
use uuid::Uuid;

use crate::{store_alerts, store_mark};

/// How many of those who wait are told in one transaction.
pub const BATCH: i64 = 200;

/// The purpose of the keyed hash by which an address is found.
const INDEX: &str = "stock_alerts.email";

/// Why nobody waits. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// There is nothing to wait for.
    #[error("it is in stock")]
    InStock,
    /// Nobody knows this variant, or it is not sold any more.
    #[error("there is no such variant")]
    NotFound,
    /// The address could not be sealed or opened.
    #[error("the address of somebody who waits could not be sealed or opened")]
    Sealing(#[from] SealingError),
    /// The database.
    #[error("who waits could not be written or read")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    AlertError {
        InStock => Conflict "in_stock",
        NotFound => NotFound "not_found",
    }
    from { Sealing, Database }
}

/// Somebody who waits. Personal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The occasion on which they are told, once.
    pub id: Uuid,
    /// Their address.
    pub email: Email,
}

/// Notes that somebody waits for a variant, once, however often they ask. Whoever tells those who wait
/// holds the variant's row meanwhile: nobody is noted behind their back and forgotten.
///
/// # Errors
/// [`AlertError`].
pub async fn subscribe(
    connection: &mut PgConnection,
    at: DateTime<Utc>,
    sealer: &Sealer,
    variant: VariantId,
    email: &Email,
) -> Result<(), AlertError> {
    store_mark::make(&mut *connection, &[variant]).await?;
    if !store_alerts::hold(&mut *connection, variant).await? {
        return Err(AlertError::NotFound);
    }
    if store_mark::offered(&mut *connection, variant)
        .await?
        .on_shelf()
    {
        return Err(AlertError::InStock);
    }
    let canonical = email.canonical();
    let id = Uuid::now_v7();
    let new = store_alerts::NewAlert {
        id,
        variant,
        email: sealer.seal(place_of(&id), email)?,
        index: sealer.index(INDEX, &canonical),
        known_as: sealer.indexes(INDEX, &canonical),
    };
    store_alerts::insert(connection, at, &new).await?;
    Ok(())
}

/// Takes up to [`BATCH`] of those who wait for a variant that is back, the longest waiting first, and marks
/// them as told: the caller tells them in the same transaction, and announces `stock.changed` where
/// others may be left. Their addresses are forgotten here.
///
/// # Errors
/// [`AlertError::Sealing`] and [`AlertError::Database`].
pub async fn take_waiting(
    connection: &mut PgConnection,
    cause: &Cause,
    sealer: &Sealer,
    variant: VariantId,
) -> Result<Vec<Waiting>, AlertError> {
    let taken = store_alerts::take(connection, cause.at, variant, BATCH).await?;
    let open = |(id, sealed): (Uuid, Vec<u8>)| -> Result<Waiting, AlertError> {
        let email = sealer.open(place_of(&id), &sealed)?;
        Ok(Waiting { id, email })
    };
    taken.into_iter().map(open).collect()
}

fn place_of(id: &Uuid) -> Place<'_> {
    Place {
        table: "stock_alerts",
        column: "email",
        row: id.as_bytes(),
    }
}
