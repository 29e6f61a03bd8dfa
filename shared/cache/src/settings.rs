use secrecy::SecretString;
use settings::Env;

/// Where Redis is.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// `REDIS_HOST`.
    pub host: String,
    /// `REDIS_PORT`, by default 6379.
    pub port: u16,
    /// `REDIS_DB`, by default 0.
    pub db: i64,
    /// `REDIS_PASSWORD`, if it demands one.
    pub password: Option<SecretString>,
    /// `REDIS_TLS`, by default `false`.
    pub tls: bool,
    /// `REDIS_PREFIX`, by default `madrush`: begins every key, so that several shops can share one
    /// Redis.
    pub prefix: String,
}

impl CacheSettings {
    /// Reads the `REDIS_*` settings.
    pub fn read(env: &mut Env) -> Self {
        Self {
            host: env.required("REDIS_HOST"),
            port: env.parsed_or("REDIS_PORT", 6379),
            db: env.parsed_or("REDIS_DB", 0),
            password: env.optional("REDIS_PASSWORD").map(SecretString::from),
            tls: env.parsed_or("REDIS_TLS", false),
            prefix: env.or("REDIS_PREFIX", "madrush"),
        }
    }
}
