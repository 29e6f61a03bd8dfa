//! A message on its way, told to its status callback (§2): `sending`, `sent`, and how it ended. The
//! status that create answered has no callback of its own.

use std::time::Duration;

use bytes::Bytes;
use secrecy::ExposeSecret as _;
use url::form_urlencoded;

use super::message::{Fate, Message, Status};
use crate::control::{Facts, Target};
use crate::outgoing::{self, Dispatch};
use crate::signing::twilio_signature;
use crate::world::World;

/// Between two stages.
const STAGE: Duration = Duration::from_millis(120);

pub(super) async fn follow(world: World, message: Message) {
    let fate = Fate::of(&message.to);
    let stages = if fate.end == Status::Failed {
        vec![Status::Sending, Status::Failed]
    } else {
        vec![Status::Sending, Status::Sent, fate.end]
    };
    for status in stages {
        if !world.sleep(STAGE).await {
            return;
        }
        let error_code = if status == fate.end {
            fate.error_code
        } else {
            None
        };
        world
            .switchboard()
            .advance(&message.sid, status, error_code);
        if let Some(dispatch) = dispatch(&world, &message, status, error_code) {
            // Each is heard before the next is sent, unless an order of /control says otherwise.
            outgoing::send_now(&world, dispatch).await;
        }
    }
}

fn dispatch(
    world: &World,
    message: &Message,
    status: Status,
    error_code: Option<u32>,
) -> Option<Dispatch> {
    let url = message.status_callback.clone()?;
    let parameters = parameters(message, status, error_code);
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&parameters)
        .finish();
    let token = world.config.twilio_auth_token.expose_secret();
    Some(Dispatch {
        target: Target::TwilioCallback,
        event: format!("message.{}", status.word()),
        facts: Facts::to(&message.to),
        content_type: "application/x-www-form-urlencoded",
        signature_header: "X-Twilio-Signature",
        signature: twilio_signature(token, &url, &parameters),
        wrong_signature: twilio_signature("token of somebody else", &url, &parameters),
        body: Bytes::from(body),
        url,
        // How often Twilio tries again is not documented; a shop has to poll in any case.
        retries: Vec::new(),
    })
}

fn parameters(message: &Message, status: Status, error_code: Option<u32>) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("AccountSid", message.account_sid.clone()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("From", message.from.clone().unwrap_or_default()),
        ("MessageSid", message.sid.clone()),
        ("MessageStatus", status.word().to_owned()),
        ("SmsSid", message.sid.clone()),
        ("SmsStatus", status.word().to_owned()),
        ("To", message.to.clone()),
    ];
    if let Some(code) = error_code {
        pairs.push(("ErrorCode", code.to_string()));
    }
    if let Some(service) = &message.messaging_service_sid {
        pairs.push(("MessagingServiceSid", service.clone()));
    }
    pairs
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}
