//! The connection: made late, replaced when in doubt, waited for briefly.

mod failed;
mod insist;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::chain;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, FromRedisValue, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, Value,
};
use secrecy::ExposeSecret;
use tokio::time::timeout_at;

use crate::CacheSettings;
use crate::breaker::Breaker;
use crate::counts::Counters;
use failed::Failed;

pub(crate) use insist::Heard;

/// No operation takes longer; a product page from the database costs less than waiting would.
pub const OPERATION_LIMIT: Duration = Duration::from_millis(50);

/// Connecting may take longer than one operation waits (name, TCP and TLS to another zone): it goes
/// on beside the operations that miss meanwhile, and the first after it finds the connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// A connection that was not used for this long may have died while the environment was frozen, and
/// asking it would cost [`OPERATION_LIMIT`] and the copy; a new one costs a millisecond or two.
const TRUSTED_IDLENESS: Duration = Duration::from_secs(20);

type Connecting = Shared<BoxFuture<'static, Result<MultiplexedConnection, Arc<Failed>>>>;

pub(crate) struct Link {
    client: Result<Client, Arc<RedisError>>,
    current: Mutex<Option<Current>>,
    /// How many connections were begun.
    begun: AtomicU64,
    breaker: Breaker,
    counters: Arc<Counters>,
}

/// A connection, or one that is being made, known by its number.
struct Current {
    number: u64,
    connecting: Connecting,
    last_used: Instant,
}

impl Link {
    pub(crate) fn new(settings: &CacheSettings, counters: Arc<Counters>) -> Self {
        tls::use_ring();
        Self {
            client: client(settings).map_err(Arc::new),
            current: Mutex::default(),
            begun: AtomicU64::new(0),
            breaker: Breaker::default(),
            counters,
        }
    }

    /// Asks Redis; `None` is "it did not answer", in at most [`OPERATION_LIMIT`].
    pub(crate) async fn ask<T: FromRedisValue>(&self, command: Cmd) -> Option<T> {
        let answer = self.ask_boxed(&command).await?;
        match redis::from_redis_value::<T>(answer) {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.counters.error();
                tracing::warn!(%error, "Redis answered something else than was asked for");
                None
            }
        }
    }

    /// The part that is compiled once.
    fn ask_boxed<'a>(&'a self, command: &'a Cmd) -> BoxFuture<'a, Option<Value>> {
        Box::pin(async move {
            let Some(permit) = self.breaker.permit(Instant::now()) else {
                self.counters.skipped();
                return None;
            };
            match self.ask_in_time(command).await {
                Ok(answer) => {
                    permit.succeeded();
                    Some(answer)
                }
                Err(error) => {
                    if error.is_full() {
                        permit.succeeded();
                    } else {
                        permit.failed(Instant::now());
                    }
                    self.counters.error();
                    tracing::warn!(
                        error = chain(&error),
                        "no answer from Redis; going on without"
                    );
                    None
                }
            }
        })
    }

    async fn ask_in_time(&self, command: &Cmd) -> Result<Value, Failed> {
        let deadline = tokio::time::Instant::now() + OPERATION_LIMIT;
        let (number, connecting) = self.connection(None);
        let first = self.ask_until(deadline, number, connecting, command).await;
        match &first {
            // Redis has restarted, or closed an idle connection: every operation here can be
            // repeated, and the time limit covers both.
            Err(Failed::Redis(error)) if error.is_connection_dropped() => {
                let (number, connecting) = self.connection(Some(number));
                self.ask_until(deadline, number, connecting, command).await
            }
            Ok(_) | Err(_) => first,
        }
    }

    async fn ask_until(
        &self,
        deadline: tokio::time::Instant,
        number: u64,
        connecting: Connecting,
        command: &Cmd,
    ) -> Result<Value, Failed> {
        let asking = async {
            let mut connection = connecting.await.map_err(Failed::Unreachable)?;
            // What Redis refuses comes as an answer.
            Ok(connection
                .req_packed_command(command)
                .await?
                .extract_error()?)
        };
        let answer = timeout_at(deadline, asking)
            .await
            .unwrap_or(Err(Failed::Slow));
        match &answer {
            Ok(_) => self.used(number),
            Err(error) => self.doubt(number, error),
        }
        if answer.as_ref().is_err_and(Failed::refuses_us) {
            settings::refused("REDIS_PASSWORD");
        }
        answer
    }

    /// The present connection unless it is the given one or was idle for long; else a new one.
    fn connection(&self, not: Option<u64>) -> (u64, Connecting) {
        let mut current = self.lock();
        match current.as_ref() {
            Some(known) if not != Some(known.number) && !known.is_stale() => {
                (known.number, known.connecting.clone())
            }
            Some(_) | None => self.replace(&mut current),
        }
    }

    /// A connection that is begun now.
    fn new_connection(&self) -> (u64, Connecting) {
        self.replace(&mut self.lock())
    }

    fn replace(&self, current: &mut Option<Current>) -> (u64, Connecting) {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let connecting = self.connect();
        *current = Some(Current {
            number,
            connecting: connecting.clone(),
            last_used: Instant::now(),
        });
        (number, connecting)
    }

    /// Connects in a task of its own, so that it goes on when the operation has stopped waiting.
    fn connect(&self) -> Connecting {
        let client = self.client.clone();
        let task = tokio::spawn(async move {
            let client = client.map_err(Failed::Address)?;
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT_LIMIT))
                .set_response_timeout(Some(CONNECT_LIMIT));
            Ok(client
                .get_multiplexed_async_connection_with_config(&config)
                .await?)
        });
        let connecting = async { task.await.unwrap_or(Err(Failed::Ended)).map_err(Arc::new) };
        connecting.boxed().shared()
    }

    fn used(&self, number: u64) {
        if let Some(current) = self
            .lock()
            .as_mut()
            .filter(|current| current.number == number)
        {
            current.last_used = Instant::now();
        }
    }

    /// Forgets a connection that has failed. One that is still being made is kept: it is late, not
    /// wrong, and the next operation may find it ready. So is one that brings word of a full Redis.
    fn doubt(&self, number: u64, error: &Failed) {
        let mut current = self.lock();
        let Some(known) = current.as_ref().filter(|known| known.number == number) else {
            return;
        };
        let is_being_made = matches!(error, Failed::Slow) && known.connecting.peek().is_none();
        if !is_being_made && !error.is_full() {
            *current = None;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Current {
    fn is_stale(&self) -> bool {
        self.connecting.peek().is_some() && self.last_used.elapsed() > TRUSTED_IDLENESS
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("breaker", &self.breaker)
            .finish_non_exhaustive()
    }
}

fn client(settings: &CacheSettings) -> Result<Client, RedisError> {
    let (host, port) = (settings.host.clone(), settings.port);
    let address = if settings.tls {
        ConnectionAddr::TcpTls {
            host,
            port,
            insecure: false,
            tls_params: None,
        }
    } else {
        ConnectionAddr::Tcp(host, port)
    };
    // Naming the library to the server would cost a round trip.
    let redis = RedisConnectionInfo::default()
        .set_db(settings.db)
        .set_skip_set_lib_name();
    let redis = match &settings.password {
        Some(password) => redis.set_password(password.expose_secret()),
        None => redis,
    };
    Client::open(address.into_connection_info()?.set_redis_settings(redis))
}
