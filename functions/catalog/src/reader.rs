//! Public reads of the catalogue.

use std::future::Future;
use std::time::Duration;

use axum::response::Response;
use cache::{Cache, CacheSettings};
use database::{Connection, Database, DatabaseError};
use domain::{Fault, Kind};
use edge::Problem;
use http::HeaderMap;
use serde::Serialize;
use serde_json::value::RawValue;

/// How long an answer is kept by whoever receives it. The shop's own copies in Redis are dropped by
/// each change, and live for [`cache::COPY_LIFE`] at most; stock changes without a word, and may be
/// shown this late.
pub const KEPT_FOR: Duration = Duration::from_secs(15);

/// What a public read of the catalogue opens: the database, and the copies in Redis.
#[derive(Debug, Clone)]
pub struct Reader {
    database: Database,
    cache: Cache,
}

impl Reader {
    /// Reads `DATABASE_*` and `REDIS_*`; connects to nothing yet. `None` where a setting is at fault,
    /// which is noted.
    pub fn read(env: &mut settings::Env) -> Option<Self> {
        let (database, cache) = (Database::read(env), CacheSettings::read(env));
        Some(Self {
            database: database?,
            cache: Cache::lazy(&cache),
        })
    }

    /// A connection to the database.
    ///
    /// # Errors
    /// [`DatabaseError::Unavailable`].
    pub async fn connection(&self) -> Result<Connection, DatabaseError> {
        self.database.connection().await
    }

    /// The copy of a part of an answer under a key, or what `read` answers. A refusal is never kept.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn copy_or(
        &self,
        key: &str,
        read: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Vec<u8>, Problem> {
        self.cache.catalogue_part_or_load(key, read).await
    }

    /// Answers with the copy under a key or with what `read` answers, for anyone to keep. Of several
    /// who ask for the same at once, one reads.
    ///
    /// # Errors
    /// Those of `read`.
    pub async fn answer(
        &self,
        headers: &HeaderMap,
        key: &str,
        read: impl Future<Output = Result<Vec<u8>, Problem>>,
    ) -> Result<Response, Problem> {
        let body = self.cache.catalogue_or_load(key, read).await?;
        let seconds = u32::try_from(KEPT_FOR.as_secs()).unwrap_or(u32::MAX);
        Ok(edge::public_json(headers, body, seconds))
    }
}

/// The bytes of an answer.
///
/// # Errors
/// 500 for a shape that cannot be JSON.
pub fn json(shape: &impl Serialize) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(shape).map_err(|error| NotJson(error).into())
}

/// A part of an answer whose JSON is already written.
///
/// # Errors
/// 500 where it is not JSON.
pub fn raw(json: &[u8]) -> Result<&RawValue, Problem> {
    serde_json::from_slice(json).map_err(|error| NotJson(error).into())
}

#[derive(Debug, thiserror::Error)]
#[error("an answer is not JSON")]
struct NotJson(#[source] serde_json::Error);

impl Fault for NotJson {
    fn kind(&self) -> Kind {
        Kind::Bug
    }

    fn code(&self) -> &'static str {
        "internal_error"
    }
}
