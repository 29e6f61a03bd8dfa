use std::fmt;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use tokio::time::timeout;

use crate::conversation::Relay;
use crate::error::{MailError, Stage};
use crate::message::Mail;
use crate::settings::MailSettings;

/// How long saying goodbye may take; the mail is safe by then.
const GOODBYE: Duration = Duration::from_millis(500);
/// Longest queue id that is kept.
const LONGEST_ID: usize = 200;

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct TimeLimits {
    /// The TCP connection.
    pub connect: Duration,
    /// The whole conversation, connecting included.
    pub send: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            send: Duration::from_secs(30),
        }
    }
}

/// The mailer could not be set up; nothing about the relay is known by this.
#[derive(Debug, thiserror::Error)]
#[error("the mailer could not be set up")]
pub struct SetupError(#[source] smtp::Error);

/// The relay has the mail and answers for it from now on. It is not delivered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What the relay calls the mail, where it says; bounces name it.
    pub queue_id: Option<String>,
}

/// Hands mails to the relay, each over a connection of its own. Puts no bound on how many are sent
/// at once; the caller does.
pub struct Mailer {
    relay: Relay,
    sender: Mailbox,
    limit: Duration,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer")
            .field("host", &self.relay.host)
            .field("port", &self.relay.port)
            .field("encryption", &self.relay.encryption)
            .finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer with the usual [`TimeLimits`]. Opens no connection.
    ///
    /// # Errors
    /// If the TLS configuration cannot be made.
    pub fn new(settings: &MailSettings) -> Result<Self, SetupError> {
        Self::with_limits(settings, TimeLimits::default())
    }

    /// A mailer with other time limits.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_limits(settings: &MailSettings, limits: TimeLimits) -> Result<Self, SetupError> {
        let credentials = settings.credentials.as_ref().map(|(username, password)| {
            Credentials::new(username.clone(), password.expose_secret().to_owned())
        });
        let tls = TlsParameters::builder(settings.host.clone())
            .certificate_store(CertificateStore::WebpkiRoots)
            .build_rustls()
            .map_err(SetupError)?;
        let relay = Relay {
            host: settings.host.clone(),
            port: settings.port,
            encryption: settings.encryption,
            tls,
            credentials,
            own_name: ClientId::Domain(settings.sender.email.domain().to_owned()),
            connect_limit: limits.connect,
        };
        Ok(Self {
            relay,
            sender: settings.sender.clone(),
            limit: limits.send,
        })
    }

    /// Hands a mail over, once.
    ///
    /// # Errors
    /// See [`MailError`]. After [`MailError::Unclear`] a repeat may arrive twice, under the same
    /// `Message-ID`.
    pub async fn send(&self, mail: &Mail<'_>) -> Result<Accepted, MailError> {
        let message = mail.compose(&self.sender)?;
        let mut stage = Stage::Connecting;
        let content = message.formatted();
        let delivery = self.relay.deliver(message.envelope(), &content, &mut stage);
        let Ok(delivered) = timeout(self.limit, delivery).await else {
            return Err(stage.cut_off(None));
        };
        let (answer, mut connection) = delivered?;
        // Outside the limit above: a goodbye that takes too long must not make a mail that was
        // taken look unclear.
        drop(timeout(GOODBYE, connection.quit()).await);
        Ok(Accepted {
            queue_id: queue_id(&answer),
        })
    }

    /// Connects, encrypts and signs in without sending anything: whether host, port, encryption
    /// and password go together.
    ///
    /// # Errors
    /// [`MailError::Configuration`] or [`MailError::Temporary`].
    pub async fn check(&self) -> Result<(), MailError> {
        let mut stage = Stage::Connecting;
        let Ok(opened) = timeout(self.limit, self.relay.open(&mut stage)).await else {
            return Err(stage.cut_off(None));
        };
        drop(timeout(GOODBYE, opened?.quit()).await);
        Ok(())
    }
}

/// The id in answers such as `2.0.0 Ok: queued as 4F2A`, `Ok 0102018f-…` or `OK id=1t2x`; other
/// words are kept as they are.
fn queue_id(answer: &Response) -> Option<String> {
    let line = answer.first_line()?;
    let words = line.split_whitespace().skip_while(|word| is_filler(word));
    let id = words.collect::<Vec<_>>().join(" ");
    let id: String = id
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_ID)
        .collect();
    (!id.is_empty()).then_some(id)
}

fn is_filler(word: &str) -> bool {
    let word = word.trim_end_matches([':', ',', '.']).to_ascii_lowercase();
    let is_enhanced_code =
        word.contains('.') && word.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    is_enhanced_code
        || matches!(
            word.as_str(),
            "ok" | "queued" | "as" | "message" | "accepted"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queue_ids_are_found_in_the_answers_of_known_relays() {
        for (line, id) in [
            ("Ok 0102018f-aa-000000", Some("0102018f-aa-000000")),
            ("2.0.0 Ok: queued as 4F2A1C", Some("4F2A1C")),
            ("Ok: queued as xyz", Some("xyz")),
            ("OK id=1t2x3y-000", Some("id=1t2x3y-000")),
            ("OK", None),
            ("2.0.0 Message accepted", None),
        ] {
            let answer: Response = format!("250 {line}\r\n").parse().unwrap();
            assert_eq!(queue_id(&answer).as_deref(), id, "{line}");
        }
    }
}
