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

    /// To be called after the commit of what customers see, and before the answer: whoever reads from
    /// then on reads it. Takes a round trip to Redis; up to [`cache::COPY_LIFE`] where Redis hangs.
    pub async fn changed(&self) {
        self.cache.catalogue_changed().await;
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
