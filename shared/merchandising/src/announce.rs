//! What the rest of the shop is told.

use std::time::Duration;

use database::outbox::{self, Announcement};
use database::{DatabaseError, PgConnection};
use domain::{Cause, Event, ProductStatus};

use crate::product::Product;

/// Announces what happened, and possibly something that is to be announced later.
pub(crate) async fn announce(
    connection: &mut PgConnection,
    cause: &Cause,
    event: Event,
    later: Option<Announcement>,
) -> Result<(), DatabaseError> {
    let all: Vec<Announcement> = [Announcement::now(event)]
        .into_iter()
        .chain(later)
        .collect();
    outbox::announce(connection, cause.at, &cause.correlation_id, &all).await
}

/// A product whose time is to come is announced once more when it has come: nobody changes anything
/// then, and yet customers see something else.
pub(crate) fn at_publication(cause: &Cause, product: &Product) -> Option<Announcement> {
    let at = product
        .published_at
        .filter(|_| product.status == ProductStatus::Published)?;
    let wait: Duration = (at - cause.at)
        .to_std()
        .ok()
        .filter(|wait| !wait.is_zero())?;
    let product_id = product.id;
    Some(Announcement::after(
        wait,
        Event::ProductUpdated { product_id },
    ))
}
