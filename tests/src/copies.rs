//! A shop's keys in the shared Redis: all begin with the shop's own prefix.

use futures_util::StreamExt as _;
use redis::{
    AsyncCommands as _, Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo,
};
use runtime_api::Gate;

use crate::environment::read;

/// What the functions have put into Redis.
pub(crate) struct Copies {
    prefix: String,
    host: String,
    port: u16,
    db: i64,
    password: Option<String>,
}

impl Copies {
    pub(crate) fn of(prefix: &str) -> Self {
        read(|env| Self {
            prefix: prefix.to_owned(),
            host: env.required("REDIS_HOST"),
            port: env.parsed_or("REDIS_PORT", 6379),
            db: env.parsed_or("REDIS_DB", 0),
            password: env.optional("REDIS_PASSWORD"),
        })
    }

    /// The functions' way to Redis.
    pub(crate) fn gate(&self) -> Gate {
        Gate::to(format!("{}:{}", self.host, self.port))
    }

    /// Takes every key of this shop out: the catalogue's generation has no end of its own.
    pub(crate) async fn forget(&self) {
        let mut redis = RedisConnectionInfo::default().set_db(self.db);
        if let Some(password) = &self.password {
            redis = redis.set_password(password);
        }
        let address = ConnectionAddr::Tcp(self.host.clone(), self.port);
        let info = address
            .into_connection_info()
            .expect("an address")
            .set_redis_settings(redis);
        let client = Client::open(info).expect("an address");
        let connection = client.get_multiplexed_async_connection().await;
        let mut connection = connection.expect("Redis answers");
        let keys: Vec<String> = {
            let own = format!("{}:*", self.prefix);
            let found = connection
                .scan_match::<_, String>(own)
                .await
                .expect("Redis answers");
            found.filter_map(async |key| key.ok()).collect().await
        };
        if !keys.is_empty() {
            let () = connection.del(keys).await.expect("Redis answers");
        }
    }
}
