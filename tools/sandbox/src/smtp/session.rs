//! One SMTP session (RFC 5321).

use std::io;
use std::ops::ControlFlow;

use smtp_proto::{
    AUTH_LOGIN, AUTH_PLAIN, EXT_8BIT_MIME, EXT_AUTH, EXT_ENHANCED_STATUS_CODES, EXT_PIPELINING,
    EXT_SIZE, EXT_SMTP_UTF8, EhloResponse, Error as ProtocolError, MailFrom, Request,
};
use tokio::net::TcpStream;

use super::verdict::{self, AfterMail, Verdict};
use super::wire::{LARGEST, Mail, Wire};
use crate::inbox::Message;
use crate::randomness;
use crate::world::World;

const NAME: &str = "sandbox.localhost";

struct Session<'a> {
    world: &'a World,
    wire: Wire,
    sender: Option<String>,
    recipients: Vec<(String, AfterMail)>,
}

/// Serves a connection until `QUIT`, the client's end, or a break that was ordered.
pub(super) async fn run(world: &World, stream: TcpStream) -> io::Result<()> {
    let wire = Wire::new(stream);
    let mut session = Session {
        world,
        wire,
        sender: None,
        recipients: Vec::new(),
    };
    session
        .wire
        .reply(220, &format!("{NAME} ESMTP ready"))
        .await?;
    loop {
        let step = match session.wire.request().await? {
            Ok(request) => session.obey(request).await?,
            Err(error) => session.misunderstood(error).await?,
        };
        if step.is_break() {
            return Ok(());
        }
    }
}

type Step = io::Result<ControlFlow<()>>;

impl Session<'_> {
    async fn obey(&mut self, request: Request<String>) -> Step {
        match request {
            Request::Ehlo { .. } => self.hello().await,
            Request::Helo { .. } => {
                self.reset();
                self.say(250, NAME).await
            }
            Request::Auth {
                mechanism,
                initial_response,
            } => self.authenticate(mechanism, &initial_response).await,
            Request::Mail { from } => self.mail_from(from).await,
            Request::Rcpt { to } => self.recipient(to.address).await,
            Request::Data => self.data().await,
            Request::Rset => {
                self.reset();
                self.say(250, "2.0.0 Ok").await
            }
            Request::Noop { .. } => self.say(250, "2.0.0 Ok").await,
            Request::Quit => {
                self.wire.reply(221, "2.0.0 Bye").await?;
                Ok(ControlFlow::Break(()))
            }
            Request::Vrfy { .. } => self.say(252, "2.0.0 Cannot verify, will accept").await,
            Request::Help { .. } => self.say(214, "2.0.0 A stand-in: every mail is kept").await,
            Request::StartTls
            | Request::Lhlo { .. }
            | Request::Bdat { .. }
            | Request::Expn { .. }
            | Request::Etrn { .. }
            | Request::Atrn { .. }
            | Request::Burl { .. } => self.say(502, "5.5.1 Command not implemented").await,
        }
    }

    async fn misunderstood(&mut self, error: ProtocolError) -> Step {
        match error {
            ProtocolError::InvalidSenderAddress | ProtocolError::InvalidRecipientAddress => {
                self.say(501, "5.1.3 Bad address syntax").await
            }
            ProtocolError::SyntaxError { .. } | ProtocolError::InvalidParameter { .. } => {
                self.say(501, "5.5.4 Syntax error in parameters").await
            }
            ProtocolError::UnsupportedParameter { .. } => {
                self.say(555, "5.5.4 Unsupported parameter").await
            }
            ProtocolError::ResponseTooLong => self.say(500, "5.5.6 Line too long").await,
            ProtocolError::UnknownCommand
            | ProtocolError::NeedsMoreData { .. }
            | ProtocolError::InvalidResponse { .. } => {
                self.say(500, "5.5.1 Command not recognised").await
            }
        }
    }

    async fn hello(&mut self) -> Step {
        self.reset();
        let mut hello = EhloResponse::new(NAME);
        hello.capabilities = EXT_8BIT_MIME
            | EXT_AUTH
            | EXT_ENHANCED_STATUS_CODES
            | EXT_PIPELINING
            | EXT_SIZE
            | EXT_SMTP_UTF8;
        hello.auth_mechanisms = AUTH_PLAIN | AUTH_LOGIN;
        hello.size = LARGEST;
        let mut text = Vec::new();
        hello.write(&mut text)?;
        self.wire.send(&text).await?;
        Ok(ControlFlow::Continue(()))
    }

    /// Any user with any password; the exchange is what is tested.
    async fn authenticate(&mut self, mechanism: u64, initial: &str) -> Step {
        let prompts: &[&str] = match mechanism {
            AUTH_PLAIN if initial.is_empty() => &[""],
            AUTH_PLAIN => &[],
            // "Username:" and "Password:" in base64.
            AUTH_LOGIN if initial.is_empty() => &["VXNlcm5hbWU6", "UGFzc3dvcmQ6"],
            AUTH_LOGIN => &["UGFzc3dvcmQ6"],
            _ => {
                return self
                    .say(504, "5.5.4 Unrecognised authentication type")
                    .await;
            }
        };
        for prompt in prompts {
            self.wire.reply(334, prompt).await?;
            if self.wire.line().await? == b"*" {
                return self.say(501, "5.7.0 Authentication cancelled").await;
            }
        }
        self.say(235, "2.7.0 Authentication successful").await
    }

    async fn mail_from(&mut self, from: MailFrom<String>) -> Step {
        if self.sender.is_some() {
            return self.say(503, "5.5.1 Sender already given").await;
        }
        if from.size > LARGEST {
            return self.say(552, "5.3.4 Message too big").await;
        }
        self.sender = Some(from.address);
        self.say(250, "2.1.0 Ok").await
    }

    async fn recipient(&mut self, address: String) -> Step {
        if self.sender.is_none() {
            return self.say(503, "5.5.1 MAIL first").await;
        }
        match verdict::of(self.world, &address).await {
            Verdict::Accept(after) => {
                self.recipients.push((address, after));
                self.say(250, "2.1.5 Ok").await
            }
            Verdict::Refuse(code, text) => {
                self.wire.reply(code, &text).await?;
                // 421 announces that the server goes away.
                Ok(if code == 421 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            }
            Verdict::Hang(patience) => {
                self.world.sleep(patience).await;
                Ok(ControlFlow::Break(()))
            }
        }
    }

    async fn data(&mut self) -> Step {
        if self.recipients.is_empty() {
            return self.say(503, "5.5.1 RCPT first").await;
        }
        self.wire
            .reply(354, "End data with <CR><LF>.<CR><LF>")
            .await?;
        let Mail::Whole(mail) = self.wire.mail().await? else {
            self.reset();
            return self.say(552, "5.3.4 Message too big").await;
        };
        let sender = self.sender.take().unwrap_or_default();
        let recipients = std::mem::take(&mut self.recipients);
        if recipients
            .iter()
            .any(|(_, after)| *after == AfterMail::Lose)
        {
            return Ok(ControlFlow::Break(()));
        }
        for (address, _) in &recipients {
            self.world
                .inbox
                .receive(Message::email(address, &sender, &mail));
        }
        for (_, after) in recipients {
            if let AfterMail::KeepAndHang(patience) = after {
                self.world.sleep(patience).await;
                return Ok(ControlFlow::Break(()));
            }
        }
        // A relay's id for the mail, as SES answers it.
        let id = randomness::hexadecimal(40);
        self.say(250, &format!("2.0.0 Ok {id}")).await
    }

    fn reset(&mut self) {
        self.sender = None;
        self.recipients.clear();
    }

    async fn say(&mut self, code: u16, text: &str) -> Step {
        self.wire.reply(code, text).await?;
        Ok(ControlFlow::Continue(()))
    }
}
