//! Copies of the catalogue, dropped all at once by a new generation.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use redis::Cmd;
use ring::rand::{SecureRandom, SystemRandom};

use crate::{Cache, set};

/// The bytes that a generation is written in, before each copy.
const GENERATION_BYTES: usize = 32;

/// The catalogue as it was between two changes. A generation is random, not a counter: one that
/// Redis has lost can never come back and make old copies fresh.
#[derive(Clone, PartialEq, Eq)]
pub struct Generation([u8; GENERATION_BYTES]);

impl Generation {
    fn new() -> Option<Self> {
        let mut random = [0_u8; GENERATION_BYTES / 2];
        SystemRandom::new().fill(&mut random).ok()?;
        let mut text = [0; GENERATION_BYTES];
        for (index, digit) in text.iter_mut().enumerate() {
            let byte = random[index / 2];
            let nibble = if index % 2 == 0 { byte >> 4 } else { byte & 15 };
            *digit = b"0123456789abcdef"[usize::from(nibble)];
        }
        Some(Self(text))
    }

    fn read(bytes: Option<Vec<u8>>) -> Option<Self> {
        bytes?.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Generation({})", String::from_utf8_lossy(&self.0))
    }
}

impl Cache {
    /// The copy of a part of the catalogue, or what `load` answers, which is then copied for `ttl`.
    /// `load` is not polled when there is a copy; it must read the database only when polled.
    ///
    /// # What is guaranteed
    /// A copy is served only under the generation that it was loaded in, and the generation is read
    /// *before* the database. So if a change is committed first and announced after
    /// ([`Cache::new_catalogue_generation`] answered `true`), no later call answers what was there
    /// before the change: a reader that had read the old state had read the old generation too, and
    /// the copy that it puts, however late, bears that one. It may overwrite a newer copy; then the
    /// next reader loads again.
    ///
    /// Between commit and announcement, and when Redis could not be told, old copies are served for
    /// at most their `ttl`; the consumer of `product.updated` announces once more. Copies and
    /// generation are read in one atomic command, so a hit costs one round trip.
    ///
    /// # Errors
    /// Those of `load`, and no other.
    pub async fn catalogue_or_load<E>(
        &self,
        key: &str,
        ttl: Duration,
        load: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Vec<u8>, E> {
        let (generation, copy) = self.catalogue_copy(key).await;
        if let Some(copy) = copy {
            return Ok(copy);
        }
        let value = load.await?;
        if let Some(generation) = generation {
            let copy = [generation.0.as_slice(), &value].concat();
            self.link
                .ask::<()>(set(&self.copy_key(key), &copy, ttl))
                .await;
        }
        Ok(value)
    }

    /// The catalogue's present generation; `None` when Redis does not answer.
    pub async fn catalogue_generation(&self) -> Option<Generation> {
        let known: Option<Vec<u8>> = self.link.ask(Cmd::get(self.generation_key())).await?;
        match Generation::read(known) {
            Some(generation) => Some(generation),
            None => self.first_generation().await,
        }
    }

    /// Makes every copy of the catalogue stale at once. To be called after the change is committed.
    /// Answers whether Redis has confirmed it; if not, old copies live until their `ttl` ends or a
    /// later call succeeds.
    pub async fn new_catalogue_generation(&self) -> bool {
        let Some(generation) = Generation::new() else {
            return false;
        };
        let announcing = Cmd::set(self.generation_key(), generation.0.as_slice());
        self.link.ask::<()>(announcing).await.is_some()
    }

    /// The generation to load in, and the copy if it is of that generation.
    async fn catalogue_copy(&self, key: &str) -> (Option<Generation>, Option<Vec<u8>>) {
        let question = Cmd::mget(&[self.generation_key(), self.copy_key(key)]);
        let answer = self.link.ask::<[Option<Vec<u8>>; 2]>(question).await;
        let reached = answer.is_some();
        let [generation, copy] = answer.unwrap_or_default();
        let (generation, copy) = match Generation::read(generation) {
            Some(generation) => {
                let copy = copy.and_then(|copy| fresh(&generation, copy));
                (Some(generation), copy)
            }
            None if reached => (self.first_generation().await, None),
            None => (None, None),
        };
        self.counters.lookup(copy.is_some());
        (generation, copy)
    }

    /// Redis has no generation: it is new or was wiped. Of several that notice, one sets it.
    async fn first_generation(&self) -> Option<Generation> {
        let generation = Generation::new()?;
        let mut question = redis::pipe();
        question
            .set_nx(self.generation_key(), generation.0.as_slice())
            .ignore();
        question.get(self.generation_key());
        let (present,): (Option<Vec<u8>>,) = self.link.ask(question).await?;
        Generation::read(present)
    }

    fn generation_key(&self) -> String {
        self.key("catalogue:generation")
    }

    fn copy_key(&self, key: &str) -> String {
        self.key(&format!("catalogue:copy:{key}"))
    }
}

/// What was copied, without its generation, if it is this one.
fn fresh(generation: &Generation, mut copy: Vec<u8>) -> Option<Vec<u8>> {
    if !copy.starts_with(&generation.0) {
        return None;
    }
    copy.drain(..GENERATION_BYTES);
    Some(copy)
}
