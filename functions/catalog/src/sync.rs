//! What `sync-product` does, a file for each kind of message.

pub mod category;
pub mod export;
pub mod image;
pub mod import;
pub mod product;
pub mod stock;

use cache::{Cache, CacheSettings};
use database::Database;
use domain::Clock;
use sealing::Sealer;
use storage::Storage;

/// What the consumer works with.
#[derive(Debug, Clone)]
pub struct Sync {
    /// The truth.
    pub database: Database,
    /// The copies.
    pub cache: Cache,
    /// Opens and seals the addresses of those who wait for a variant.
    pub sealer: Sealer,
    /// The bucket of pictures and files.
    pub storage: Storage,
    /// The one clock.
    pub clock: Clock,
}

impl Sync {
    /// Reads the settings; connects to nothing. `None` where one is at fault, which is noted.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        let (database, cache) = (Database::read(env), CacheSettings::read(env));
        let sealer = Sealer::read(env);
        let clock = Clock::system();
        let storage = Storage::read(env, clock.clone());
        Some(Self {
            database: database?,
            cache: Cache::lazy(&cache),
            sealer: sealer?,
            storage: storage?,
            clock,
        })
    }

    /// Drops the copies once more: whoever changed the catalogue may not have reached Redis, or may
    /// have ended between the commit and the call.
    pub async fn drop_copies(&self) {
        if !self.cache.new_catalogue_generation().await {
            tracing::warn!("copies of the catalogue could not be dropped");
        }
    }
}
