//! Connections that outlive a request, for processes that are frozen between requests.
//!
//! sqlx's own pool gives a connection back by a task that pings it. Lambda freezes a function right
//! after its answer, in the middle of that task: after the thaw the ping's old answer makes a dead
//! connection look fresh, or a ping that is never answered keeps the only place for ever (shown by
//! functions/catalog/tests/catalog/faults.rs). Here giving back is one push, and all asking happens
//! when a connection is borrowed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection as _, PgConnection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error::{refuses_us, suspicions};

/// How long a function waits for a connection before it answers 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// A connection that was idle for longer is asked whether it still lives.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// How long it has for the answer.
const ANSWER_WITHIN: Duration = Duration::from_millis(300);
/// A connection that was idle for longer is replaced unasked.
const REPLACE_AFTER: Duration = Duration::from_secs(60);

/// At most so many connections, opened when they are needed.
#[derive(Debug)]
pub(crate) struct Pool {
    options: PgConnectOptions,
    /// The setting whose value the server may refuse.
    credential: &'static str,
    places: Arc<Semaphore>,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    connection: PgConnection,
    since: Instant,
}

/// A borrowed connection with its place. Dropped, it goes back; unless it is suspected.
#[derive(Debug)]
pub(crate) struct Lent {
    pool: Arc<Pool>,
    connection: Option<PgConnection>,
    suspicions: u64,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(
        options: PgConnectOptions,
        connections: u32,
        credential: &'static str,
    ) -> Arc<Self> {
        let places = usize::try_from(connections.max(1)).unwrap_or(1);
        let places = Arc::new(Semaphore::new(places));
        Arc::new(Self {
            options,
            credential,
            places,
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Borrows a connection that lives. The bound may cut off waiting, asking and connecting, none of
    /// which has a transaction open.
    pub(crate) async fn lend(self: &Arc<Self>) -> Result<Lent, sqlx::Error> {
        let lent = timeout(ACQUIRE_TIMEOUT, self.find()).await;
        lent.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    async fn find(self: &Arc<Self>) -> Result<Lent, sqlx::Error> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| sqlx::Error::PoolClosed)?;
        // Taken before the connection is asked: what happens to it from here on counts against it.
        let suspicions = suspicions();
        let connection = match self.living().await {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let pool = Arc::clone(self);
        Ok(Lent {
            pool,
            connection: Some(connection),
            suspicions,
            _place: place,
        })
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let connected = self.options.connect().await;
        if connected.as_ref().is_err_and(refuses_us) {
            settings::refused(self.credential);
        }
        connected
    }

    /// The most recently used idle connection that still lives.
    async fn living(&self) -> Option<PgConnection> {
        loop {
            let Idle {
                mut connection,
                since,
            } = self.idle().pop()?;
            let idle_for = since.elapsed();
            if idle_for > REPLACE_AFTER {
                continue;
            }
            if idle_for < ASK_AFTER {
                return Some(connection);
            }
            if matches!(timeout(ANSWER_WITHIN, connection.ping()).await, Ok(Ok(()))) {
                return Some(connection);
            }
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what is idle and lends nothing more.
    pub(crate) fn close(&self) {
        self.places.close();
        self.idle().clear();
    }
}

impl Lent {
    pub(crate) fn get(&self) -> &PgConnection {
        self.connection
            .as_ref()
            .unwrap_or_else(|| unreachable!("a lent connection is there"))
    }

    pub(crate) fn get_mut(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .unwrap_or_else(|| unreachable!("a lent connection is there"))
    }

    /// Closes the connection instead of giving it back: the server gives up what was begun on it.
    pub(crate) fn discard(&mut self) {
        self.connection = None;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // An error of the transport since it was lent may have been this connection's.
        let trusted = suspicions() == self.suspicions;
        if let Some(connection) = self.connection.take().filter(|_| trusted)
            && !self.pool.places.is_closed()
        {
            self.pool.idle().push(Idle {
                connection,
                since: Instant::now(),
            });
        }
    }
}
