//! `POST …/Messages.json` (§1, §5).

use axum::Form;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::callback;
use super::message::{Fate, Message, Status};
use super::refusal::{Refusal, for_status};
use super::segments;
use crate::control::{Facts, Target};
use crate::inbox;
use crate::misbehave::unless_told_otherwise;
use crate::world::World;
use crate::{clock, randomness};

/// Characters, whatever they count for.
const LONGEST: usize = 1_600;

/// The fields that a shop sends; the others of §1.1 are taken and ignored.
struct Order {
    to: String,
    from: Option<String>,
    service: Option<String>,
    body: String,
    status_callback: Option<String>,
}

pub(super) async fn create(
    State(world): State<World>,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let Ok(Form(form)) = form else {
        return Refusal::NO_TO.into_response();
    };
    let facts = Facts {
        reference: None,
        to: field(&form, "To"),
    };
    unless_told_otherwise(
        &world,
        Target::TwilioMessages,
        &facts,
        for_status,
        async |_| match read(&form).and_then(|order| accept(&world, order)) {
            Ok(message) => {
                let resource = message.resource();
                tokio::spawn(callback::follow(world.clone(), message));
                (StatusCode::CREATED, Json(resource)).into_response()
            }
            Err(refusal) => refusal.into_response(),
        },
    )
    .await
}

fn field(form: &[(String, String)], name: &str) -> Option<String> {
    let (_, value) = form
        .iter()
        .find(|(found, value)| found == name && !value.is_empty())?;
    Some(value.clone())
}

fn read(form: &[(String, String)]) -> Result<Order, Refusal> {
    let order = Order {
        to: field(form, "To").ok_or(Refusal::NO_TO)?,
        from: field(form, "From"),
        service: field(form, "MessagingServiceSid"),
        body: field(form, "Body").unwrap_or_default(),
        status_callback: field(form, "StatusCallback"),
    };
    if order.from.is_none() && order.service.is_none() {
        return Err(Refusal::NO_FROM);
    }
    let has_content = ["Body", "MediaUrl", "ContentSid"]
        .iter()
        .any(|name| field(form, name).is_some());
    if !has_content {
        return Err(Refusal::NO_BODY);
    }
    if order.body.chars().count() > LONGEST {
        return Err(Refusal::LONG_BODY);
    }
    Ok(order)
}

fn accept(world: &World, order: Order) -> Result<Message, Refusal> {
    check_sender(order.from.as_deref())?;
    check_recipient(&order.to, order.from.as_deref().unwrap_or_default())?;
    let mut switchboard = world.switchboard();
    if switchboard.has_opted_out(&order.to) {
        return Err(Refusal::OPTED_OUT);
    }
    if switchboard.must_wait(&order.to) {
        return Err(Refusal::TOO_MANY);
    }
    let message = new_message(world, order);
    switchboard.add(message.clone());
    drop(switchboard);
    if Fate::of(&message.to).error_code.is_none() {
        let from = message.from.as_deref().unwrap_or("Messaging service");
        world.inbox.receive(inbox::Message::sms(
            &message.to,
            from,
            &message.body,
            &message.sid,
            message.segments,
        ));
    }
    Ok(message)
}

fn new_message(world: &World, order: Order) -> Message {
    let now = clock::now();
    Message {
        sid: format!("SM{}", randomness::hexadecimal(32)),
        account_sid: world.config.twilio_account_sid.clone(),
        status: if order.service.is_some() {
            Status::Accepted
        } else {
            Status::Queued
        },
        segments: segments::count(&order.body),
        to: order.to,
        from: if order.service.is_some() {
            None
        } else {
            order.from
        },
        messaging_service_sid: order.service,
        body: order.body,
        error_code: None,
        status_callback: order.status_callback,
        created_at: now,
        updated_at: now,
    }
}

/// The magic senders; a number in E.164 or an alphanumeric sender is taken.
fn check_sender(from: Option<&str>) -> Result<(), Refusal> {
    match from {
        Some(from @ "+15005550001") => Err(Refusal::invalid_from(from)),
        Some(from @ "+15005550007") => Err(Refusal::foreign_from(from)),
        Some("+15005550008") => Err(Refusal::QUEUE_FULL),
        Some(from) if !is_e164(from) && !is_sender_name(from) => Err(Refusal::invalid_from(from)),
        Some(_) | None => Ok(()),
    }
}

fn check_recipient(to: &str, from: &str) -> Result<(), Refusal> {
    match to {
        "+15005550001" => Err(Refusal::invalid_to(to)),
        "+15005550002" => Err(Refusal::unroutable(to, from)),
        "+15005550003" => Err(Refusal::region(to)),
        "+15005550004" => Err(Refusal::OPTED_OUT),
        "+15005550009" => Err(Refusal::not_mobile(to)),
        _ if is_e164(to) => Ok(()),
        _ => Err(Refusal::invalid_to(to)),
    }
}

/// `^\+[1-9]\d{1,14}$`, and nothing of the trunk zero that people leave after +234.
fn is_e164(number: &str) -> bool {
    let Some(digits) = number.strip_prefix('+') else {
        return false;
    };
    (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
        && !digits.starts_with("2340")
}

/// Up to 11 letters, digits and blanks, at least one letter.
fn is_sender_name(name: &str) -> bool {
    name.len() <= 11
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ')
        && name.chars().any(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_e164_and_carry_no_trunk_zero() {
        for good in ["+2348031234567", "+14155552345"] {
            assert!(is_e164(good), "{good}");
        }
        for bad in [
            "2348031234567",
            "+2340803123456",
            "+0123",
            "+234 803",
            "+",
            "+1234567890123456",
        ] {
            assert!(!is_e164(bad), "{bad}");
        }
    }
}
