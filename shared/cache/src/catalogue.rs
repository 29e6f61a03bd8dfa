//! Copies of the catalogue, dropped all at once when it changes.
//!
//! Redis holds the name of the present *generation* of the catalogue, and copies that bear the name
//! of the generation that they were loaded in. A change ends the generation: its name is deleted, and
//! the next reader that misses gives the next one a random name.
//!
//! # No read that begins after a change was answered shows what was there before
//!
//! The promise is [`Cache::catalogue_changed`]'s: it is called after the commit, and when it has
//! returned, no copy that was loaded before the commit is served. Why:
//!
//! 1. A reader asks for the generation *before* it reads the database (`begin.lua`), and its copy
//!    bears that name. A copy is served only if it bears the present name, both read in one command.
//! 2. So once Redis has confirmed that the generation is ended, whatever was loaded before is dead,
//!    whenever it is put: names do not come back. (It is not even put: `finish.lua` compares.)
//! 3. **Redis was wiped or restarted**, in the middle of a load too: it has neither copies nor a
//!    generation. It must never load old ones from a disk: it runs without persistence
//!    (`tools/services`, `compose.yaml`, and on AWS an ElastiCache node without snapshots). Therefore
//!    "nobody listens", heard on a connection begun after the commit, is as good as a confirmation.
//! 4. **The writer's connection is dead, or Redis is busy**: the drop does not ask the breaker, and is
//!    repeated over new connections ([`crate::link`]). Deleting needs no room in a full Redis, and does
//!    no harm when it is carried out twice, or late.
//! 5. **Redis is frozen, or cannot be reached by this writer** while readers may: then nothing that a
//!    writer says helps, and it waits until the copies have come to their end, [`COPY_LIFE`] after the
//!    commit, going on to try. A copy ends that long after its reader asked for the generation, by
//!    Redis' own clock, not after it was put: neither a slow load nor a put that lay in a frozen
//!    socket makes it live longer.
//! 6. **A reader that waits for another's copy** takes it only under 1., by the generation as it is
//!    then; the other's lease bears the generation too, so that nobody waits for an old copy.
//!
//! What is left: a writer that ends between its commit and the drop has answered nothing; the
//! consumer of the change's message drops once more. And where the cache has a spare
//! (`CacheSpare`), a drop that was confirmed in the milliseconds before the first node died may not
//! have reached the spare: copies are then old for at most [`COPY_LIFE`], most of which passes while
//! AWS notices the death.
//!
//! # One load for all
//!
//! Functions are processes that share nothing but Redis. Of those that miss the same copy together one
//! gets its lease and loads, the others look for its copy (`turn.rs`). Whoever waits in vain loads by
//! itself: patience is bounded, a leader that fails says so, and one that died loses its lease.

mod generation;
mod packed;
mod turn;

use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use redis::Cmd;
use tokio::time::timeout;

use crate::Cache;
use crate::link::Heard;
use turn::Turn;

/// How long a copy of the catalogue is served, counted from before it was loaded. What changes without
/// a word (how many pieces are on a shelf) is shown this late; and this long a change is not answered
/// whose copies cannot be dropped.
pub const COPY_LIFE: Duration = Duration::from_secs(5);

/// By how much two clocks may differ over [`COPY_LIFE`].
const CLOCKS: Duration = Duration::from_millis(100);

/// How long another's load is waited for.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// The same within a load of one's own, for which others wait.
const PATIENCE_WITH_A_PART: Duration = Duration::from_millis(500);

impl Cache {
    /// The copy of a part of the catalogue, or what `load` answers, which is then copied for
    /// [`COPY_LIFE`]. `load` is not polled when there is a copy; it must read the database only when
    /// polled. Of several who miss together one loads, and the others wait for it, for 1.5 s at most.
    ///
    /// The copy was loaded after the last change that [`Cache::catalogue_changed`] has dropped; see
    /// the module for the argument. A copy costs one round trip.
    ///
    /// # Errors
    /// Those of `load`, and no other. An error is not copied.
    pub async fn catalogue_or_load<E>(
        &self,
        key: &str,
        load: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Vec<u8>, E> {
        self.copy_or_load(key, PATIENCE, load).await
    }

    /// The same for what is loaded within another load: waits for 0.5 s at most.
    ///
    /// # Errors
    /// Those of `load`, and no other.
    pub async fn catalogue_part_or_load<E>(
        &self,
        key: &str,
        load: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Vec<u8>, E> {
        self.copy_or_load(key, PATIENCE_WITH_A_PART, load).await
    }

    async fn copy_or_load<E>(
        &self,
        key: &str,
        patience: Duration,
        load: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Vec<u8>, E> {
        let keys = self.keys(key);
        // Boxed: this part is compiled once, and lies beside no load.
        let turn = self.turn(&keys, patience).boxed().await;
        self.counters.lookup(matches!(turn, Turn::Copy(_)));
        match turn {
            Turn::Copy(copy) => Ok(copy),
            Turn::Load(None) => load.await,
            Turn::Load(Some(ticket)) => {
                let answer = load.await;
                let loaded = answer.as_deref().ok();
                self.finish(&keys, ticket, loaded).boxed().await;
                answer
            }
        }
    }

    /// To be called after a change of the catalogue is committed, and before it is answered: when this
    /// returns, no copy is served that was loaded before the commit. It takes a round trip; half a
    /// second at most where Redis restarts; and [`COPY_LIFE`] where Redis may be alive and does not
    /// answer, because its copies might be served to others.
    pub async fn catalogue_changed(&self) {
        let told = async { while !self.new_catalogue_generation().await {} };
        if timeout(self.copy_life + CLOCKS, told).await.is_err() {
            tracing::warn!(
                "Redis could not be told of a change; its copies have come to their end"
            );
        }
    }

    /// Makes every copy of the catalogue stale at once, if Redis confirms within half a second:
    /// answers whether no older copy will be served. For those who need not wait, because they are no
    /// answer to the change, or will try again; else [`Cache::catalogue_changed`].
    pub async fn new_catalogue_generation(&self) -> bool {
        let end = Cmd::del(self.generation_key());
        match self.link.insist(&end).await {
            Heard::Confirmed | Heard::NobodyThere => true,
            Heard::Unknown => false,
        }
    }
}
