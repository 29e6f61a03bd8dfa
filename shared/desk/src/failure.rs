//! A message that could not be worked.

use std::time::Duration;

use database::{Database, DatabaseError, DeadMessage, outbox};
use domain::{Clock, Fault, Kind, chain};
use messaging::{Envelope, Failure, FailureDesk, Unavailable};

use crate::outbound::row;

/// Why a handler gave up; every fault of the shop becomes one by `?`.
#[derive(Debug)]
pub struct Fail(Failure);

impl Fail {
    /// It may work later.
    pub fn later(why: impl Into<String>) -> Self {
        Self(Failure::Temporary(why.into()))
    }

    /// No repeat can make it work.
    pub fn never(why: impl Into<String>) -> Self {
        Self(Failure::Permanent(why.into()))
    }
}

impl From<Fail> for Failure {
    fn from(fail: Fail) -> Self {
        fail.0
    }
}

impl<F: Fault> From<F> for Fail {
    /// A conflict may be gone when the message comes again; a bug may be mended by the next
    /// deployment, after which staff replay what was put aside.
    fn from(fault: F) -> Self {
        match fault.kind() {
            Kind::Unavailable | Kind::Conflict | Kind::Stale => Self::later(chain(&fault)),
            Kind::Invalid | Kind::Forbidden | Kind::NotFound | Kind::Bug => {
                Self::never(chain(&fault))
            }
        }
    }
}

/// Records failed messages in Postgres.
#[derive(Debug, Clone)]
pub struct Desk {
    database: Database,
    clock: Clock,
}

impl Desk {
    /// A desk over the shop's database.
    #[must_use]
    pub const fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
    }

    async fn record_park(
        &self,
        queue: &str,
        raw: &[u8],
        message: Option<&Envelope>,
        error: &str,
    ) -> Result<(), DatabaseError> {
        let dead = DeadMessage {
            queue,
            message_id: message.map(|message| message.id),
            event_type: message.map(|message| message.kind.as_str()),
            attempt: message.map_or(1, |message| {
                i32::try_from(message.attempt).unwrap_or(i32::MAX)
            }),
            body: raw,
            error,
        };
        let mut connection = self.database.connection().await?;
        database::park(&mut connection, self.clock.now(), &dead).await
    }
}

impl FailureDesk for Desk {
    async fn reschedule(
        &self,
        message: &Envelope,
        attempt: u32,
        delay: Duration,
        error: &str,
    ) -> Result<(), Unavailable> {
        tracing::warn!(message = %message.id, kind = message.kind, attempt, error, "tried again later");
        // `outbox::reschedule` counts on from the attempt that failed.
        let failed = row(&message.clone().on_attempt(attempt.saturating_sub(1).max(1)));
        let again = async {
            let mut connection = self.database.connection().await?;
            outbox::reschedule(&mut connection, &failed, delay).await
        };
        again.await.map_err(Unavailable::new)
    }

    async fn park(
        &self,
        queue: &str,
        raw: &[u8],
        message: Option<&Envelope>,
        error: &str,
    ) -> Result<(), Unavailable> {
        let id = message.map(|message| message.id.to_string());
        tracing::error!(queue, message = id.as_deref(), error, "put aside for staff");
        self.record_park(queue, raw, message, error)
            .await
            .map_err(Unavailable::new)
    }
}
