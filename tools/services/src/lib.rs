//! Private Postgres, Redis and RabbitMQ for development and tests.
//!
//! Owns: finding the three servers' programs, installing what is missing, starting them on ports
//! and in folders of their own, telling what is wrong in one sentence, and stopping them without
//! leaving a process behind.
//!
//! Invariant: a server that this crate did not start is never touched: not the machine's own
//! servers on their usual ports, not one whose address was given. Several programs may share the
//! private instances (`cargo dev` and `cargo dev test`): the last one out stops them.
//!
//! Refuses to know the shop: no tables, no queues, no settings but the addresses.

mod account;
mod apt;
mod compose;
mod error;
mod own_redis;
mod place;
mod plan;
mod ports;
mod postgres;
mod process;
mod programs;
mod rabbitmq;
mod redis;
mod report;
mod users;

use std::path::Path;

pub use error::ServiceError;
pub use own_redis::OwnRedis;
pub use plan::{Plan, RabbitPlan};
pub use ports::{holder_of, require_free};
pub use report::Reporter;

use place::Place;
use programs::Programs;
use users::Users;

/// How the private instances are run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Means {
    /// Installed programs, started here; what is missing is installed with apt-get.
    Programs,
    /// `docker compose` with the repository's `compose.yaml`.
    Compose,
}

/// The running services. [`Running::stop`] ends this program's use of them.
#[must_use = "the services run on until `stop`"]
pub struct Running {
    plan: Plan,
    place: Place,
    users: Users,
    means: Means,
}

/// Brings up every service of the plan, or adopts it if it runs already.
///
/// Safe to call while another program does the same: the second waits, then shares.
///
/// # Errors
/// A sentence for the person at the terminal; what had been started by this call is stopped again.
pub async fn start(
    plan: Plan,
    means: Means,
    report: &dyn Reporter,
) -> Result<Running, ServiceError> {
    let place = Place::prepare(&plan.folder, report)?;
    let users = Users::enter(&place, report).await?;
    let running = Running {
        plan,
        place,
        users,
        means,
    };
    match running.bring_up(report).await {
        Ok(()) => {
            running.users.open_gate();
            Ok(running)
        }
        Err(error) => {
            // The first error is the one to tell; stopping what did not start may fail as well.
            let _ = running.leave(report).await;
            Err(error)
        }
    }
}

/// Throws the private instances' data away, so that the next start begins with empty ones.
///
/// # Errors
/// [`ServiceError::InUse`] while anything uses them.
pub async fn reset(plan: Plan, report: &dyn Reporter) -> Result<(), ServiceError> {
    let place = Place::prepare(&plan.folder, report)?;
    let users = Users::enter(&place, report).await?;
    if !users.is_last()? {
        return Err(ServiceError::InUse);
    }
    postgres::stop(&place).await?;
    redis::stop(&place).await?;
    rabbitmq::stop(&place).await?;
    place.forget()
}

impl Running {
    /// The addresses of the private instances, under the names of the shop's settings. Services
    /// whose address was given are not part of it.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.plan.addresses()
    }

    /// The folder with the servers' logs.
    #[must_use]
    pub fn logs(&self) -> &Path {
        &self.place.logs
    }

    /// Ends this program's use: the last user stops the servers and waits until they are gone.
    ///
    /// # Errors
    /// If a server could not be stopped, with its process id.
    pub async fn stop(self, report: &dyn Reporter) -> Result<(), ServiceError> {
        self.users.close_gate(report).await?;
        self.leave(report).await
    }

    async fn bring_up(&self, report: &dyn Reporter) -> Result<(), ServiceError> {
        match self.means {
            Means::Compose => compose::up(&self.plan, report).await,
            Means::Programs => {
                let programs = Programs::find_or_install(&self.plan, &self.place, report).await?;
                tokio::try_join!(
                    postgres::start(&self.plan, &self.place, &programs, report),
                    redis::start(&self.plan, &self.place, &programs, report),
                    rabbitmq::start(&self.plan, &self.place, &programs, report),
                )?;
                Ok(())
            }
        }
    }

    /// Expects the gate to be closed, so that nobody comes in while the servers go down.
    async fn leave(self, report: &dyn Reporter) -> Result<(), ServiceError> {
        if !self.users.is_last()? {
            report.say("Another program still uses the private services: they are left running.");
            return Ok(());
        }
        match self.means {
            Means::Compose => compose::down(&self.plan).await,
            Means::Programs => {
                let (postgres, redis, rabbitmq) = tokio::join!(
                    postgres::stop(&self.place),
                    redis::stop(&self.place),
                    rabbitmq::stop(&self.place),
                );
                postgres.and(redis).and(rabbitmq)
            }
        }
    }
}
