//! Twilio's error bodies (reference/twilio.md §3).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A call refused, by Twilio's code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: u32,
    status: StatusCode,
    message: std::borrow::Cow<'static, str>,
}

impl Refusal {
    pub(super) const AUTHENTICATE: Self =
        Self::constant(20003, StatusCode::UNAUTHORIZED, "Authenticate");
    pub(super) const NOT_FOUND: Self = Self::constant(
        20404,
        StatusCode::NOT_FOUND,
        "The requested resource was not found",
    );
    pub(super) const TOO_MANY: Self =
        Self::constant(20429, StatusCode::TOO_MANY_REQUESTS, "Too Many Requests");
    pub(super) const NO_TO: Self = Self::bad(21604, "A 'To' phone number is required.");
    pub(super) const NO_FROM: Self = Self::bad(21603, "A 'From' phone number is required.");
    pub(super) const NO_BODY: Self = Self::bad(21602, "Message body is required.");
    pub(super) const LONG_BODY: Self = Self::bad(
        21617,
        "The concatenated message body exceeds the 1600 character limit",
    );
    pub(super) const OPTED_OUT: Self =
        Self::bad(21610, "Attempt to send to unsubscribed recipient");
    pub(super) const QUEUE_FULL: Self = Self::constant(
        21611,
        StatusCode::TOO_MANY_REQUESTS,
        "This 'From' number has exceeded the maximum number of queued messages",
    );

    const fn constant(code: u32, status: StatusCode, message: &'static str) -> Self {
        Self {
            code,
            status,
            message: std::borrow::Cow::Borrowed(message),
        }
    }

    const fn bad(code: u32, message: &'static str) -> Self {
        Self::constant(code, StatusCode::BAD_REQUEST, message)
    }

    fn about(code: u32, message: String) -> Self {
        Self {
            code,
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }

    pub(super) fn invalid_to(to: &str) -> Self {
        Self::about(
            21211,
            format!("The 'To' number {to} is not a valid phone number."),
        )
    }

    pub(super) fn unroutable(to: &str, from: &str) -> Self {
        let text = "is not currently reachable via SMS from the 'From' number";
        Self::about(
            21612,
            format!("The 'To' phone number: {to}, {text} {from}."),
        )
    }

    pub(super) fn region(to: &str) -> Self {
        let text = "Permission to send an SMS has not been enabled for the region indicated by the";
        Self::about(21408, format!("{text} 'To' number: {to}."))
    }

    pub(super) fn not_mobile(to: &str) -> Self {
        Self::about(
            21614,
            format!("'To' number: {to}, is not a valid mobile number"),
        )
    }

    pub(super) fn invalid_from(from: &str) -> Self {
        Self::about(
            21212,
            format!("The 'From' number {from} is not a valid phone number."),
        )
    }

    pub(super) fn foreign_from(from: &str) -> Self {
        let text =
            "is not a valid, SMS-capable inbound phone number or short code for your account.";
        Self::about(21606, format!("The 'From' phone number {from} {text}"))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16()
        });
        if self.code == 20003 {
            body["detail"] = json!("Your AccountSid or AuthToken was incorrect.");
        }
        (self.status, Json(body)).into_response()
    }
}

/// The body for a refusal that `/control` ordered by its status alone.
pub(super) fn for_status(status: StatusCode) -> Response {
    match status {
        StatusCode::UNAUTHORIZED => Refusal::AUTHENTICATE.into_response(),
        StatusCode::NOT_FOUND => Refusal::NOT_FOUND.into_response(),
        StatusCode::TOO_MANY_REQUESTS => Refusal::TOO_MANY.into_response(),
        other => Refusal::constant(20500, other, "Internal Server Error").into_response(),
    }
}
