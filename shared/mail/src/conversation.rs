use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;

use crate::error::{MailError, Stage};
use crate::settings::Encryption;

/// The relay, and how to come to the point of naming a sender with it.
///
/// lettre has a transport that does all of this in one call, but its error does not tell at which
/// step it ended, and that is what decides between "try again" and "it may have arrived".
pub(crate) struct Relay {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) tls: TlsParameters,
    pub(crate) credentials: Option<Credentials>,
    /// What we call ourselves: the sender's domain. The host's name means nothing in a function.
    pub(crate) own_name: ClientId,
    pub(crate) connect_limit: Duration,
}

impl Relay {
    /// Connects, encrypts and signs in, noting each step in `stage` before it is taken, so that
    /// it is known when the future is dropped.
    pub(crate) async fn open(&self, stage: &mut Stage) -> Result<AsyncSmtpConnection, MailError> {
        *stage = Stage::Connecting;
        let at_once = (self.encryption == Encryption::Implicit).then(|| self.tls.clone());
        let address = (self.host.as_str(), self.port);
        let limit = Some(self.connect_limit);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, limit, &self.own_name, at_once, None)
                .await
                .map_err(|error| stage.error(error))?;
        if self.encryption == Encryption::StartTls {
            *stage = Stage::Encrypting;
            let upgrade = connection.starttls(self.tls.clone(), &self.own_name).await;
            upgrade.map_err(|error| stage.error(error))?;
        }
        if let Some(credentials) = &self.credentials {
            *stage = Stage::SigningIn;
            let signed_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials);
            signed_in.await.map_err(|error| stage.error(error))?;
        }
        Ok(connection)
    }

    /// Hands the mail over to the relay; its answer to the content is the answer.
    pub(crate) async fn deliver(
        &self,
        envelope: &Envelope,
        content: &[u8],
        stage: &mut Stage,
    ) -> Result<(Response, AsyncSmtpConnection), MailError> {
        let mut connection = self.open(stage).await?;
        let parameters = parameters(&connection, envelope, content)?;
        *stage = Stage::NamingSender;
        let sender = Mail::new(envelope.from().cloned(), parameters);
        connection
            .command(sender)
            .await
            .map_err(|error| stage.error(error))?;
        *stage = Stage::NamingRecipient;
        for recipient in envelope.to() {
            let recipient = Rcpt::new(recipient.clone(), Vec::new());
            connection
                .command(recipient)
                .await
                .map_err(|error| stage.error(error))?;
        }
        *stage = Stage::Announcing;
        let go_on = connection
            .command(Data)
            .await
            .map_err(|error| stage.error(error))?;
        if !go_on.has_code(354) {
            // Any other success is no leave to send the content.
            return Err(stage.cut_off(None));
        }
        *stage = Stage::Transmitting;
        let answer = connection
            .message(content)
            .await
            .map_err(|error| stage.error(error))?;
        Ok((answer, connection))
    }
}

/// What must be declared of a mail that is not all ASCII. The content always is, since its parts
/// are encoded; an address beyond ASCII needs a relay that knows of such.
fn parameters(
    connection: &AsyncSmtpConnection,
    envelope: &Envelope,
    content: &[u8],
) -> Result<Vec<MailParameter>, MailError> {
    let knows = |extension| connection.server_info().supports_feature(extension);
    let mut parameters = Vec::new();
    if !envelope
        .to()
        .iter()
        .all(|address| AsRef::<str>::as_ref(address).is_ascii())
    {
        if !knows(Extension::SmtpUtfEight) {
            return Err(MailError::BadRecipient { reply: None });
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    if !content.is_ascii() {
        if !knows(Extension::EightBitMime) {
            return Err(MailError::Unsendable { what: "form" });
        }
        parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
    }
    Ok(parameters)
}
