//! Whose turn it is to load: of those who miss the same copy together, one leads and the others
//! follow.

use std::time::Duration;

use redis::Cmd;
use tokio::time::{Instant, sleep_until};

use super::generation::{GENERATION_BYTES, random_name};
use super::packed::{pack, unpack};
use crate::Cache;

/// How long a leader that says nothing is believed to be loading. Longer than a load takes on a busy
/// day; one that takes longer yet gets a second leader.
const LEASE: Duration = Duration::from_secs(1);

/// The first pause between two looks, doubled up to the longest.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

/// How many leaders are followed that leave without a copy: one may have had bad luck, two say that
/// the database fails, that there is nothing to copy, or that the catalogue changes all the time.
const LEADERS_FOLLOWED: u32 = 2;

/// What a reader may do.
pub(super) enum Turn {
    /// Answer this.
    Copy(Vec<u8>),
    /// Load; with a ticket, the copy may be kept.
    Load(Option<Ticket>),
}

/// What was true before the load began.
pub(super) struct Ticket {
    generation: Vec<u8>,
    /// Begins no other's lease, so that giving back one that is not held gives back nothing.
    lease: [u8; GENERATION_BYTES],
    /// The lease that somebody else held when this began.
    others: Option<Vec<u8>>,
    /// When the copy ends, in milliseconds by Redis' clock, counted from before the load.
    ends_at: u64,
}

/// The three keys of a copy, in the order that the scripts expect.
pub(super) struct Keys([String; 3]);

/// What a follower has seen.
enum Seen {
    Copy(Vec<u8>),
    /// The lease is another's by now, or nobody's, or the catalogue has changed.
    LeaderGone,
    /// It has waited long enough, or Redis does not answer.
    Enough,
}

impl Cache {
    pub(super) fn generation_key(&self) -> String {
        self.key("catalogue:generation")
    }

    pub(super) fn keys(&self, key: &str) -> Keys {
        Keys([
            self.generation_key(),
            self.key(&format!("catalogue:kept:{key}")),
            self.key(&format!("catalogue:lease:{key}")),
        ])
    }

    /// The copy, or the turn to load, after at most `patience` (and an operation's limit).
    pub(super) async fn turn(&self, keys: &Keys, patience: Duration) -> Turn {
        let until = Instant::now() + patience;
        match self.look(keys).await {
            Some(Some(copy)) => return Turn::Copy(copy),
            Some(None) => {}
            None => return Turn::Load(None),
        }
        let mut followed = 0;
        loop {
            let ticket = match self.begin(keys).await {
                Turn::Load(Some(ticket)) => ticket,
                decided @ (Turn::Copy(_) | Turn::Load(None)) => return decided,
            };
            let seen = match &ticket.others {
                Some(lease) if followed < LEADERS_FOLLOWED => self.follow(keys, lease, until).await,
                Some(_) | None => Seen::Enough,
            };
            match seen {
                Seen::Copy(copy) => return Turn::Copy(copy),
                Seen::LeaderGone => followed += 1,
                Seen::Enough => return Turn::Load(Some(ticket)),
            }
        }
    }

    /// The usual way, in one round trip: `None` if Redis does not answer.
    async fn look(&self, keys: &Keys) -> Option<Option<Vec<u8>>> {
        let [generation, copy, _] = &keys.0;
        let [generation, copy] = self
            .link
            .ask::<[Option<Vec<u8>>; 2]>(Cmd::mget(&[generation, copy]))
            .await?;
        Some(generation.and_then(|generation| unpack(&generation, copy?)))
    }

    /// Asks for the lease.
    async fn begin(&self, keys: &Keys) -> Turn {
        let (Some(generation), Some(lease)) = (random_name(), random_name()) else {
            return Turn::Load(None);
        };
        let mut begin = keys.script(include_str!("begin.lua"));
        begin
            .arg(&generation)
            .arg(&lease)
            .arg(LEASE.as_millis().to_string());
        let answer = self.link.ask(begin).await;
        let Some((generation, copy, others, now)) = answer else {
            return Turn::Load(None);
        };
        self.begun(lease, generation, copy, others, now)
    }

    fn begun(
        &self,
        lease: [u8; GENERATION_BYTES],
        generation: Option<Vec<u8>>,
        copy: Option<Vec<u8>>,
        others: Option<Vec<u8>>,
        now: u64,
    ) -> Turn {
        let Some(generation) = generation else {
            self.has_no_room();
            return Turn::Load(None);
        };
        if let Some(copy) = copy.and_then(|copy| unpack(&generation, copy)) {
            return Turn::Copy(copy);
        }
        let life = u64::try_from(self.copy_life.as_millis()).unwrap_or(u64::MAX);
        Turn::Load(Some(Ticket {
            generation,
            lease,
            others,
            ends_at: now.saturating_add(life),
        }))
    }

    /// Looks again and again whether the leader who holds this lease has put its copy.
    async fn follow(&self, keys: &Keys, others: &[u8], until: Instant) -> Seen {
        let mut pause = SHORTEST_PAUSE;
        loop {
            let next = Instant::now() + pause;
            if next >= until {
                return Seen::Enough;
            }
            sleep_until(next).await;
            let answer = self.link.ask(Cmd::mget(&keys.0)).await;
            let Some([generation, copy, lease]): Option<[Option<Vec<u8>>; 3]> = answer else {
                return Seen::Enough;
            };
            let generation = generation.unwrap_or_default();
            if let Some(copy) = copy.and_then(|copy| unpack(&generation, copy)) {
                return Seen::Copy(copy);
            }
            let is_the_same = lease.as_deref() == Some(others);
            if !is_the_same || generation.is_empty() || !others.starts_with(&generation) {
                return Seen::LeaderGone;
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Keeps what was loaded, if the catalogue is still the one that it was loaded in, and lets the
    /// others know that they need not wait.
    pub(super) async fn finish(&self, keys: &Keys, ticket: Ticket, loaded: Option<&[u8]>) {
        let copy = loaded.and_then(|value| pack(&ticket.generation, value));
        if copy.is_none() && ticket.others.is_some() {
            return;
        }
        let mut finish = keys.script(include_str!("finish.lua"));
        finish
            .arg(&ticket.generation)
            .arg(&ticket.lease)
            .arg(copy.unwrap_or_default())
            .arg(ticket.ends_at);
        if self.link.ask::<bool>(finish).await == Some(false) {
            self.has_no_room();
        }
    }

    fn has_no_room(&self) {
        self.counters.error();
        tracing::warn!("Redis has no room for a copy");
    }
}

impl Keys {
    /// A script over the three keys. It is sent whole: it is short, and one that Redis has forgotten
    /// would cost a second round trip.
    fn script(&self, text: &str) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(text).arg(self.0.len()).arg(&self.0);
        command
    }
}
