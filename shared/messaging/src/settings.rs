use secrecy::SecretString;
use settings::Env;

/// Where the broker is and who we are to it.
///
/// Only `relay-outbox` and `declare-queues` need it: consumers are handed their messages by the
/// event source.
#[derive(Debug, Clone)]
pub struct RabbitSettings {
    /// `RABBITMQ_HOST`.
    pub host: String,
    /// `RABBITMQ_PORT`; by default 5672, with TLS 5671.
    pub port: u16,
    /// `RABBITMQ_USER`.
    pub user: String,
    /// `RABBITMQ_PASSWORD`.
    pub password: SecretString,
    /// `RABBITMQ_VHOST`, by default `/`.
    pub vhost: String,
    /// `RABBITMQ_TLS`, by default `false`; Amazon MQ accepts nothing but TLS.
    pub tls: bool,
}

impl RabbitSettings {
    /// Reads the `RABBITMQ_*` settings.
    pub fn read(env: &mut Env) -> Self {
        let tls = env.parsed_or("RABBITMQ_TLS", false);
        Self {
            host: env.required("RABBITMQ_HOST"),
            port: env.parsed_or("RABBITMQ_PORT", if tls { 5671 } else { 5672 }),
            user: env.required("RABBITMQ_USER"),
            password: env.secret("RABBITMQ_PASSWORD"),
            vhost: env.or("RABBITMQ_VHOST", "/"),
            tls,
        }
    }
}
