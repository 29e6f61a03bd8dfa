//! Redis: copies that may be lost at any moment.
//!
//! **Owns** the connection to Redis, its breaker, the catalogue's generation, and who of several
//! readers loads.
//!
//! **Invariants.** Redis is never needed: every operation takes at most [`OPERATION_LIMIT`] and
//! answers a dead, slow, full or wiped Redis as "not there". A copy of the catalogue is served only if
//! it was read from the database after the last change that was answered; the argument is told in
//! `catalogue.rs`.
//!
//! **Refuses to know** what is copied, and errors: they are counted ([`Cache::counts`]) and traced,
//! never returned. What must not be lost or must not be doubted (stock, money, sessions) has no
//! place here.

mod breaker;
mod catalogue;
mod counts;
mod link;
mod settings;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use redis::Cmd;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::counts::Counters;
use crate::link::Link;

pub use catalogue::COPY_LIFE;
pub use counts::Counts;
pub use link::OPERATION_LIMIT;
pub use settings::CacheSettings;

/// A door to Redis. Cloning it shares the connection, the breaker and the counts.
#[derive(Debug, Clone)]
pub struct Cache {
    link: Arc<Link>,
    counters: Arc<Counters>,
    prefix: Arc<str>,
    copy_life: Duration,
}

impl Cache {
    /// A cache that connects with its first operation, so that a function starts without Redis.
    pub fn lazy(settings: &CacheSettings) -> Self {
        let counters = Arc::<Counters>::default();
        Self {
            link: Arc::new(Link::new(settings, Arc::clone(&counters))),
            counters,
            prefix: settings.prefix.as_str().into(),
            copy_life: COPY_LIFE,
        }
    }

    /// The value under a key, if Redis has it and answers in time.
    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        let found = self.link.ask(Cmd::get(self.key(key))).await.flatten();
        self.counters.lookup(found.is_some());
        found
    }

    /// Puts a value under a key, for `ttl` (at least a millisecond).
    pub async fn put(&self, key: &str, value: &[u8], ttl: Duration) {
        self.link.ask::<()>(set(&self.key(key), value, ttl)).await;
    }

    /// Removes a key; answers whether Redis has confirmed that it is gone.
    pub async fn remove(&self, key: &str) -> bool {
        self.link.ask::<()>(Cmd::del(self.key(key))).await.is_some()
    }

    /// The copy under a key, or what `load` answers, which is then copied for `ttl`. `load` is not
    /// polled when there is a copy. A copy that is no `T` any more (an older deployment wrote it)
    /// counts as none.
    ///
    /// A reader that raced a change may put back what was there before it: for at most `ttl`. Where
    /// that is too long, see [`Cache::catalogue_or_load`].
    ///
    /// # Errors
    /// Those of `load`, and no other.
    pub async fn get_or_load<T, E>(
        &self,
        key: &str,
        ttl: Duration,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E>
    where
        T: Serialize + DeserializeOwned,
    {
        if let Some(copy) = self
            .get(key)
            .await
            .and_then(|copy| serde_json::from_slice(&copy).ok())
        {
            return Ok(copy);
        }
        let value = load.await?;
        match serde_json::to_vec(&value) {
            Ok(copy) => self.put(key, &copy, ttl).await,
            Err(error) => tracing::error!(key, %error, "this cannot be copied as JSON"),
        }
        Ok(value)
    }

    /// Whether Redis answers now, and how long it took; the breaker is asked as by any operation.
    pub async fn ping(&self) -> Option<Duration> {
        let begun = std::time::Instant::now();
        self.link
            .ask::<String>(redis::cmd("PING"))
            .await
            .map(|_| begun.elapsed())
    }

    /// What has happened since the process began.
    pub fn counts(&self) -> Counts {
        self.counters.read()
    }

    fn key(&self, key: &str) -> String {
        format!("{}:{key}", self.prefix)
    }
}

fn set(key: &str, value: &[u8], ttl: Duration) -> Cmd {
    let milliseconds = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
    Cmd::pset_ex(key, value, milliseconds)
}

#[cfg(test)]
mod tests;
