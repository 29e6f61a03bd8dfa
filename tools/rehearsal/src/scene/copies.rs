//! The rehearsal's keys in Redis: all begin with its own prefix.

use futures_util::StreamExt as _;
use redis::{
    AsyncCommands as _, Client, ConnectionAddr, IntoConnectionInfo as _, RedisConnectionInfo,
};

use crate::servers::{Redis, Servers};

/// What the functions put into Redis.
pub(crate) struct Copies {
    pub(crate) server: Redis,
    pub(crate) prefix: String,
}

impl Copies {
    pub(super) fn of(servers: &Servers, prefix: &str) -> Self {
        Self {
            server: servers.redis.clone(),
            prefix: prefix.to_owned(),
        }
    }

    /// Takes every key out: the catalogue's generation has no end of its own.
    pub(super) async fn forget(self) -> anyhow::Result<()> {
        let mut settings = RedisConnectionInfo::default().set_db(self.server.db);
        if let Some(password) = &self.server.password {
            settings = settings.set_password(password);
        }
        let (host, port) = (self.server.host.clone(), self.server.port);
        let address = if self.server.tls {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let info = address.into_connection_info()?.set_redis_settings(settings);
        let mut connection = Client::open(info)?
            .get_multiplexed_async_connection()
            .await?;
        let keys: Vec<String> = {
            let found = connection
                .scan_match::<_, String>(format!("{}:*", self.prefix))
                .await?;
            found.filter_map(async |key| key.ok()).collect().await
        };
        if !keys.is_empty() {
            let () = connection.del(keys).await?;
        }
        Ok(())
    }
}
