//! What the mailer makes of relays that take, refuse, hang and drop.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mail::{Mail, MailError, MailSettings, Mailer, TimeLimits};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// What a relay does when it hears a command; `.` stands for the end of the content and `HELLO`
/// for being connected to.
#[derive(Clone, Copy)]
enum Action {
    Say(&'static str),
    Hang,
    Drop,
}
use Action::{Drop, Hang, Say};

type Script = &'static [(&'static str, Action)];

/// Long after every time limit here, and long before a hanging relay gives up.
const LATE: Duration = Duration::from_secs(10);

struct Relay {
    port: u16,
    /// How long a mailer waits: long on a busy machine, short for a relay that hangs.
    limit: Duration,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let memory = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, script, Arc::clone(&memory)));
            }
        });
        let hangs = script.iter().any(|(_, action)| matches!(action, Hang));
        let limit = Duration::from_millis(if hangs { 600 } else { 8000 });
        Self { port, limit, heard }
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    fn heard_no(&self, command: &str) -> bool {
        !self.heard().iter().any(|line| line.starts_with(command))
    }

    fn mailer(&self, changes: &'static [(&'static str, &'static str)]) -> Mailer {
        let port = self.port.to_string();
        let settings = settings::read_from(
            move |name| {
                let change = changes.iter().find(|(key, _)| *key == name);
                change
                    .map(|(_, value)| (*value).to_owned())
                    .or_else(|| match name {
                        "SMTP_HOST" => Some("127.0.0.1".to_owned()),
                        "SMTP_PORT" => Some(port.clone()),
                        "SMTP_TLS" => Some("none".to_owned()),
                        "SENDER_EMAIL" => Some("orders@shop.example".to_owned()),
                        _ => None,
                    })
            },
            MailSettings::read,
        );
        let limits = TimeLimits {
            connect: self.limit,
            send: self.limit,
        };
        Mailer::with_limits(&settings.unwrap(), limits).unwrap()
    }

    async fn send(&self) -> Result<Option<String>, MailError> {
        self.mailer(&[])
            .send(&mail())
            .await
            .map(|accepted| accepted.queue_id)
    }
}

async fn converse(stream: TcpStream, script: Script, heard: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut in_content = false;
    let mut line = "HELLO".to_owned();
    loop {
        let spoken = !in_content || line == ".";
        in_content = (in_content && line != ".") || line == "DATA";
        if spoken && !act(&mut stream, script, &line).await {
            return;
        }
        line.clear();
        match stream.read_line(&mut line).await {
            Ok(1..) => line.truncate(line.trim_end_matches(['\r', '\n']).len()),
            Ok(0) | Err(_) => return,
        }
        heard.lock().unwrap().push(line.clone());
    }
}

/// Answers a line as the script says, else as a good relay would; false ends the connection.
async fn act(stream: &mut BufReader<TcpStream>, script: Script, line: &str) -> bool {
    let word = line.split([' ', ':']).next().unwrap_or_default();
    let scripted = script
        .iter()
        .find(|(command, _)| *command == word)
        .map(|(_, action)| *action);
    let answer = match scripted {
        Some(Drop) => return false,
        Some(Hang) => {
            tokio::time::sleep(Duration::from_secs(30)).await;
            return false;
        }
        Some(Say(answer)) => answer,
        None => match word {
            "HELLO" => "220 relay.example ESMTP",
            "EHLO" => "250-relay.example\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME",
            "AUTH" => "235 2.7.0 welcome",
            "DATA" => "354 go ahead",
            "." => "250 2.0.0 Ok: queued as 4F2A1C",
            "QUIT" => "221 bye",
            _ => "250 2.1.0 Ok",
        },
    };
    stream
        .write_all(format!("{answer}\r\n").as_bytes())
        .await
        .is_ok()
}

fn mail() -> Mail<'static> {
    Mail {
        id: Uuid::from_u128(7),
        to: "ada@example.com",
        to_name: None,
        subject: "Your order",
        text: "Thank you.\n.\nA line with only a dot must not end it.",
        html: "<p>Thank you.</p>",
        reply_to: None,
        list_unsubscribe: None,
        auto_submitted: true,
    }
}

#[tokio::test]
async fn a_good_relay_takes_the_mail_and_names_it() {
    let relay = Relay::start(&[]).await;
    assert_eq!(relay.send().await.unwrap().as_deref(), Some("4F2A1C"));
    let heard = relay.heard();
    assert_eq!(heard[0], "EHLO shop.example");
    assert_eq!(heard[1], "MAIL FROM:<orders@shop.example>");
    assert_eq!(heard[2], "RCPT TO:<ada@example.com>");
    assert_eq!(heard[3], "DATA");
    assert!(heard.contains(&"..".to_owned()), "a lone dot is doubled");
    assert_eq!(heard.last().unwrap(), "QUIT");
}

#[tokio::test]
async fn the_message_id_is_the_same_on_every_try() {
    let relay = Relay::start(&[]).await;
    relay.send().await.unwrap();
    relay.send().await.unwrap();
    let expected = "Message-ID: <00000000-0000-0000-0000-000000000007@shop.example>";
    assert_eq!(
        relay
            .heard()
            .iter()
            .filter(|line| *line == expected)
            .count(),
        2
    );
}

#[tokio::test]
async fn a_password_is_given_when_there_is_one() {
    let relay = Relay::start(&[]).await;
    let mailer = relay.mailer(&[("SMTP_USERNAME", "user"), ("SMTP_PASSWORD", "pa/ss+")]);
    mailer.send(&mail()).await.unwrap();
    assert!(
        relay
            .heard()
            .contains(&"AUTH PLAIN AHVzZXIAcGEvc3Mr".to_owned())
    );
    assert!(!format!("{mailer:?}").contains("pa/ss"));
}

#[tokio::test]
async fn refusals_mean_what_their_step_and_code_say() {
    type Check = fn(&MailError) -> bool;
    let cases: [(Script, Check); 9] = [
        (
            &[("RCPT", Say("550 5.1.1 <ada@example.com> unknown"))],
            |error| matches!(error, MailError::BadRecipient { reply: Some(_) }),
        ),
        (
            &[("RCPT", Say("451 4.7.1 greylisted, come back"))],
            |error| error.is_temporary() && error.reply().is_some_and(|reply| reply.code == 451),
        ),
        (
            &[("RCPT", Say("452 4.2.2 mailbox full"))],
            MailError::is_temporary,
        ),
        (&[("MAIL", Say("553 5.1.8 not your address"))], |error| {
            matches!(error, MailError::Configuration { what: "sender", .. })
        }),
        (
            &[(".", Say("554 5.6.0 refused"))],
            |error| matches!(error, MailError::Permanent { reply } if reply.code == 554),
        ),
        (
            &[(
                ".",
                Say("454 Throttling failure: Maximum sending rate exceeded"),
            )],
            |error| error.is_throttled() && !error.is_unclear(),
        ),
        (
            &[("HELLO", Say("421 4.3.2 closing"))],
            MailError::is_throttled,
        ),
        (&[("HELLO", Say("554 5.7.1 no service for you"))], |error| {
            matches!(error, MailError::Configuration { .. })
        }),
        (&[("DATA", Say("250 whatever"))], |error| {
            error.is_temporary() && !error.is_unclear()
        }),
    ];
    for (script, check) in cases {
        let relay = Relay::start(script).await;
        let error = relay.send().await.unwrap_err();
        assert!(check(&error), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("ada@"), "{error:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_matter_of_configuration() {
    let relay = Relay::start(&[("AUTH", Say("535 Authentication Credentials Invalid"))]).await;
    let mailer = relay.mailer(&[("SMTP_USERNAME", "u"), ("SMTP_PASSWORD", "p")]);
    for error in [
        mailer.send(&mail()).await.unwrap_err(),
        mailer.check().await.unwrap_err(),
    ] {
        assert!(
            matches!(
                error,
                MailError::Configuration {
                    what: "sign-in",
                    ..
                }
            ),
            "{error:?}"
        );
    }
    assert!(relay.heard_no("MAIL"));
}

#[tokio::test]
async fn a_relay_that_is_cut_off_before_the_content_does_not_have_the_mail() {
    for script in [
        &[("HELLO", Drop)][..],
        &[("HELLO", Hang)],
        &[("EHLO", Drop)],
        &[("EHLO", Hang)],
        &[("MAIL", Drop)],
        &[("RCPT", Hang)],
        &[("DATA", Drop)],
        &[("DATA", Hang)],
    ] {
        let relay = Relay::start(script).await;
        let begun = Instant::now();
        let error = relay.send().await.unwrap_err();
        assert!(
            matches!(error, MailError::Temporary { reply: None, .. }),
            "{error:?}"
        );
        assert!(begun.elapsed() < LATE);
    }
}

#[tokio::test]
async fn a_relay_that_is_cut_off_after_the_content_may_have_the_mail() {
    for script in [
        &[(".", Drop)][..],
        &[(".", Hang)],
        &[(".", Say("nonsense"))],
    ] {
        let relay = Relay::start(script).await;
        let begun = Instant::now();
        let error = relay.send().await.unwrap_err();
        assert!(error.is_unclear() && error.is_temporary(), "{error:?}");
        assert!(begun.elapsed() < LATE);
    }
}

#[tokio::test]
async fn a_goodbye_that_is_not_answered_changes_nothing() {
    for script in [&[("QUIT", Drop)][..], &[("QUIT", Hang)]] {
        assert!(Relay::start(script).await.send().await.is_ok());
    }
}

#[tokio::test]
async fn where_nobody_listens_the_mail_waits() {
    let mailer = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        Relay {
            limit: LATE,
            port,
            heard: Arc::default(),
        }
        .mailer(&[])
    };
    let error = mailer.send(&mail()).await.unwrap_err();
    assert!(
        matches!(
            error,
            MailError::Temporary {
                reply: None,
                cause: Some(_)
            }
        ),
        "{error:?}"
    );
    assert!(mailer.check().await.unwrap_err().is_temporary());
}

#[tokio::test]
async fn without_the_encryption_asked_for_nothing_is_said() {
    let relay = Relay::start(&[]).await;
    let mailer = relay.mailer(&[
        ("SMTP_TLS", "starttls"),
        ("SMTP_USERNAME", "u"),
        ("SMTP_PASSWORD", "p"),
    ]);
    let error = mailer.send(&mail()).await.unwrap_err();
    assert!(
        matches!(error, MailError::Configuration { what: "TLS", .. }),
        "{error:?}"
    );
    assert!(relay.heard_no("AUTH") && relay.heard_no("MAIL"));

    let implicit = relay.mailer(&[("SMTP_TLS", "implicit")]);
    let error = implicit.send(&mail()).await.unwrap_err();
    assert!(
        matches!(error, MailError::Configuration { what: "TLS", .. }),
        "{error:?}"
    );

    let refusing = Relay::start(&[
        ("EHLO", Say("250-relay.example\r\n250 STARTTLS")),
        ("STARTTLS", Say("454 4.7.0 TLS not available")),
    ])
    .await;
    let error = refusing
        .mailer(&[("SMTP_TLS", "starttls")])
        .send(&mail())
        .await
        .unwrap_err();
    assert!(matches!(error, MailError::Temporary { .. }), "{error:?}");
    assert!(refusing.heard_no("MAIL"));
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_relay_that_knows_of_such() {
    let mail = Mail {
        to: "adá@example.com",
        ..mail()
    };
    let plain = Relay::start(&[]).await;
    let error = plain.mailer(&[]).send(&mail).await.unwrap_err();
    assert!(
        matches!(error, MailError::BadRecipient { reply: None }),
        "{error:?}"
    );
    let modern = Relay::start(&[(
        "EHLO",
        Say("250-relay.example\r\n250-8BITMIME\r\n250 SMTPUTF8"),
    )])
    .await;
    modern.mailer(&[]).send(&mail).await.unwrap();
    assert!(
        modern.heard()[1].ends_with("SMTPUTF8 BODY=8BITMIME"),
        "{:?}",
        modern.heard()
    );
}

#[tokio::test]
async fn a_relay_can_be_checked_without_a_mail() {
    let relay = Relay::start(&[]).await;
    relay.mailer(&[]).check().await.unwrap();
    assert!(relay.heard_no("MAIL"));
}
