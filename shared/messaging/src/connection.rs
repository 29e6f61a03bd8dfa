//! Connections to the broker: bounded in time, small in memory, with a heartbeat.

use std::time::Duration;

use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};
use lapin::{Connection, ConnectionProperties};
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::RabbitSettings;

/// How long name, TCP, TLS and AMQP handshakes may take together.
pub(crate) const CONNECT_LIMIT: Duration = Duration::from_secs(2);

/// Both sides give a silent peer up after two of these.
const HEARTBEAT_SECONDS: u16 = 15;

/// lapin keeps two buffers of 32 frames for each connection: with the broker's usual 128 KiB that
/// would be 8 MiB, with this it is 1 MiB. A larger message is sent in several frames.
const FRAME_BYTES: u32 = 16 * 1024;

/// The broker cannot be reached, or refuses us.
#[derive(Debug, thiserror::Error)]
pub enum BrokerUnavailable {
    /// It did not answer in time.
    #[error("the broker did not answer within {} ms", .0.as_millis())]
    Silent(Duration),
    /// It refused, or the connection broke.
    #[error("the connection to the broker failed")]
    Failed(#[from] lapin::Error),
}

/// Opens a connection, named after who opened it so that the broker's operator can tell.
pub(crate) async fn connect(
    settings: &RabbitSettings,
    name: &str,
) -> Result<Connection, BrokerUnavailable> {
    tls::use_ring();
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    let connecting = Connection::connect_uri(uri(settings), properties);
    let connected = timeout(CONNECT_LIMIT, connecting)
        .await
        .map_err(|_| BrokerUnavailable::Silent(CONNECT_LIMIT))?;
    if connected.as_ref().is_err_and(refuses_us) {
        settings::refused("RABBITMQ_PASSWORD");
    }
    connected.map_err(BrokerUnavailable::Failed)
}

/// 403 ACCESS_REFUSED while connecting is a wrong user or password.
fn refuses_us(error: &lapin::Error) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(error) if error.get_id() == 403)
}

fn uri(settings: &RabbitSettings) -> AMQPUri {
    AMQPUri {
        scheme: if settings.tls {
            AMQPScheme::AMQPS
        } else {
            AMQPScheme::AMQP
        },
        authority: AMQPAuthority {
            userinfo: AMQPUserInfo {
                username: settings.user.clone(),
                password: settings.password.expose_secret().to_owned(),
            },
            host: settings.host.clone(),
            port: settings.port,
        },
        vhost: settings.vhost.clone(),
        query: AMQPQueryString {
            frame_max: Some(FRAME_BYTES),
            heartbeat: Some(HEARTBEAT_SECONDS),
            ..AMQPQueryString::default()
        },
    }
}
