//! The three servers that a rehearsal plays on.

use std::collections::BTreeMap;

use messaging::RabbitSettings;
use settings::{Env, SettingsError};

/// Where Postgres, Redis and RabbitMQ are; each rehearsal makes a database, a virtual host and a key
/// prefix of its own there.
#[derive(Clone)]
pub struct Servers {
    /// The settings that they were read from, which functions are told too.
    pub(crate) settings: BTreeMap<String, String>,
    /// An address whose user may create databases.
    pub(crate) database_url: String,
    pub(crate) redis: Redis,
    pub(crate) rabbit: RabbitSettings,
    /// The broker's management API, without a slash at the end.
    pub(crate) management: String,
}

#[derive(Clone)]
pub(crate) struct Redis {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) db: i64,
    pub(crate) password: Option<String>,
    pub(crate) tls: bool,
}

impl Servers {
    /// Reads the servers' addresses from the settings of a shop in development. Functions get these
    /// settings too, with their own database, stand-ins and keys put in.
    ///
    /// # Errors
    /// Where one is missing or malformed.
    pub fn read(settings: BTreeMap<String, String>) -> Result<Self, SettingsError> {
        let known = settings.clone();
        let servers = settings::read_from(move |name| known.get(name).cloned(), Self::of)?;
        Ok(Self {
            settings,
            ..servers
        })
    }

    fn of(env: &mut Env) -> Self {
        let rabbit = RabbitSettings::read(env);
        let port = env.parsed_or("RABBITMQ_MANAGEMENT_PORT", 9673_u16);
        Self {
            settings: BTreeMap::new(),
            database_url: env.required("DATABASE_URL"),
            redis: Redis {
                host: env.required("REDIS_HOST"),
                port: env.parsed_or("REDIS_PORT", 6379),
                db: env.parsed_or("REDIS_DB", 0),
                password: env.optional("REDIS_PASSWORD"),
                tls: env.parsed_or("REDIS_TLS", false),
            },
            management: format!("http://{}:{port}", rabbit.host),
            rabbit,
        }
    }
}
