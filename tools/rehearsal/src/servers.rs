//! The three servers that a rehearsal plays on.

use messaging::RabbitSettings;
use settings::Env;

/// Where Postgres, Redis and RabbitMQ are; each rehearsal makes a database, a virtual host and a key
/// prefix of its own there.
#[derive(Debug, Clone)]
pub struct Servers {
    /// An address whose user may create databases.
    pub(crate) database_url: String,
    pub(crate) redis: Redis,
    pub(crate) rabbit: RabbitSettings,
    /// The broker's management API, without a slash at the end.
    pub(crate) management: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Redis {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) db: i64,
    pub(crate) password: Option<String>,
    pub(crate) tls: bool,
}

impl Servers {
    /// Reads the servers' addresses from the shop's settings in development.
    pub fn read(env: &mut Env) -> Self {
        let rabbit = RabbitSettings::read(env);
        let port = env.parsed_or("RABBITMQ_MANAGEMENT_PORT", 9673_u16);
        Self {
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
