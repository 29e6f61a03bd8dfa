//! The product that a picture belongs to: locked before anything of it is looked at, counted up after
//! anything of it has changed.

use std::time::Duration;

use chrono::{DateTime, Utc};
use database::outbox::{Announcement, announce};
use database::{DatabaseError, PgConnection};
use domain::{Cause, Event, ImageId, ProductId};

use super::{Image, ImageError, store};

/// How soon it is asked whether a promised picture has come.
pub(super) const FIRST_QUESTION: Duration = Duration::from_secs(2);

/// A product whose pictures nobody else changes until the transaction ends.
pub(super) struct Locked {
    pub(super) id: ProductId,
    pub(super) version: i64,
    pub(super) images: Vec<Image>,
}

impl Locked {
    /// Waits for the product, and reads its pictures.
    pub(super) async fn take(
        connection: &mut PgConnection,
        id: ProductId,
    ) -> Result<Self, ImageError> {
        let version = store::lock_product(connection, id).await?;
        let version = version.ok_or(ImageError::NotFound)?;
        let images = store::of_product(connection, id).await?;
        Ok(Self {
            id,
            version,
            images,
        })
    }

    /// One of its pictures.
    pub(super) fn image(&self, id: ImageId) -> Result<Image, ImageError> {
        let found = self.images.iter().find(|image| image.id == id);
        found.cloned().ok_or(ImageError::NotFound)
    }

    /// Its pictures in order.
    pub(super) fn order(&self) -> Vec<ImageId> {
        self.images.iter().map(|image| image.id).collect()
    }

    /// Counts the version up; answers the new one.
    pub(super) async fn count_up(
        &self,
        connection: &mut PgConnection,
        at: DateTime<Utc>,
    ) -> Result<i64, DatabaseError> {
        store::count_up(connection, self.id, at).await
    }
}

/// Announces that customers see another product.
pub(super) async fn announce_seen(
    connection: &mut PgConnection,
    cause: &Cause,
    product_id: ProductId,
) -> Result<(), DatabaseError> {
    let event = Event::ProductUpdated { product_id };
    announce(connection, cause.at, &cause.correlation_id, &[event.into()]).await
}

/// Has the bucket be asked about a picture after a while.
pub(super) async fn announce_question(
    connection: &mut PgConnection,
    cause: &Cause,
    image_id: ImageId,
    pause: Duration,
) -> Result<(), DatabaseError> {
    let later = Announcement::after(pause, Event::ImageRequested { image_id });
    announce(connection, cause.at, &cause.correlation_id, &[later]).await
}
