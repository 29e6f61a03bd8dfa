//! What is to be run: everything whose address was not given.

use std::fmt;
use std::path::PathBuf;

use crate::ServiceError;

/// The shop's database and its owner in the private Postgres; the password guards nothing but a
/// loopback port of a development machine.
pub(crate) const DATABASE: &str = "madrush";

/// Which services are to be run privately, and on which ports. `None` where an address was given.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The repository's root, where `compose.yaml` lies.
    pub root: PathBuf,
    /// Where data, logs and process ids are kept.
    pub folder: PathBuf,
    /// Postgres' port.
    pub postgres: Option<u16>,
    /// Redis' port.
    pub redis: Option<u16>,
    /// RabbitMQ's ports and user.
    pub rabbitmq: Option<RabbitPlan>,
}

/// A private RabbitMQ: AMQP on `port`, its management API on the next port, Erlang's distribution
/// on the one after, and a port mapper (epmd) of its own on the third.
#[derive(Clone)]
pub struct RabbitPlan {
    /// AMQP's port.
    pub port: u16,
    /// The broker's one user.
    pub user: String,
    /// That user's password.
    pub password: String,
}

impl fmt::Debug for RabbitPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitPlan")
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl RabbitPlan {
    pub(crate) fn management_port(&self) -> u16 {
        self.port + 1
    }

    pub(crate) fn distribution_port(&self) -> u16 {
        self.port + 2
    }

    pub(crate) fn epmd_port(&self) -> u16 {
        self.port + 3
    }
}

impl Plan {
    /// Plans a private instance of each service whose address `lookup` does not give
    /// (`DATABASE_URL`, `REDIS_HOST`, `RABBITMQ_HOST`).
    ///
    /// # Errors
    /// If a port setting is not a port number.
    pub fn read(
        root: PathBuf,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ServiceError> {
        let given = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let postgres = port(&given, "DEV_POSTGRES_PORT", 9432)?;
        let redis = port(&given, "DEV_REDIS_PORT", 9379)?;
        let rabbitmq = port(&given, "DEV_RABBITMQ_PORT", 9672)?;
        Ok(Self {
            folder: root.join("target/dev/services"),
            root,
            postgres: given("DATABASE_URL").is_none().then_some(postgres),
            redis: given("REDIS_HOST").is_none().then_some(redis),
            rabbitmq: given("RABBITMQ_HOST").is_none().then(|| RabbitPlan {
                port: rabbitmq,
                user: given("RABBITMQ_USER").unwrap_or_else(|| "guest".to_owned()),
                password: given("RABBITMQ_PASSWORD").unwrap_or_else(|| "guest".to_owned()),
            }),
        })
    }

    /// The private instances' addresses under the shop's setting names.
    #[must_use]
    pub fn addresses(&self) -> Vec<(&'static str, String)> {
        let mut settings = Vec::new();
        if let Some(port) = self.postgres {
            let url = format!("postgres://{DATABASE}:{DATABASE}@127.0.0.1:{port}/{DATABASE}");
            settings.push(("DATABASE_URL", url));
        }
        if let Some(port) = self.redis {
            settings.push(("REDIS_HOST", "127.0.0.1".to_owned()));
            settings.push(("REDIS_PORT", port.to_string()));
        }
        if let Some(rabbit) = &self.rabbitmq {
            settings.push(("RABBITMQ_HOST", "127.0.0.1".to_owned()));
            settings.push(("RABBITMQ_PORT", rabbit.port.to_string()));
            settings.push(("RABBITMQ_USER", rabbit.user.clone()));
            settings.push(("RABBITMQ_PASSWORD", rabbit.password.clone()));
            let management = rabbit.management_port().to_string();
            settings.push(("RABBITMQ_MANAGEMENT_PORT", management));
        }
        settings
    }
}

fn port(
    lookup: &impl Fn(&str) -> Option<String>,
    setting: &'static str,
    default: u16,
) -> Result<u16, ServiceError> {
    let Some(value) = lookup(setting) else {
        return Ok(default);
    };
    match value.trim().parse() {
        Ok(port @ 1024..=65000) => Ok(port),
        Ok(0..=1023 | 65001..) | Err(_) => Err(ServiceError::BadPort { setting }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pairs: &[(&str, &str)]) -> Result<Plan, ServiceError> {
        Plan::read(PathBuf::from("/shop"), |name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_service_whose_address_is_given_is_not_run() {
        let plan = plan(&[
            ("DATABASE_URL", "postgres://elsewhere"),
            ("REDIS_HOST", " "),
        ])
        .unwrap();
        assert_eq!(plan.postgres, None);
        assert_eq!(plan.redis, Some(9379), "an empty setting counts as absent");
        assert!(
            plan.addresses()
                .iter()
                .all(|(name, _)| *name != "DATABASE_URL")
        );
    }

    #[test]
    fn a_port_that_is_no_port_is_named() {
        let error = plan(&[("DEV_REDIS_PORT", "80")]).unwrap_err();
        assert!(error.to_string().contains("DEV_REDIS_PORT"));
    }

    #[test]
    fn the_brokers_password_does_not_print() {
        let plan = plan(&[("RABBITMQ_PASSWORD", "hunter2")]).unwrap();
        assert!(!format!("{plan:?}").contains("hunter2"));
    }
}
