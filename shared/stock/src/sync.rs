//! Making stock agree with the catalogue.

use database::{DatabaseError, PgConnection};
use domain::{Cause, LocationId, VariantId};
use uuid::Uuid;

use crate::{store_mark, store_sync};

/// A counter that is not the sum of its movements: a mistake of ours, or a hand in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of which variant.
    pub variant: VariantId,
    /// Where.
    pub location: LocationId,
    /// `(on_hand, reserved)` as the counters say.
    pub counters: (i64, i64),
    /// The same as the movements add up.
    pub movements: (i64, i64),
}

/// Makes sure that variants have a level at every active location, and compares their counters with their
/// movements. Answers the differences of variants that had none before: the caller alerts staff, who find
/// out which of the two is right and adjust. Nothing is ever repaired in silence: a movement that made
/// the ledger agree would hide what happened.
///
/// Announces `stock.changed` for a variant whose stock was last told otherwise, or that somebody waits for
/// who could have it. Safe to repeat: the second time there is nothing to say.
///
/// # Errors
/// [`DatabaseError`].
pub async fn sync(
    connection: &mut PgConnection,
    cause: &Cause,
    variants: &[VariantId],
) -> Result<Vec<Difference>, DatabaseError> {
    let ids: Vec<Uuid> = variants.iter().map(|variant| variant.uuid()).collect();
    store_mark::make(&mut *connection, variants).await?;
    let differences = store_sync::differences(&mut *connection, &ids).await?;
    let differing: Vec<Uuid> = differences.iter().map(|d| d.variant.uuid()).collect();
    let news = store_sync::note_differences(&mut *connection, &ids, &differing).await?;
    let untold = store_sync::untold(&mut *connection, &ids).await?;
    crate::announce(&mut *connection, cause, untold).await?;
    store_sync::make_levels(connection, &ids).await?;
    let is_news = |difference: &Difference| news.contains(&difference.variant);
    Ok(differences.into_iter().filter(is_news).collect())
}
