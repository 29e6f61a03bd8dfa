//! The staff's side of the catalogue.

use axum::extract::FromRef;
use cache::{Cache, CacheSettings};
use edge::StaffAccess;
use office::Office;

/// What a function works with that changes the catalogue: the office, and the copies that a change
/// makes stale.
#[derive(Debug, Clone)]
pub struct Management {
    /// The database, and who may do what.
    pub office: Office,
    cache: Cache,
}

impl Management {
    /// Reads `DATABASE_*`, `JWT_SECRET_KEY` and `REDIS_*`; connects to nothing. `None` where a setting
    /// is at fault, which is noted.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        let (office, cache) = (Office::read(env), CacheSettings::read(env));
        Some(Self {
            office: office?,
            cache: Cache::lazy(&cache),
        })
    }

    /// To be called after the commit of what customers see: whoever reads from now on reads it. If
    /// Redis cannot be told, `sync-product` tells it once more, and no copy lives longer than
    /// [`crate::KEPT_FOR`].
    pub async fn changed(&self) {
        if !self.cache.new_catalogue_generation().await {
            tracing::warn!("copies of the catalogue could not be dropped");
        }
    }
}

impl FromRef<Management> for Office {
    fn from_ref(management: &Management) -> Self {
        management.office.clone()
    }
}

impl FromRef<Management> for StaffAccess {
    fn from_ref(management: &Management) -> Self {
        Self::from_ref(&management.office)
    }
}
