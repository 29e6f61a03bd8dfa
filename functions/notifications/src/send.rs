//! Handing a message to its provider.

use domain::{NotificationId, chain};
use mail::{Mail, MailError, MailSettings, Mailer};
use notifications::{Letter, Outcome, Recipient, Rendered, Shop, ToSend, render};
use settings::Env;
use telemetry::call;
use twilio::{SendSms, Twilio, TwilioError, TwilioSettings};

/// The providers, and the shop as its messages name it.
#[derive(Debug)]
pub struct Providers {
    mailer: Mailer,
    twilio: Twilio,
    shop: Shop,
}

impl Providers {
    /// Reads what is needed from the environment.
    pub fn read(env: &mut Env) -> Option<Self> {
        let (mail, twilio) = (MailSettings::read(env), TwilioSettings::read(env));
        let shop = Shop {
            name: env.or("SHOP_NAME", "MAD RUSH"),
            storefront_url: env
                .required("STOREFRONT_URL")
                .trim_end_matches('/')
                .to_owned(),
        };
        let mailer = Mailer::new(&mail)
            .map_err(|error| env.problem("SMTP_HOST", &chain(&error)))
            .ok();
        let twilio = Twilio::new(&twilio)
            .map_err(|error| env.problem("TWILIO_BASE_URL", &chain(&error)))
            .ok();
        Some(Self {
            mailer: mailer?,
            twilio: twilio?,
            shop,
        })
    }
}

/// Sends a message and says what came of it. Never fails by itself: every error is an outcome.
pub async fn send(providers: &Providers, id: NotificationId, message: &ToSend) -> Outcome {
    let Letter { recipient, content } = &message.letter;
    let rendered = match render(content, recipient.channel(), &providers.shop) {
        Ok(rendered) => rendered,
        Err(error) => {
            return Outcome::Never {
                error: chain(&error),
            };
        }
    };
    match recipient {
        Recipient::Email(address) => {
            let name = content.order().map(|order| order.customer_name.as_str());
            email(&providers.mailer, id, address.as_str(), name, &rendered).await
        }
        Recipient::Sms(number) => {
            sms(&providers.twilio, message, number.as_str(), &rendered.text).await
        }
    }
}

/// An unclear end is tried again: the `Message-ID` is the same, so a repeat can be told from a second
/// message (reference/email.md §5).
async fn email(
    mailer: &Mailer,
    id: NotificationId,
    to: &str,
    to_name: Option<&str>,
    rendered: &Rendered,
) -> Outcome {
    let mail = Mail {
        id: id.uuid(),
        to,
        to_name,
        subject: &rendered.subject,
        text: &rendered.text,
        html: &rendered.html,
        reply_to: None,
        list_unsubscribe: None,
        auto_submitted: true,
    };
    match call("mail", "send", relay_failed, mailer.send(&mail)).await {
        Ok(accepted) => Outcome::Sent {
            provider_message_id: accepted.queue_id,
        },
        Err(error) => {
            let words = chain(&error);
            match error {
                MailError::Unclear { .. } => Outcome::Unclear { error: words },
                // Wrong settings are put right by people; the message must not be lost meanwhile.
                MailError::Temporary { .. } | MailError::Configuration { .. } => {
                    Outcome::Later { error: words }
                }
                MailError::Unsendable { .. }
                | MailError::BadRecipient { .. }
                | MailError::Permanent { .. } => Outcome::Never { error: words },
            }
        }
    }
}

/// Twilio is not idempotent: after an unclear end the message is looked for, and sent once more only
/// if it is not there (design/flows.md §7).
async fn sms(twilio: &Twilio, message: &ToSend, to: &str, body: &str) -> Outcome {
    if let Some(since) = message.unclear_since {
        let search = twilio.find_recent(to, since, body);
        match call("twilio", "find_recent", twilio_failed, search).await {
            Ok(Some(found)) => {
                return Outcome::Sent {
                    provider_message_id: Some(found.sid),
                };
            }
            Ok(None) if message.attempt > 2 => {
                let error = "unclear twice, and not found at the provider".to_owned();
                return Outcome::Never { error };
            }
            Ok(None) => {}
            Err(error) => {
                return Outcome::Unclear {
                    error: chain(&error),
                };
            }
        }
    }
    let sms = SendSms {
        to,
        body,
        status_callback: None,
        validity: None,
    };
    match call("twilio", "send", twilio_failed, twilio.send(&sms)).await {
        Ok(sent) => Outcome::Sent {
            provider_message_id: Some(sent.sid),
        },
        Err(error) => {
            let words = chain(&error);
            match error {
                TwilioError::Unclear { .. } => Outcome::Unclear { error: words },
                TwilioError::RateLimited { .. }
                | TwilioError::Unreachable { .. }
                | TwilioError::Configuration { .. } => Outcome::Later { error: words },
                TwilioError::Permanent { .. } | TwilioError::OptedOut | TwilioError::NotFound => {
                    Outcome::Never { error: words }
                }
            }
        }
    }
}

/// Whether the relay could not serve us. What it said of a mail or its recipient is an answer.
fn relay_failed(error: &MailError) -> bool {
    match error {
        MailError::Unclear { .. }
        | MailError::Temporary { .. }
        | MailError::Configuration { .. } => true,
        MailError::Unsendable { .. }
        | MailError::BadRecipient { .. }
        | MailError::Permanent { .. } => false,
    }
}

/// Whether Twilio could not serve us. What it said of a message or its recipient is an answer.
fn twilio_failed(error: &TwilioError) -> bool {
    match error {
        TwilioError::Unclear { .. }
        | TwilioError::RateLimited { .. }
        | TwilioError::Unreachable { .. }
        | TwilioError::Configuration { .. } => true,
        TwilioError::Permanent { .. } | TwilioError::OptedOut | TwilioError::NotFound => false,
    }
}
