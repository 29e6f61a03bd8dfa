//! A virtual host of the test's own on the running broker, deleted with the fixture.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lapin::options::{BasicGetOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::RabbitSettings;
use crate::connection::connect;

/// An empty broker, as far as the test can tell.
pub(super) struct Vhost {
    pub(super) settings: RabbitSettings,
    management: String,
}

impl Vhost {
    pub(super) fn new() -> Self {
        let (mut settings, management) = settings::read(|env| {
            let port = env.parsed_or("RABBITMQ_MANAGEMENT_PORT", 9673_u16);
            let default = format!("http://127.0.0.1:{port}");
            (
                RabbitSettings::read(env),
                env.or("RABBITMQ_MANAGEMENT_URL", &default),
            )
        })
        .expect("these tests need the running broker's settings: `cargo dev env`");
        settings.vhost = format!("test-{}", Uuid::new_v4().simple());
        let vhost = Self {
            settings,
            management,
        };
        vhost.manage(
            "PUT",
            &format!("/api/vhosts/{}", vhost.settings.vhost),
            "{}",
        );
        let permissions = format!(
            "/api/permissions/{}/{}",
            vhost.settings.vhost, vhost.settings.user
        );
        vhost.manage(
            "PUT",
            &permissions,
            r#"{"configure":".*","write":".*","read":".*"}"#,
        );
        vhost
    }

    /// These settings with another address, such as a gate's.
    pub(super) fn through(&self, gate: &runtime_api::Gate) -> RabbitSettings {
        RabbitSettings {
            host: gate.host(),
            port: gate.port(),
            ..self.settings.clone()
        }
    }

    pub(super) fn gate(&self) -> runtime_api::Gate {
        runtime_api::Gate::to(format!("{}:{}", self.settings.host, self.settings.port))
    }

    /// A channel past every gate, to look at the queues with.
    pub(super) async fn look(&self) -> Look {
        let connection = connect(&self.settings, "test").await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        Look {
            channel,
            _connection: connection,
        }
    }

    fn manage(&self, method: &str, path: &str, body: &str) {
        let status = self
            .try_manage(method, path, body)
            .expect("the management API must answer");
        assert!((200..300).contains(&status), "{method} {path}: {status}");
    }

    fn try_manage(&self, method: &str, path: &str, body: &str) -> std::io::Result<u16> {
        let host = self
            .management
            .trim_start_matches("http://")
            .trim_end_matches('/');
        let RabbitSettings { user, password, .. } = &self.settings;
        let credentials = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {credentials}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_default())
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        let path = format!("/api/vhosts/{}", self.settings.vhost);
        drop(self.try_manage("DELETE", &path, ""));
    }
}

/// Looks at queues.
pub(super) struct Look {
    pub(super) channel: Channel,
    _connection: Connection,
}

impl Look {
    /// How many messages are ready in a queue.
    pub(super) async fn length(&self, queue: &str) -> u32 {
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let declared = self
            .channel
            .queue_declare(queue.into(), options, FieldTable::default());
        declared.await.unwrap().message_count()
    }

    /// Waits until a queue has so many; a confirmed message is there within moments.
    pub(super) async fn wait_for_length(&self, queue: &str, expected: u32) {
        let begun = Instant::now();
        loop {
            let length = self.length(queue).await;
            if length == expected {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "{queue} has {length} messages"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Takes one message out of a queue.
    pub(super) async fn take(&self, queue: &str) -> (Vec<u8>, BasicProperties) {
        let begun = Instant::now();
        loop {
            let options = BasicGetOptions { no_ack: true };
            if let Some(message) = self.channel.basic_get(queue.into(), options).await.unwrap() {
                return (message.delivery.data, message.delivery.properties);
            }
            assert!(
                begun.elapsed() < Duration::from_secs(15),
                "{queue} stays empty"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
