//! A Redis of a test's own.

use std::fs::Permissions;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::place::Place;
use crate::process::Server;
use crate::programs::Programs;
use crate::redis::{NAME, SERVICE};
use crate::{Plan, Reporter, ServiceError, redis};

/// An empty Redis on a free port, for a test that freezes it, kills it, fills it or wipes it: what
/// would disturb everybody who shares one. It ends when this is dropped.
pub struct OwnRedis {
    plan: Plan,
    place: Place,
    programs: Programs,
    port: u16,
    _folder: TempDir,
}

impl OwnRedis {
    /// Starts one, and waits until it answers.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start() -> Result<Self, ServiceError> {
        // As root the server runs as a user of its own, who must be able to come in.
        let folder = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .map_err(|source| ServiceError::io("create", &std::env::temp_dir(), source))?;
        let port = a_free_port()
            .map_err(|source| ServiceError::io("find a free port for", folder.path(), source))?;
        let plan = Plan {
            root: folder.path().to_owned(),
            folder: folder.path().to_owned(),
            postgres: None,
            redis: Some(port),
            rabbitmq: None,
        };
        let place = Place::prepare(folder.path(), &Silent)?;
        let programs = Programs::find_or_install(&plan, &place, &Silent).await?;
        let own = Self {
            plan,
            place,
            programs,
            port,
            _folder: folder,
        };
        own.start_again().await?;
        Ok(own)
    }

    /// Its port on the loopback interface.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Stops it in the middle of whatever it does; its kernel goes on taking what it is sent.
    pub fn freeze(&self) {
        self.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Ends it without giving it a say, and waits until it has gone.
    ///
    /// # Errors
    /// Where it does not go.
    pub async fn kill(&self) -> Result<(), ServiceError> {
        match self.server() {
            Some(server) => server.stop(Signal::SIGKILL, Duration::from_secs(5)).await,
            None => Ok(()),
        }
    }

    /// Starts it on the same port after [`OwnRedis::kill`], empty.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start_again(&self) -> Result<(), ServiceError> {
        redis::start(&self.plan, &self.place, &self.programs, &Silent).await
    }

    fn server(&self) -> Option<Server> {
        Server::remembered(SERVICE, NAME, &self.place)
    }

    fn signal(&self, signal: Signal) {
        if let Some(server) = self.server() {
            server.signal(signal);
        }
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

struct Silent;

impl Reporter for Silent {
    fn say(&self, _: &str) {}
}

/// A port below those that the system gives to clients (`ip_local_port_range`, from 32768): one of
/// them may not take it while the server is away.
fn a_free_port() -> std::io::Result<u16> {
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id()
            .wrapping_mul(16)
            .wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(20_000 + next % 10_000).unwrap_or(20_000);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            bound => return bound.map(|_| port),
        }
    }
}
