//! Dead messages as staff see them and decide on them.
//!
//! Staff see of a message what could be read as an event of the shop, which names ids only, and of
//! anything else its size and hash: bytes that nobody understands may hold anything, a person's data
//! too. The bytes themselves stay in the table.

use std::time::Duration;

use database::dead::{self, Filter, Parked};
use database::{DatabaseError, PgConnection, outbox};
use domain::{Cause, DeadMessageState, Event, Reason};
use messaging::{Envelope, replayed_attempt, topology};
use uuid::Uuid;

use crate::outbound::row;

/// A dead message, and what can be made of it.
#[derive(Debug, Clone)]
pub struct DeadMessage {
    /// As it was put aside.
    pub parked: Parked,
    envelope: Option<Envelope>,
}

/// A page of dead messages.
#[derive(Debug, Clone)]
pub struct DeadMessages {
    /// The newest first.
    pub items: Vec<DeadMessage>,
    /// After which id the next page begins, if there is one.
    pub next: Option<Uuid>,
}

/// Why staff cannot decide so on a dead message.
#[derive(Debug, thiserror::Error)]
pub enum DecisionError {
    /// There is none with this id.
    #[error("there is no such dead message")]
    NotFound,
    /// It is on its way already.
    #[error("the message was replayed already")]
    AlreadyReplayed,
    /// Staff have decided that it is not needed.
    #[error("the message was discarded already")]
    AlreadyDiscarded,
    /// Nothing could work it.
    #[error("the message is no event that a queue takes, so it can only be discarded")]
    NotReplayable,
    /// The database.
    #[error("the decision could not be recorded")]
    Database(#[from] DatabaseError),
}

domain::fault! {
    DecisionError {
        NotFound => NotFound "not_found",
        AlreadyReplayed => Conflict "already_replayed",
        AlreadyDiscarded => Conflict "already_discarded",
        NotReplayable => Conflict "message_not_replayable",
    }
    from { Database }
}

impl DeadMessage {
    /// What was announced, if it was understood: its type, and ids.
    #[must_use]
    pub fn event(&self) -> Option<(&Envelope, Event)> {
        let envelope = self.envelope.as_ref()?;
        let event = Event::parse(&envelope.kind, envelope.version, &envelope.payload).ok()?;
        Some((envelope, event))
    }

    /// Whether [`replay`] would take it.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        self.parked.state() == DeadMessageState::Open && self.next_attempt().is_some()
    }

    /// The message as it goes out again: the same, on an attempt it never had. A type that no queue
    /// takes would lie in the outbox for ever; a type that this code does not know goes out, for the
    /// consumer that is deployed may.
    fn next_attempt(&self) -> Option<Envelope> {
        let envelope = self.envelope.as_ref()?;
        let mut queues = topology::QUEUES.iter();
        let taken = queues.any(|queue| queue.carries(&envelope.kind));
        let writable = i16::try_from(envelope.version).is_ok();
        let failed = u32::try_from(self.parked.attempt).ok()?;
        let attempt = replayed_attempt(failed).filter(|next| i32::try_from(*next).is_ok())?;
        (taken && writable).then(|| envelope.clone().on_attempt(attempt))
    }
}

impl From<Parked> for DeadMessage {
    fn from(parked: Parked) -> Self {
        let body = parked.body.as_deref();
        let envelope = body.and_then(|body| Envelope::from_bytes(body).ok());
        Self { parked, envelope }
    }
}

/// Lists dead messages, the newest first: `limit` of them that come after `after`.
///
/// A walk by `next` repeats none and skips none of those that were there when it began.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<DeadMessages, DatabaseError> {
    let mut parked = dead::list(connection, filter, after, limit.saturating_add(1)).await?;
    let size = usize::try_from(limit).unwrap_or_default();
    let more = parked.len() > size;
    parked.truncate(size);
    Ok(DeadMessages {
        next: parked.last().filter(|_| more).map(|last| last.id),
        items: parked.into_iter().map(DeadMessage::from).collect(),
    })
}

/// Sends a message on its way again, under its own id, with all its attempts before it: into the
/// outbox, in the transaction that records who did so and when.
///
/// Of two at once one wins and the other is told. A consumer that had worked it all the same (it was
/// delivered twice) knows it by its inbox and does nothing.
///
/// # Errors
/// [`DecisionError`]; nothing was sent then, if the transaction is dropped.
pub async fn replay(
    tx: &mut PgConnection,
    cause: &Cause,
    id: Uuid,
) -> Result<DeadMessage, DecisionError> {
    let mut message = lock_open(tx, id).await?;
    let again = message.next_attempt().ok_or(DecisionError::NotReplayable)?;
    // The outbox counts on from the attempt before.
    let before = again.attempt.saturating_sub(1);
    let put = outbox::reschedule(tx, &row(&again.on_attempt(before)), Duration::ZERO).await;
    put.map_err(|error| match error.is_unstorable() {
        // Such a message never came from the outbox: somebody has published it by hand.
        true => DecisionError::NotReplayable,
        false => DecisionError::Database(error),
    })?;
    message.parked.decision = Some(dead::replayed(tx, cause, id).await?);
    Ok(message)
}

/// Decides that a message is not needed. It stays in the table, with who, when and why.
///
/// # Errors
/// [`DecisionError`].
pub async fn discard(
    tx: &mut PgConnection,
    cause: &Cause,
    id: Uuid,
    reason: &Reason,
) -> Result<DeadMessage, DecisionError> {
    let mut message = lock_open(tx, id).await?;
    message.parked.decision = Some(dead::discarded(tx, cause, id, reason).await?);
    Ok(message)
}

async fn lock_open(tx: &mut PgConnection, id: Uuid) -> Result<DeadMessage, DecisionError> {
    let parked = dead::lock(tx, id).await?.ok_or(DecisionError::NotFound)?;
    match parked.state() {
        DeadMessageState::Open => Ok(parked.into()),
        DeadMessageState::Replayed => Err(DecisionError::AlreadyReplayed),
        DeadMessageState::Discarded => Err(DecisionError::AlreadyDiscarded),
    }
}
