//! Where the broker is.

use std::sync::Once;
use std::time::Duration;

use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties};
use secrecy::{ExposeSecret, SecretString};

use crate::queue::BridgeError;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Both sides give a silent peer up after two of these.
const HEARTBEAT_SECONDS: u16 = 10;

/// The broker's address and who we are to it.
#[derive(Debug, Clone)]
pub struct Broker {
    /// Host name.
    pub host: String,
    /// AMQP port.
    pub port: u16,
    /// User.
    pub user: String,
    /// That user's password.
    pub password: SecretString,
    /// Virtual host, also a part of the event's queue names.
    pub vhost: String,
    /// Whether to speak TLS.
    pub tls: bool,
}

impl Broker {
    /// Connects without lapin's own recovery: a session that breaks is begun anew as a whole.
    pub(crate) async fn connect(&self, name: &str) -> Result<Connection, BridgeError> {
        install_crypto();
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let connecting = Connection::connect_uri(self.uri(), properties);
        let connection = tokio::time::timeout(CONNECT_LIMIT, connecting).await;
        Ok(connection.map_err(|_| BridgeError::BrokerSilent)??)
    }

    fn uri(&self) -> AMQPUri {
        AMQPUri {
            scheme: if self.tls {
                AMQPScheme::AMQPS
            } else {
                AMQPScheme::AMQP
            },
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo {
                    username: self.user.clone(),
                    password: self.password.expose_secret().to_owned(),
                },
                host: self.host.clone(),
                port: self.port,
            },
            vhost: self.vhost.clone(),
            query: AMQPQueryString {
                heartbeat: Some(HEARTBEAT_SECONDS),
                ..AMQPQueryString::default()
            },
        }
    }
}

/// rustls asks each process to choose its provider; an error means that it has been chosen.
pub(crate) fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}
