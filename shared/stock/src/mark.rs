//! Telling each crossing once.

use database::{DatabaseError, PgConnection};
use domain::{Availability, Crossing, VariantId};

use crate::store_mark;

/// What was last told of a variant, and what it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    /// The merchant's name of it.
    pub sku: String,
    /// What was last told.
    pub before: Availability,
    /// What it is, which from now on counts as told.
    pub now: Availability,
}

impl Marked {
    /// What is to be told.
    #[must_use]
    pub const fn crossing(&self) -> Option<Crossing> {
        Crossing::between(self.before, self.now)
    }
}

/// Compares what a variant offers, over its active locations, with what was last told of it, and marks it
/// as told: the caller tells it in the same transaction. The variant's row is locked until that ends, so
/// of many who look at once one tells each crossing. None for a variant that is not sold any more.
///
/// Of a variant that nothing was told of yet, plenty counts as told if anything of it ever lay anywhere,
/// and nothing if not: a new variant is not news until it has been in stock.
///
/// # Errors
/// [`DatabaseError`].
pub async fn mark(
    connection: &mut PgConnection,
    variant: VariantId,
) -> Result<Option<Marked>, DatabaseError> {
    store_mark::make(&mut *connection, &[variant]).await?;
    let Some(told) = store_mark::lock(&mut *connection, variant).await? else {
        return Ok(None);
    };
    let now = store_mark::offered(&mut *connection, variant).await?;
    let before = match told.announced {
        Some(word) => word,
        None if store_mark::ever_stocked(&mut *connection, variant).await? => Availability::InStock,
        None => Availability::OutOfStock,
    };
    if told.announced != Some(now) {
        store_mark::announce(connection, variant, now).await?;
    }
    let sku = told.sku;
    Ok(Some(Marked { sku, before, now }))
}
